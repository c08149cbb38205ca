"""Content types have ids of their own in each schema; Django remembers one set of them.

The admin's log refers to them: with another clinic's id it would name the wrong model,
or fail.
"""

from collections import defaultdict
from collections.abc import MutableMapping
from typing import Any

from django.contrib.contenttypes.models import ContentType

from tenants.context import connection


class KeptApart(MutableMapping[str, Any]):
    """What Django remembers per database, remembered per database and schema."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], dict[Any, Any]] = defaultdict(dict)

    def __getitem__(self, database: str) -> dict[Any, Any]:
        return self._kept[database, connection.schema_name]

    def __setitem__(self, database: str, remembered: dict[Any, Any]) -> None:
        self._kept[database, connection.schema_name] = remembered

    def __delitem__(self, database: str) -> None:
        del self._kept[database, connection.schema_name]

    def __iter__(self) -> Any:
        return iter([database for database, _schema in self._kept])

    def __len__(self) -> int:
        return len(self._kept)

    def clear(self) -> None:
        self._kept.clear()


def keep_apart() -> None:
    """Make Django's memory of content types one of each schema's."""
    manager: Any = ContentType.objects
    manager._cache = KeptApart()
