"""Everybody at once on few times, by every path: two never get the same one.

The short form runs with the suite; with faults for longer:

    make stress SECONDS=60 SEED=7
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from bookings.tests.stress import checks, run
from bookings.tests.stress.evidence import Evidence
from bookings.tests.stress.run import Settings

# Each run takes a whole machine: one after the other.
pytestmark = pytest.mark.xdist_group("stress")
BROKEN = "bookings.tests.stress.broken"


def test_nobody_gets_what_another_has(committed, tmp_path):
    settings = Settings.from_environment(seconds=10)

    found = run.play(tmp_path, settings)

    judge(found, settings, tmp_path)
    assert len(found.visits) > 10


def test_the_same_while_things_go_wrong(committed, tmp_path):
    settings = Settings.from_environment(seconds=24, with_faults=True)

    found = run.play(tmp_path, settings)

    judge(found, settings, tmp_path)
    assert found.faults


def test_it_would_show_if_nothing_kept_people_apart(committed, tmp_path):
    settings = Settings.from_environment(
        seconds=8, application=f"{BROKEN}:application", broken=BROKEN
    )

    with without_constraints():
        found = run.play(tmp_path, settings)
        wrong = checks.all_of(found)

    run.say(run.summary(found))
    run.say(str({name: len(each) for name, each in wrong.items()}))
    assert wrong["nobody_overlaps"]
    assert wrong["each_slot_was_had_by_one_at_a_time"]


def judge(found: Evidence, settings: Settings, folder: Path) -> None:
    """Fail with what is wrong, the seed, and where the notes are."""
    numbers = run.summary(found)
    run.say(numbers)
    wrong = checks.all_of(found)
    if not wrong:
        return
    lines = [f"{name}\n  " + "\n  ".join(each[:20]) for name, each in wrong.items()]
    report = folder / "verdict.txt"
    report.write_text("\n".join([numbers, *lines]))
    pytest.fail(
        "\n".join([*lines, f"seed {settings.seed}; notes and {report}"]), pytrace=False
    )


@contextmanager
def without_constraints() -> Iterator[None]:
    """Take both exclusion constraints away; back again, on an empty table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype"
            " = 'x' AND conrelid = 'bookings_appointment'::regclass"
        )
        constraints = cursor.fetchall()
        assert len(constraints) == 2
        for name, _definition in constraints:
            cursor.execute(f"ALTER TABLE bookings_appointment DROP CONSTRAINT {name}")
        try:
            yield
        finally:
            cursor.execute("TRUNCATE bookings_appointment CASCADE")
            for name, definition in constraints:
                cursor.execute(
                    f"ALTER TABLE bookings_appointment ADD CONSTRAINT {name} {definition}"
                )
