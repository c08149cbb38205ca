"""uvicorn's HTTP, with an answer's head and body in one packet.

It writes them one after the other: two system calls, and the reader wakes up twice.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class AnswerWriter(HttpToolsProtocol):
    def connection_made(self, transport: Any) -> None:
        super().connection_made(_Together(transport))  # type: ignore[arg-type]

    def handle_websocket_upgrade(self) -> None:
        """Frames are whole already, and go straight to the socket."""
        together: Any = self.transport
        together.flush()
        self.transport = together.bare
        super().handle_websocket_upgrade()


class _Together:
    """A transport that holds a head back until its body comes, or until the loop goes on."""

    def __init__(self, bare: Any) -> None:
        self.bare = bare
        self._head = b""

    def write(self, data: bytes) -> None:
        if not self._head and data.startswith(b"HTTP/"):
            self._head = data
            asyncio.get_running_loop().call_soon(self.flush)
        else:
            head, self._head = self._head, b""
            self.bare.write(head + data)

    def flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self.bare.write(head)

    def close(self) -> None:
        self.flush()
        self.bare.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bare, name)
