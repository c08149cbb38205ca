"""What is left to run in a clinic's schema, worked out once for all alike.

Django reads the graph and renders the models' states anew for each schema, and looks
through the catalog of all clinics for a table; both cost more than the change itself.
Clinics that ran the same migrations have the same rest to run, so here a process does
that once, and per clinic runs only the operations.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.management.sql import emit_pre_migrate_signal
from django.db import connection, transaction
from django.db.migrations import Migration, RunPython
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.db.models.signals import post_migrate

Applied = frozenset[tuple[str, str]]
_known: dict[tuple[str, Applied], "MigrationPlan"] = {}


class StepError(Exception):
    """A migration failed; `str()` names it and says why."""


@dataclass(frozen=True)
class Step:
    """One migration: its operations, each with the models before and after it."""

    migration: Migration
    operations: list[tuple[Operation, ProjectState, ProjectState]]
    changes_models: bool

    def run(self) -> None:
        """Run it, make content types and permissions, and write it down: all or nothing.

        Django does the latter two in transactions of their own: a kill in between would
        leave tables that cannot be made again, or models without permissions.
        """
        with connection.schema_editor(atomic=self.migration.atomic) as editor:
            for operation, before, after in self.operations:
                self._run_operation(editor, operation, before, after)
            while editor.deferred_sql:
                editor.execute(editor.deferred_sql.pop(0), None)
            if self.changes_models:
                _post_migrate(self.migration, self.operations[-1][2])
            _write_down(self.migration)

    def _run_operation(
        self, editor: Any, operation: Operation, before: Any, after: Any
    ) -> None:
        label = self.migration.app_label
        wants_own = operation.atomic or (
            self.migration.atomic and operation.atomic is not False
        )
        if wants_own and not editor.atomic_migration:
            with transaction.atomic():
                operation.database_forwards(label, editor, before, after)
        else:
            operation.database_forwards(label, editor, before, after)
        _forget_content_types(before)


@dataclass(frozen=True)
class MigrationPlan:
    """The rest to run for schemas that ran the same migrations."""

    executor: MigrationExecutor
    steps: list[Step]

    def run(self) -> None:
        """Run it in the schema that this thread is in; each migration is a commit.

        Raises:
            StepError: a migration failed. Those before it stay done.
        """
        for step in self.steps:
            try:
                step.run()
            except Exception as error:
                raise StepError(f"{step.migration}: {error}") from error
        if self.executor.loader.replacements:
            self.executor.check_replacements()


def plan_here(version: str) -> MigrationPlan:
    """Return what is left to run in the schema that this thread is in.

    Args:
        version: of this code's migrations; plans of another are not used.

    Raises:
        ProgrammingError: the schema, or its record of migrations, is gone.
        InconsistentMigrationHistory: it ran a migration before one that it needs.
    """
    applied = Applied(_records().values_list("app", "name"))
    known = _known.get((version, applied))
    if known is None:
        known = _known[version, applied] = _work_out()
    return known


def _work_out() -> MigrationPlan:
    executor: Any = MigrationExecutor(connection)
    executor.loader.check_consistent_history(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    first = executor._create_project_state(with_applied_migrations=True)
    if plan:
        # It adds operations where models are renamed, so once is enough.
        emit_pre_migrate_signal(0, False, "default", apps=first.apps, plan=plan)  # noqa: FBT003 (Django's)
    steps, last = [], first
    for migration, _backwards in plan:
        before, operations = last, list(_operations(migration, last))
        last = operations[-1][2] if operations else last
        is_other = _permissions(before) != _permissions(last)
        steps.append(Step(migration, operations, is_other))
    return MigrationPlan(executor, steps)


def _operations(
    migration: Migration, state: ProjectState
) -> Iterator[tuple[Operation, ProjectState, ProjectState]]:
    for operation in migration.operations:
        if isinstance(operation, RunPython):
            # What it would do itself, for each clinic again.
            state.clear_delayed_apps_cache()
            state.is_delayed = False
        _ = state.apps  # rendered once; clones share what did not change
        after = state.clone()
        operation.state_forwards(migration.app_label, after)
        yield operation, state, after
        state = after


def _permissions(state: ProjectState) -> dict[Any, Any]:
    """What content types and permissions depend on."""
    wanted = ("permissions", "default_permissions", "verbose_name")
    return {
        name: [repr(model.options.get(key)) for key in wanted]
        for name, model in state.models.items()
    }


def _post_migrate(migration: Migration, state: ProjectState) -> None:
    """Tell of the one app that the migration is of. Its models are as `state` has them."""
    config = apps.get_app_config(migration.app_label)
    state.clear_delayed_apps_cache()
    post_migrate.send(
        sender=config,
        app_config=config,
        verbosity=0,
        interactive=False,
        using="default",
        apps=state.apps,
        plan=[(migration, False)],
    )


def _forget_content_types(state: ProjectState) -> None:
    """Migrations' models remember ids of content types, which differ between clinics."""
    if ("contenttypes", "contenttype") in state.models:
        state.apps.get_model("contenttypes", "ContentType").objects.clear_cache()


def _records() -> Any:
    # Not applied_migrations(): it first lists the tables of the whole database.
    return MigrationRecorder(connection).migration_qs


def _write_down(migration: Migration) -> None:
    own = (migration.app_label, migration.name)
    for app, name in migration.replaces or [own]:
        _records().create(app=app, name=name)
