"""`manage.py lint_migrations`: will older processes survive what was written since?"""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from config.expandcontract import objections

# The last migration of each of our apps that nobody had run when this rule began.
BASELINE = {
    "accounts": "0001_initial",
    "bookings": "0003_appointments_of_a_month",
    "tenants": "0004_domain_checks",
}


class Command(BaseCommand):
    """Refuse migrations that break the processes of the release before.

    Needs no database. Each refusal says what to do instead.
    """

    help = __doc__
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command."""
        wrong = list(_objections(MigrationLoader(None)))
        if wrong:
            raise CommandError("\n".join(wrong))


def _objections(loader: MigrationLoader) -> Iterator[str]:
    state = ProjectState(real_apps=loader.unmigrated_apps)
    for migration in _in_order(loader):
        if _is_new(migration):
            yield from _wrong_release(migration)
            yield from objections(migration, state)
        else:
            migration.mutate_state(state, preserve=False)


def _in_order(loader: MigrationLoader) -> Iterator[Migration]:
    done: set[tuple[str, str]] = set()
    for leaf in loader.graph.leaf_nodes():
        for key in loader.graph.forwards_plan(leaf):
            if key not in done:
                done.add(key)
                yield loader.graph.nodes[key]


def _is_new(migration: Migration) -> bool:
    last = BASELINE.get(migration.app_label)
    return last is not None and migration.name > last


def _wrong_release(migration: Migration) -> Iterator[str]:
    named = getattr(migration, "contract_after", None)
    if named is None:
        return
    if not re.fullmatch(r"\d+\.\d+(\.\d+)?", str(named)):
        yield f"{migration}: contract_after must be a release such as 1.4."
    elif _numbers(named) > _numbers(_this_release()):
        yield f"{migration}: contract_after names {named}, which is not out yet."


def _this_release() -> str:
    text = (settings.BASE_DIR / "pyproject.toml").read_text()
    version: str = tomllib.loads(text)["project"]["version"]
    return version


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))
