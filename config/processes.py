"""Child processes that never outlive us. Only the standard library is used here."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>


def spawn(
    argv: Sequence[str | Path],
    *,
    death_signal: signal.Signals = signal.SIGTERM,
    env: Mapping[str, str] | None = None,
    output: IO[bytes] | None = None,
    user: tuple[int, int] | None = None,
    cwd: Path | None = None,
    umask: int = -1,
) -> "subprocess.Popen[bytes]":
    """Start `argv` in a session of its own and return it.

    Its own session keeps a terminal's Ctrl-C away from it: we decide the order in
    which things stop. On Linux the kernel sends it `death_signal` should we be killed.
    `user` is (uid, gid) to become; `output` takes stdout and stderr (default: ours).
    Call it from the main thread: the kernel's promise is bound to the calling thread.
    """
    return subprocess.Popen(  # noqa: S603 - every caller passes a fixed program
        [str(word) for word in argv],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        env=env,
        cwd=cwd,
        umask=umask,
        start_new_session=True,
        user=user[0] if user else None,
        group=user[1] if user else None,
        extra_groups=[] if user else None,
        preexec_fn=_tied_to_parent(death_signal),
    )


def _tied_to_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died before the tie was made
            os._exit(1)

    return tie
