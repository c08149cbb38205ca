"""daphne, with the same way to write ready frames as `config.uvicorn_frames`.

Its `send` never waits for a viewer who is behind, nor does this.
"""

from functools import partial
from typing import Any

from daphne.server import Server


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
    protocol.transport.write(frames)
    return True
