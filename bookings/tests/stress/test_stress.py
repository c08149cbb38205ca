"""Everybody at once on few times, by every path: two never get the same one.

The short form runs with the suite. The long form, with faults:

    make stress SECONDS=60 SEED=7
"""

from pathlib import Path

import pytest

from bookings.tests.stress import checks, run
from bookings.tests.stress.evidence import Evidence
from bookings.tests.stress.run import Settings


def test_nobody_gets_what_another_has(committed, tmp_path):
    settings = Settings.from_environment(seconds=10)

    found = run.play(tmp_path, settings)

    judge(found, settings, tmp_path)


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
