"""Finds the Chromium that browser tests drive; as a program, fetches one if need be.

`make test` runs `python -m config.tests.chromium` before the suite.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@cache
def find() -> str | None:
    """Return the path of a Chromium: CHROMIUM, one on the PATH, or Playwright's."""
    named = os.environ.get("CHROMIUM", "")
    if named:
        return shutil.which(named)
    return next((path for name in _NAMES if (path := shutil.which(name))), _fetched())


def _fetched() -> str | None:
    """Return the newest one in Playwright's own cache."""
    default = Path.home() / (
        "Library/Caches/ms-playwright"
        if sys.platform == "darwin"
        else ".cache/ms-playwright"
    )
    cached = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or default)
    programs = [
        *cached.glob("chromium-*/chrome-linux*/chrome"),
        *cached.glob("chromium-*/chrome-mac*/*.app/Contents/MacOS/*"),
    ]
    return (
        str(max(programs, key=lambda path: path.stat().st_mtime)) if programs else None
    )


def _fetch() -> None:
    """Get one: Debian's package as root, else, or if that fails, Playwright's."""
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
        if _runs(["apt-get", "update", "--quiet"]) and _runs(install):
            return
    _runs(playwright)


def _runs(argv: list[str]) -> bool:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return (
        subprocess.run(argv, env=quiet, stdout=sys.stderr, check=False).returncode == 0
    )


def _works(path: str) -> bool:
    """Whether it starts: a downloaded one may lack libraries of the system."""
    try:
        result = subprocess.run([path, "--version"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def main() -> int:
    """Make sure that there is one. The exit code is 1 when CI must not go on."""
    if not find():
        sys.stderr.write("No Chromium found; fetching one for the browser tests.\n")
        _fetch()
        find.cache_clear()
    path = find()
    if path and _works(path):
        return 0
    sys.stderr.write(
        f"No working Chromium ({path}): BROWSER TESTS ARE SKIPPED. "
        "Install chromium or set CHROMIUM to its path.\n"
    )
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
