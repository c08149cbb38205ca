"""What templates must not do, held by reading them."""

import re
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]
# Django's filters turn a datetime into the server's zone first, so they show a visit
# near midnight on the wrong day. Give them a date, or use our own `clock`.
_DATED = re.compile(r"([\w.]+)\|(?:date|time|timesince|timeuntil)\b:?\"?([^\"}|% ]*)")
_DATES = re.compile(r"(?:\.date|\.day|\.on|\.first|_to|date_of_birth)$")
_FOR_MACHINES = {"c"}  # ISO 8601 says its offset


def test_no_page_lets_django_choose_the_clock():
    found = [
        f"{path.relative_to(BASE_DIR)}: {what}|date:{how}"
        for path in sorted((BASE_DIR / "templates").rglob("*.*"))
        if "admin" not in path.parts and path.suffix in {".html", ".txt"}
        for what, how in _DATED.findall(path.read_text())
        if not _DATES.search(what) and how not in _FOR_MACHINES
    ]
    assert found == []
