"""Where the embedded servers live on this machine, and whom they run as."""

import fcntl
import hashlib
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# A socket's path has 108 bytes on Linux and 104 on macOS, the closing zero included.
_LONGEST_SOCKET_PATH = 103
_UNPRIVILEGED = ("slotwell", "postgres", "nobody")


class EmbeddedError(Exception):
    """The servers cannot run; the message is one line for the user's eyes."""


class AlreadyRunningError(EmbeddedError):
    """Another process looks after the servers of this folder."""

    def __init__(self, pid: str, folder: Path) -> None:
        super().__init__(
            f"PostgreSQL and Valkey in {folder} are already run by process {pid}."
        )


@dataclass(frozen=True)
class Account:
    """An unprivileged user: as root we become it, since PostgreSQL refuses root."""

    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Whether every folder from / down to here, as far as it exists, lets it in."""
        return all(
            self._may_search(parent.stat())
            for parent in (folder, *folder.parents)
            if parent.exists()
        )

    def _may_search(self, status: os.stat_result) -> bool:
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


@dataclass(frozen=True)
class Home:
    """The folders of one pair of servers, and the account they run as.

    `account` is None when they run as ourselves. Looking a home up changes nothing on
    disk; `make_folders` does.
    """

    root: Path
    sockets: Path
    account: Account | None

    @property
    def user(self) -> tuple[int, int] | None:
        """(uid, gid) to become, or None."""
        return (self.account.uid, self.account.gid) if self.account else None

    def make_folders(self) -> None:
        """Make what is missing. Raises EmbeddedError where we may not."""
        try:
            if not self.root.exists():
                self.root.mkdir(parents=True)
                self.root.chmod(0o755)  # whatever the umask: the account must get in
            if not os.access(self.root, os.W_OK):
                raise EmbeddedError(f"{self.root} belongs to somebody else.")
            self.make_private(self.sockets)
        except OSError as error:
            raise EmbeddedError(f"{error.strerror}: {error.filename}") from error

    def make_private(self, folder: Path) -> None:
        """Make a folder that only the servers' account can enter.

        Raises EmbeddedError if it exists and is somebody else's: connections are
        trusted because nobody else can reach the sockets.
        """
        folder.mkdir(mode=0o700, exist_ok=True)
        owner = self.account.uid if self.account else os.geteuid()
        if self.account and folder.lstat().st_uid == 0:
            os.chown(folder, self.account.uid, self.account.gid)
        if folder.is_symlink() or folder.stat().st_uid != owner:
            raise EmbeddedError(f"{folder} belongs to somebody else.")

    def set_aside(self, log: Path) -> None:
        """Begin a new log file, and keep the last one beside it."""
        if log.exists():
            log.replace(log.with_suffix(".log.1"))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from starting servers here. Raises AlreadyRunningError."""
        path = self.root / "servers.lock"
        descriptor = _lock(path)
        try:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
            yield
        finally:
            path.unlink(missing_ok=True)
            os.close(descriptor)


def find_home(var_dir: Path) -> Home:
    """Return where the servers of `var_dir` live, without touching the disk."""
    root = var_dir.resolve()
    account = None
    if os.geteuid() == 0:
        account = _unprivileged_account()
        if not account.can_enter(root):
            root = Path("/var/lib/slotwell") / _short_hash(root)
        account = _owner_of(root / "postgres") or account
    return Home(root, _socket_folder(root), account)


def _unprivileged_account() -> Account:
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedError("PostgreSQL refuses root: run as a plain user instead.")


def _owner_of(cluster: Path) -> Account | None:
    """Keep whom the cluster was made by, even if a better account appears later."""
    if not cluster.exists() or cluster.stat().st_uid == 0:
        return None
    return Account(cluster.stat().st_uid, cluster.stat().st_gid)


def _socket_folder(root: Path) -> Path:
    folder = root / "run"
    if len(os.fsencode(folder / ".s.PGSQL.5432")) <= _LONGEST_SOCKET_PATH:
        return folder
    # Not tempfile.gettempdir(): another terminal must find the same folder.
    return Path(f"/tmp/slotwell-{os.geteuid()}-{_short_hash(root)}")  # noqa: S108


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _lock(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(descriptor, 20).decode().strip()
            os.close(descriptor)
            raise AlreadyRunningError(pid or "(starting)", path.parent) from None
        # The last holder may have unlinked the file between our open and our lock.
        if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
        os.close(descriptor)
