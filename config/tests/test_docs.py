"""What the documents name is there."""

import re
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]
APPS = ("config", "tenants", "accounts", "bookings")


def test_every_test_that_a_document_names_exists():
    named = set(re.findall(r"`(test_\w+)`", (BASE_DIR / "docs/faults.md").read_text()))
    written = {
        name
        for app in APPS
        for path in (BASE_DIR / app).rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    assert len(named) > 30
    assert sorted(named - written) == []
