"""daphne, without what Twisted does for nobody: a third of a request's time in it.

Twisted writes when its reactor says that there is room: to be told that costs several times
as much as the writing itself, for each answer and each viewer. So what is ready is written
now, and the reactor is asked only for what did not go out. And Twisted reads forms and words
a log, which Django does anew, or ours leaves out.
"""

import asyncio
from functools import partial
from typing import Any

from daphne.http_protocol import WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from twisted.web.http import NO_BODY_CODES

_OPEN = WebSocketProtocol.STATE_OPEN
_MOST_UNREAD = 1024 * 1024  # bytes that wait here for one viewer


class AnswerRequest(WebRequest):
    """A request whose form is the application's to read, and whose answer goes out whole."""

    _response_started: bool  # daphne's own

    def __init__(self, *what: Any, **options: Any) -> None:
        super().__init__(*what, **options, parsePOSTFormSubmission=False)
        self._start: Any = None  # waits for the body, as Twisted's head does, too

    def handle_reply(self, message: Any) -> None:
        """Say on the wire what the application says."""
        if message["type"] == "http.response.start" and not self._response_started:
            self._start = message
            self._response_started = True
            return
        start, self._start = self._start, None
        if start is None:
            super().handle_reply(message)
        elif self._is_whole(start, message):
            self._write_whole(start, message.get("body", b""))
        else:
            self._response_started = False
            super().handle_reply(start)
            super().handle_reply(message)

    def _is_whole(self, start: Any, message: Any) -> bool:
        """Whether nothing is left to be decided: by length, and the line stays open."""
        return bool(
            message["type"] == "http.response.body"
            and not message.get("more_body")
            and self.channel is not None
            and self.channel.persistent
            and self.method != b"HEAD"
            and start["status"] not in NO_BODY_CODES
            and any(name.lower() == b"content-length" for name, _ in _headers(start))
        )

    def _write_whole(self, start: Any, body: bytes) -> None:
        """Word it at once: Twisted's own way takes each header through three tables.

        Those tables also break up line breaks, which Django lets into no header.
        """
        self.setResponseCode(start["status"])
        lines = [b"HTTP/1.1 %d %s" % (self.code, self.code_message)]
        lines += [b"%s: %s" % (name, value) for name, value in _headers(start)]
        self.startedWriting = 1
        self.sentLength = len(body)
        self.channel.write(b"\r\n".join([*lines, b"", body]))
        self.finish()


class AnswerServer(Server):
    """Serves the application; `write_frames` is as `config.uvicorn_frames` has it."""

    def __init__(self, *what: Any, **options: Any) -> None:
        super().__init__(
            *what, **options, server_name="", ready_callable=self._spare_work
        )

    def _spare_work(self) -> None:
        """Leave out what nobody reads: a line about each request, and Twisted's forms."""
        factory = self.http_factory
        factory.log = lambda _: None
        build = factory.buildProtocol

        def built(address: Any) -> Any:
            protocol = build(address)
            protocol.requestFactory = AnswerRequest
            return protocol

        factory.buildProtocol = built

    def create_application(self, protocol: Any, scope: Any) -> Any:
        """Begin the application for one request or websocket."""
        if scope["type"] == "websocket":
            write_frames = partial(_write_frames, protocol)
            extensions = {**scope.get("extensions", {}), "write_frames": write_frames}
            scope = {**scope, "extensions": extensions}
        queue = super().create_application(protocol, scope)
        if scope["type"] == "http" and queue is not None:
            task = self.connections[protocol]["application_instance"]
            task.add_done_callback(partial(self._let_go, protocol))
        return queue

    def _let_go(self, protocol: Any, task: "asyncio.Task[None]") -> None:
        """Forget a request that was answered, at once.

        daphne looks for them once a second. With thousands of them kept until then, each round of
        Python's garbage collector held everybody up, for a tenth of a second. What is
        out of the ordinary is left to it.
        """
        known = self.connections.get(protocol, {})
        if "disconnected" not in known or task.cancelled() or task.exception():
            return
        del self.connections[protocol]

    async def handle_reply(self, protocol: Any, message: Any) -> None:
        """Say on the wire what the application says."""
        transport = protocol.transport
        if message["type"] != "http.response.body" or transport is None:
            await super().handle_reply(protocol, message)
            if message["type"] == "websocket.accept" and protocol.state == _OPEN:
                _forget_handshake(protocol)
            return
        transport.startWriting = _not_yet
        try:
            await super().handle_reply(protocol, message)
        finally:
            del transport.startWriting
            _write_now(transport)


def _headers(start: Any) -> Any:
    return start.get("headers", ())


def _not_yet() -> None:
    """Instead of asking the reactor to write."""


def _write_now(transport: Any) -> None:
    """Write as much as goes out now of what a transport was given."""
    # Whether it failed or is to hang up, the reactor finds out and does what is due.
    is_over = transport.connected and transport.doWrite() is not None
    if is_over or transport.dataBuffer or transport._tempDataLen:
        transport.startWriting()


def _forget_handshake(protocol: Any) -> None:
    """Let go of what only the handshake needed: a page stays open for hours."""
    protocol.http_headers.clear()
    protocol.http_request_params.clear()
    protocol.http_request_data = b""
    if protocol.transport:
        # It is the HTTP channel before the upgrade, with its request.
        protocol.transport.unregisterProducer()


def _write_frames(protocol: Any, frames: bytes) -> bool:
    """Write whole, unmasked frames, unless the viewer is behind or gone.

    daphne's own `send` never waits for a viewer who is behind: what is not read piles up
    here. So who is too far behind is hung up on, to come back for a snapshot.
    """
    if protocol.state != _OPEN:
        return False
    transport = protocol.transport
    unread = len(transport.dataBuffer) + transport._tempDataLen
    if unread > _MOST_UNREAD:
        transport.abortConnection()
        return True
    sent = 0 if unread else transport.writeSomeData(frames)
    if not isinstance(sent, int):  # the error: nobody is there
        transport.abortConnection()
    elif sent < len(frames):
        transport.write(frames[sent:])
    return True
