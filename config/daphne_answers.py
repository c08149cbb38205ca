"""daphne, with answers and ready frames written at once.

Twisted writes when its reactor says that there is room: to be told that costs several times
as much as the writing itself, for each answer and each viewer. So what is ready is written
now, and the reactor is asked only for what did not go out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol

_OPEN = WebSocketProtocol.STATE_OPEN
_MOST_UNREAD = 1024 * 1024  # bytes that wait here for one viewer


class AnswerServer(Server):
    """Serves the application; `write_frames` is as `config.uvicorn_frames` has it."""

    def __init__(self, *what: Any, **options: Any) -> None:
        super().__init__(*what, **options, ready_callable=self._forgo_log)

    def _forgo_log(self) -> None:
        """Twisted words a line for each request, which nobody reads."""
        self.http_factory.log = lambda _: None

    def create_application(self, protocol: Any, scope: Any) -> Any:
        """Begin the application for one request or websocket."""
        if scope["type"] == "websocket":
            write_frames = partial(_write_frames, protocol)
            extensions = {**scope.get("extensions", {}), "write_frames": write_frames}
            scope = {**scope, "extensions": extensions}
        return super().create_application(protocol, scope)

    async def handle_reply(self, protocol: Any, message: Any) -> None:
        """Say on the wire what the application says."""
        if message["type"] == "http.response.body" and protocol.transport is not None:
            with _written_at_once(protocol.transport):
                await super().handle_reply(protocol, message)
            return
        await super().handle_reply(protocol, message)
        if message["type"] == "websocket.accept" and protocol.state == _OPEN:
            _forget_handshake(protocol)


@contextmanager
def _written_at_once(transport: Any) -> Iterator[None]:
    """Write what is given to a transport meanwhile, and as much of it as goes out now."""
    transport.startWriting = lambda: None
    try:
        yield
    finally:
        del transport.startWriting
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
