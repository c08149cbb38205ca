"""The database wrapper of a multi-clinic process: never `public` on a clinic's path.

django-tenants puts `public` behind the clinic's schema on the search path, so that a
missing clinic table silently reads and writes the platform's rows. Here it is an error.
"""

from datetime import UTC, datetime
from typing import Any

import psycopg
from django_tenants.postgresql_backend.base import DatabaseWrapper as TenantsWrapper
from psycopg.pq import Format, TransactionStatus
from psycopg.types.datetime import TimestamptzLoader

# A backend keeps about 0.4 MiB for each clinic that it has read, for as long as it lives.
MOST_CLINICS = 250
_TIMESTAMPTZ = psycopg.adapters.types["timestamptz"].oid


class UtcLoader(TimestamptzLoader):
    """Reads an instant in a tenth of the time that Django's own takes: a fifth of a page."""

    timezone = UTC  # where Django looks whether it is what the connection is set to

    def load(self, data: Any) -> Any:
        try:
            read = datetime.fromisoformat(str(data, "ascii"))
        except ValueError:  # Python has no such year
            return super().load(data)
        return read if read.tzinfo is UTC else super().load(data)


class DatabaseWrapper(TenantsWrapper):
    # Advisory locks of the session's (`tenants.locks`), which end with the backend.
    session_locks = 0
    # The path this connection certainly has: it was set outside of any transaction, so
    # no rollback can have taken it back.
    _certain_path: tuple[str, ...] | None = None

    def set_tenant(self, tenant: Any, include_public: bool = False) -> None:  # noqa: FBT001, FBT002
        # Whatever the caller asks for: `set_schema` of django-tenants passes True.
        del include_public
        super().set_tenant(tenant, include_public=False)

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        context = params["context"]  # Django's, of all connections: told once
        is_told = context.get_loader(_TIMESTAMPTZ, Format.TEXT) is UtcLoader
        if self.timezone is UTC and not is_told:
            context.register_loader(_TIMESTAMPTZ, UtcLoader)
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Take a living connection from the pool, and weed the pool after a dead one.

        PostgreSQL that was away leaves a pool of dead connections. The pool's own test
        (CONN_HEALTH_CHECKS) throws away one per try with a longer pause before each:
        five dead ones are longer than a request waits.
        """
        self._certain_path = None
        connection = super().get_new_connection(conn_params)
        while self.pool and not _is_alive(connection):
            self.pool.putconn(connection)
            self.pool.check()
            connection = super().get_new_connection(conn_params)
        return connection

    @property
    def is_heavy(self) -> bool:
        """Whether the backend has seen so many clinics that another should be had."""
        return len(getattr(self.connection, "seen_schemas", ())) > MOST_CLINICS

    def _cursor(self, name: Any = None) -> Any:
        cursor = super()._cursor(name)
        own: Any = self.connection
        own.__dict__.setdefault("seen_schemas", set()).add(self.schema_name)
        return cursor

    def close(self) -> None:
        self._certain_path = None  # the pool may hand another connection next
        super().close()

    def _handle_search_path(self, cursor: Any = None) -> None:
        """Set the path unless it certainly is what is wanted: half of all statements.

        django-tenants' own way of leaving it out (TENANT_LIMIT_SET_CALLS) trusts what
        was set inside a transaction until it hears of a rollback.
        """
        wanted = tuple(self._get_cursor_search_paths())
        if wanted == self._certain_path or self._setting_search_path:
            return
        # With autocommit off, even the first statement is inside a transaction.
        is_outside = self.connection.autocommit and _is_idle(self.connection)
        super()._handle_search_path(cursor)
        was_set = self.search_path_set_schemas is not None
        self._certain_path = wanted if is_outside and was_set else None

    def _close(self) -> Any:
        """Give the connection back to the pool, which ends it when it is heavy."""
        if self.pool and self.is_heavy:
            self.connection._expire_at = 0.0
        return super()._close()

    @property
    def queries_logged(self) -> bool:
        """Keep queries only when a test asks: DEBUG alone would hoard all of them."""
        return bool(self.force_debug_cursor)


def _is_idle(connection: psycopg.Connection) -> bool:
    return connection.info.transaction_status == TransactionStatus.IDLE


def _is_alive(connection: psycopg.Connection) -> bool:
    try:
        connection.execute("")
    except psycopg.OperationalError:
        return False
    return True
