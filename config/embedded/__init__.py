"""PostgreSQL and Valkey for one machine: no container, no root, no port.

Used by `make run`, `manage.py services` and the test suite when DATABASE_URL or
REDIS_URL is unset. The servers' programs come from two wheels; only the standard
library is needed to run them.

    urls(var_dir)        where the servers of a folder are reached; starts nothing
    find_home(var_dir)   their folders and account
    PostgreSQL, Valkey   prepare(), spawn(), is_ready(), stop_signal
"""

from pathlib import Path

from config.embedded.home import AlreadyRunningError, EmbeddedError, Home, find_home
from config.embedded.postgres import PostgreSQL
from config.embedded.valkey import Valkey

__all__ = [
    "AlreadyRunningError",
    "EmbeddedError",
    "Home",
    "PostgreSQL",
    "Valkey",
    "find_home",
    "urls",
]


def urls(var_dir: Path) -> dict[str, str]:
    """Return DATABASE_URL and REDIS_URL of the servers of `var_dir`, running or not.

    A second terminal thereby finds what `make run` started in the first.
    """
    home = find_home(var_dir)
    return {"DATABASE_URL": PostgreSQL.url(home), "REDIS_URL": Valkey.url(home)}
