"""Serves Django's requests in a fixed number of threads, and no more than they can bear.

Django's own ASGI handler starts a thread for each request, without an end: under load
all of them wait for the database's pool, and each waits long. Here a few threads take
requests from a short queue; who finds it full is told at once to come back (503). A
request stays in one thread from its first signal to its last, its error page included,
so that its clinic and its connection stay with it.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import FileResponse, HttpResponseBase
from django.urls import set_script_prefix

from tenants.refusals import overloaded

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]

_WHOLE = 1024 * 1024  # bytes: a file up to this size is sent in one piece


class ThreadsHandler(ASGIHandler):
    """The last door of ASGI: for everything that the loop does not answer itself."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(settings.WEB_THREADS, "web")
        self._room = settings.WEB_THREADS + settings.WEB_QUEUE

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002
        del is_async  # all of it runs in the thread
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        if self._room <= 0:
            await _send(_messages(overloaded(scope["path"])), send)
            return
        self._room -= 1
        try:
            await self._serve(scope, receive, send)
        finally:
            self._room += 1

    async def _serve(self, scope: Any, receive: Any, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        loop = asyncio.get_running_loop()

        def wait_for(message: Message) -> None:
            asyncio.run_coroutine_threadsafe(_send([message], send), loop).result()

        work = contextvars.copy_context().run
        with body:
            messages = await loop.run_in_executor(
                self._threads, work, self._answer, scope, body, wait_for
            )
        await _send(messages, send)

    def _answer(
        self, scope: Any, body: Any, send: Callable[[Message], None]
    ) -> list[Message]:
        """Answer in this thread; a long answer is sent from here, piece by piece.

        Returns:
            What is still to be sent.
        """
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, body)
        response: Any = refused if request is None else self.get_response(request)
        response._handler_class = self.__class__
        try:
            if not response.streaming or _is_small(response):
                return _messages(response)
            send(_start_of(response))
            for piece in response:
                send({"type": "http.response.body", "body": piece, "more_body": True})
            return [{"type": "http.response.body", "body": b""}]
        finally:
            response.close()  # says that the request has finished


def _is_small(response: HttpResponseBase) -> bool:
    length = response.headers.get("Content-Length", "")
    is_file = isinstance(response, FileResponse)
    return is_file and length.isdigit() and int(length) <= _WHOLE


def _messages(response: Any) -> list[Message]:
    whole = b"".join(response) if response.streaming else response.content
    return [_start_of(response), {"type": "http.response.body", "body": whole}]


def _start_of(response: HttpResponseBase) -> Message:
    headers = [
        (name.encode("ascii"), value.encode("latin1"))
        for name, value in response.items()
    ]
    headers += [
        (b"Set-Cookie", cookie.output(header="").strip().encode("ascii"))
        for cookie in response.cookies.values()
    ]
    return {
        "type": "http.response.start",
        "status": response.status_code,
        "headers": headers,
    }


async def _send(messages: list[Message], send: Send) -> None:
    for message in messages:
        await send(message)
