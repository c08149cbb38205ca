"""Instants from PostgreSQL: read in a tenth of the time, and the same ones."""

from datetime import UTC

import pytest
from django.db import DataError, connection
from psycopg.types.datetime import TimestamptzLoader

from tenants.postgresql.base import UtcLoader


@pytest.mark.parametrize(
    "instant",
    [
        "2026-11-30 09:00:00+00",
        "2026-11-30 09:00:00.5+00",
        "2026-11-30 09:00:00.123456+00",
        "0001-01-01 00:00:00+00",
        "9999-12-31 23:59:59.999999+00",
        "2026-11-30 10:00:00+01",
        "1890-01-01 00:00:00-00:01:15",
    ],
)
def test_an_instant_is_read_as_psycopg_reads_it(clinic, instant):
    del clinic
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz, %s::timestamptz", [instant, None])
        told, nothing = cursor.fetchone()
        own = UtcLoader(0, cursor.connection).load(instant.encode())
        theirs = TimestamptzLoader(0, cursor.connection).load(instant.encode())

    assert (told, nothing) == (theirs, None)
    assert told.tzinfo is UTC
    assert own == theirs


@pytest.mark.parametrize("instant", ["infinity", "20000-01-01 00:00:00+00"])
def test_an_instant_that_python_does_not_have_is_an_error(clinic, instant):
    del clinic
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [instant])
        with pytest.raises(DataError):
            cursor.fetchone()
