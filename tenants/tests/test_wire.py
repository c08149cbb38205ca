"""PostgreSQL without cursors: values arrive as they left, and errors break nothing."""

import asyncio
from datetime import UTC, date, datetime
from uuid import uuid4

import psycopg
import pytest

from tenants import pools
from tenants import wire as wires
from tenants.context import platform_context
from tenants.models import Clinic


def _run(clinic, work):
    async def main():
        try:
            async with pools.borrowed(clinic) as wire:
                return await work(wire)
        finally:
            await pools.close()

    return asyncio.run(main())


ODD = ['"', "\\", 'a "b" \\ c', "{}", "NULL", "", "Zoë, 東京", "a,b", "new\nline"]


@pytest.mark.parametrize("text", ODD)
def test_texts_arrive_as_they_left(committed, text):
    async def work(wire):
        [[row]] = await wire.run(("SELECT %s::text, %s::text[]", [text, [text, None]]))
        return row

    assert _run(committed, work) == (text, [text, None])


def test_values_arrive_as_they_left(committed):
    values = [uuid4(), date(2028, 2, 29), datetime(2026, 11, 1, 1, 30, tzinfo=UTC), -7]
    kinds = ["uuid", "date", "timestamptz", "bigint"]
    places = ", ".join(f"%s::{kind}, %s::{kind}[]" for kind in kinds)
    told = [each for value in values for each in (value, [value, value])]

    async def work(wire):
        [[row]] = await wire.run((f"SELECT {places}", told))
        return list(row)

    assert _run(committed, work) == told


def test_what_names_no_clinic_is_prepared_once_for_all(committed):
    count = "SELECT count(*) FROM pg_prepared_statements"

    async def work(wire):
        for schema in (committed.schema_name, "public"):
            wire.schema = schema
            await wire.run(("BEGIN", ()), ("COMMIT", ()), (count, ()))
        return await wire.run((count, ()))

    assert _run(committed, work) == [[(3,)]]


def test_what_was_not_asked_for_the_longest_is_no_longer_kept(committed, monkeypatch):
    monkeypatch.setattr(wires, "_MOST_PREPARED", 3)
    kept = "SELECT statement FROM pg_prepared_statements"

    async def work(wire):
        await wire.run((kept, ()), ("SELECT 1", ()))
        await wire.run(("SELECT 2", ()))  # there is room for it
        assert len((await wire.run((kept, ())))[0]) == 3
        await wire.run(("SELECT 1", ()))
        await wire.run((kept, ()), ("SELECT 3", ()))
        [rows] = await wire.run((kept, ()))
        # More than are kept may be asked for at once.
        more = await wire.run(*[(f"SELECT {n}", ()) for n in range(10, 20)])
        return {text for (text,) in rows}, [number for [[number]] in more]

    texts, numbers = _run(committed, work)
    assert texts == {kept, "SELECT 1", "SELECT 3"}
    assert numbers == list(range(10, 20))


def test_many_rows_and_long_values_go_both_ways(committed):
    long = ["x" * 1000] * 20_000  # more than the socket takes at once

    async def work(wire):
        return await wire.run(
            ("SELECT * FROM unnest(%s::text[])", [long]), ("SELECT 1", ())
        )

    many, one = _run(committed, work)
    assert (len(many), one) == (20_000, [(1,)])


def test_after_an_error_nothing_of_it_is_left(committed):
    """What failed in the middle is told; the next question gets its own answer."""

    async def work(wire):
        with pytest.raises(psycopg.errors.DivisionByZero):
            await wire.run(
                ("BEGIN", ()), ("SELECT 1 / %s::int", [0]), ("SELECT 'late'", ())
            )
        await wire.roll_back()
        with pytest.raises(psycopg.errors.UndefinedTable):
            await wire.run(("SELECT * FROM {schema}nothing_such", ()))
        return await wire.run(("SELECT 'mine'", ()))

    assert _run(committed, work) == [[("mine",)]]


def test_who_gives_up_leaves_no_answer_to_others(committed):
    """The connection is closed: what is on its way would be taken for another's."""

    async def main():
        try:
            async with pools.borrowed(committed) as wire:
                slow = wire.run(("SELECT pg_sleep(5)", ()))
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(slow, 0.2)
                assert wire.is_closed
            async with pools.borrowed(committed) as wire:
                return await wire.run(("SELECT 'mine'", ()))
        finally:
            await pools.close()

    assert asyncio.run(main()) == [[("mine",)]]


def test_each_clinic_s_statement_reads_its_own_tables(committed):
    """Lent in turn, one connection has the same statement prepared for both."""
    with platform_context():
        harbor = Clinic.objects.get(slug="harbor")
    statement = """
        SELECT relnamespace::regnamespace::text FROM pg_class
        WHERE oid = '{schema}bookings_doctor'::regclass
    """

    async def main():
        found = []
        try:
            for clinic in (committed, harbor, committed, harbor):
                async with pools.borrowed(clinic) as wire:
                    [[[name]]] = await wire.run((statement, ()))
                    found.append((name.strip('"'), clinic.schema_name))
        finally:
            await pools.close()
        return found

    assert all(read == own for read, own in asyncio.run(main()))
