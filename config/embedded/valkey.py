"""An embedded Valkey (Redis protocol), reached by a socket only."""

import contextlib
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from config.embedded.binaries import valkey_server
from config.embedded.home import EmbeddedError, Home
from config.processes import spawn

_SOCKET = "valkey.sock"


class Valkey:
    """How to start and watch the Valkey of one home."""

    name = "Valkey"
    stop_signal = signal.SIGTERM  # flushes and closes the append-only file

    def __init__(self, home: Home) -> None:
        self.home = home
        self.data = home.root / "valkey"
        self.log = home.root / "valkey.log"
        self._socket = home.sockets / _SOCKET

    @staticmethod
    def url(home: Home) -> str:
        """Return the REDIS_URL of a home's server."""
        return f"unix://{quote(str(home.sockets / _SOCKET))}?db=0"

    def prepare(self) -> None:
        """Make the data folder. Raises EmbeddedError where we may not."""
        self.home.set_aside(self.log)
        self.home.make_private(self.data)

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start the server, after what an earlier run left behind has gone."""
        self._end_leftover()
        with self.log.open("ab") as log:
            return spawn(
                [valkey_server(self.home), *self._options()],
                death_signal=self.stop_signal,
                env={"LC_ALL": "C", "TZ": "UTC"},
                output=log,
                user=self.home.user,
                cwd=Path("/"),
                umask=0o077,
            )

    def is_ready(self) -> bool:
        """Whether the server answers."""
        return self._ask(b"PING") == b"+PONG\r\n"

    def _options(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory": "256mb",
            # Locks and sessions must never vanish to make room: refuse writes instead.
            "maxmemory-policy": "noeviction",
        }
        return [w for name, value in options.items() for w in (f"--{name}", value)]

    def _end_leftover(self, patience: float = 10.0) -> None:
        deadline = time.monotonic() + patience
        while self._ask(b"SHUTDOWN"):
            if time.monotonic() > deadline:
                raise EmbeddedError("Valkey of an earlier run does not end.")
            time.sleep(0.05)
        self._socket.unlink(missing_ok=True)

    def _ask(self, word: bytes) -> bytes:
        """Return the server's answer to a command of one word; nothing if it is down."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self._socket))
            connection.sendall(b"*1\r\n$%d\r\n%s\r\n" % (len(word), word))
            return connection.recv(4096)
        return b""
