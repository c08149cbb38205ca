"""uvicorn's websockets, with a way to write frames that are ready for many viewers.

The scope's extension `write_frames` takes bytes and says whether it wrote them. Without
it (another server) the application sends each message by itself, as ASGI has it.
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class FrameWriter(WebSocketsSansIOProtocol):
    def handle_connect(self, event: Any) -> None:
        """Begin the application, which runs later and finds the extension then."""
        super().handle_connect(event)
        if not self.close_sent:
            extensions: Any = self.scope["extensions"]
            extensions["write_frames"] = self.write_frames

    def write_frames(self, frames: bytes) -> bool:
        """Write whole, unmasked frames at once, unless the viewer is behind or gone."""
        is_open = self.handshake_complete and not self.close_sent
        if not is_open or self.transport.is_closing() or not self.writable.is_set():
            return False
        self.transport.write(frames)
        return True
