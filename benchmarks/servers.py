"""A PostgreSQL and a Valkey in a temporary folder, as production has them: durable."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from config import embedded

Server = embedded.PostgreSQL | embedded.Valkey
# The instant of a commit is what live updates are measured from; the memory is what the
# targets were measured with.
_POSTGRES = {"track_commit_timestamp": "on", "shared_buffers": "512MB"}


@contextmanager
def own_servers() -> Iterator[Path]:
    """Run them, with the environment set so that Django's settings find them.

    Yields:
        The temporary folder, which is VAR_DIR.
    """
    root = Path(tempfile.mkdtemp(prefix="slotwell-bench-"))
    root.chmod(0o711)  # as root, the servers' account must get in
    home = embedded.find_home(root / "var")
    home.make_folders()
    os.environ.update(
        **embedded.urls(home.root), VAR_DIR=str(home.root), DEBUG="1", EMAIL_URL=""
    )
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        stack.callback(shutil.rmtree, home.sockets, ignore_errors=True)
        for server in (embedded.PostgreSQL(home, _POSTGRES), embedded.Valkey(home)):
            _start(stack, server)
        yield root


def _start(stack: ExitStack, server: Server) -> None:
    server.prepare()
    process = server.spawn()
    stack.callback(_stop, server, process)
    deadline = time.monotonic() + 60
    while not server.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{server.name} does not start: {server.log}")
        time.sleep(0.02)


def _stop(server: Server, process: "subprocess.Popen[bytes]") -> None:
    """At once: writing down 200 clinics that nobody keeps takes half a minute."""
    at_once = isinstance(server, embedded.PostgreSQL)
    process.send_signal(signal.SIGQUIT if at_once else server.stop_signal)
    process.wait(30)
