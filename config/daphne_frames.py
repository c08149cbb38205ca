"""daphne, with the same way to write ready frames as `config.uvicorn_frames`.

Its `send` never waits for a viewer who is behind: what is not read piles up here. So who
is too far behind is hung up on, to come back for a snapshot.
"""

from functools import partial
from typing import Any

from daphne.server import Server

_MOST_UNREAD = 1024 * 1024  # bytes that wait here for one viewer


class FrameServer(Server):
    def create_application(self, protocol: Any, scope: Any) -> Any:
        """Begin the application for one request or websocket."""
        if scope["type"] == "websocket":
            write_frames = partial(_write_frames, protocol)
            extensions = {**scope.get("extensions", {}), "write_frames": write_frames}
            scope = {**scope, "extensions": extensions}
        return super().create_application(protocol, scope)


def _write_frames(protocol: Any, frames: bytes) -> bool:
    if protocol.state != protocol.STATE_OPEN:
        return False
    transport = protocol.transport
    unread = len(transport.dataBuffer) + transport._tempDataLen
    if unread > _MOST_UNREAD:
        transport.abortConnection()
        return True
    # At once where nothing waits: to be told by the reactor that there is room costs, for
    # each viewer, five times as much as the writing.
    sent = 0 if unread else transport.writeSomeData(frames)
    if not isinstance(sent, int):  # the error: nobody is there
        transport.abortConnection()
    elif sent < len(frames):
        transport.write(frames[sent:])
    return True
