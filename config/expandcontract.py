"""Which migrations older processes survive: expand first, contract a release later.

A release migrates hundreds of clinics one after another while processes of the release
before still serve them, and a release may have to be taken back. So a migration may add
what older code does not know, and takes away only what no running code uses any more:
then it says so by `contract_after = "x.y"`, the last release whose code used it.

Only what is known to be safe passes; see `docs/operations.md`, Upgrades.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.postgres import operations as postgres
from django.db import migrations
from django.db.migrations import Migration
from django.db.migrations.state import ProjectState
from django.db.models import CheckConstraint, Field, GeneratedField

_TELL = (
    'If no running code uses it any more, say so by `contract_after = "x.y"`, the last '
    "release that did."
)
# Nothing of these is felt by older code. Plain AddIndex: a clinic's largest table has
# some 100,000 rows, so that its index takes a fraction of a second, during which rows are
# read. AddIndexConcurrently waits for every transaction of the whole database, per
# clinic, and leaves an invalid index when it is killed.
_SAFE = (
    migrations.CreateModel,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.AlterModelTableComment,
    migrations.AddIndex,
    migrations.RemoveIndex,
    migrations.RenameIndex,
    migrations.RemoveConstraint,
    postgres.AddConstraintNotValid,
    postgres.ValidateConstraint,
)
_REFUSED: dict[type, str] = {
    migrations.RemoveField: (
        "older code still reads and writes it: stop using it in one release "
        "(null=True or a db_default, so that rows can be written without it), remove it "
        "in the next"
    ),
    migrations.DeleteModel: (
        "older code still uses it: stop using it in one release, delete it in the next"
    ),
    migrations.RenameField: (
        "older code knows the old name only: add a field, write both, copy, read the new "
        "one, and remove the old one in the next release"
    ),
    migrations.RenameModel: (
        "older code knows the old name only: keep the table by `db_table`, or add a "
        "model, write both, and delete the old one in the next release"
    ),
    migrations.AlterModelTable: "older code knows the old table only: keep its name",
    migrations.AlterOrderWithRespectTo: "it adds a column that older code cannot fill",
    migrations.RunSQL: (
        "it cannot be judged: use operations, or RunPython with a reverse"
    ),
    migrations.SeparateDatabaseAndState: (
        "what it does to the database is hidden from the models: use plain operations"
    ),
    postgres.AddIndexConcurrently: (
        "it waits for every transaction of the database, at each clinic, and a kill "
        "leaves an invalid index: AddIndex is quick enough for one clinic's rows"
    ),
}
# Widening that rewrites no table.
_WIDER = {("CharField", "TextField"), ("SlugField", "TextField")}


def objections(migration: Migration, before: ProjectState) -> Iterator[str]:
    """Yield what is wrong with a migration, a sentence each.

    Args:
        before: the models before it; is changed to those after it.
    """
    is_contract = bool(getattr(migration, "contract_after", ""))
    new: set[tuple[str, str]] = set()
    for operation in migration.operations:
        if isinstance(operation, migrations.CreateModel):
            new.add((migration.app_label, operation.name_lower))
        for text, may_be_told in _judge(operation, migration, before, new):
            if not (is_contract and may_be_told):
                told = f" {_TELL}" if may_be_told else ""
                yield f"{migration}: {operation.describe()}: {text}.{told}"
        operation.state_forwards(migration.app_label, before)


def _judge(
    operation: Any, migration: Migration, before: ProjectState, new: set[Any]
) -> Iterator[tuple[str, bool]]:
    """Yield what is wrong, and whether `contract_after` makes it right."""
    if isinstance(operation, migrations.RunPython):
        yield from _judge_python(operation, migration)
        return
    model = getattr(operation, "model_name_lower", getattr(operation, "name_lower", ""))
    if type(operation) in _SAFE or (migration.app_label, model) in new:
        return
    for kind, judge in _JUDGES.items():
        if isinstance(operation, kind):
            yield from ((text, True) for text in judge(operation, migration, before))
            return
    unknown = "the linter does not know what older code makes of it"
    yield _REFUSED.get(type(operation), unknown), True


def _judge_python(
    operation: migrations.RunPython, migration: Migration
) -> Iterator[tuple[str, bool]]:
    if not operation.reversible:
        yield (
            "without a reverse a release cannot be taken back: give reverse_code, if only "
            "RunPython.noop",
            False,
        )
    if not (operation.elidable or hasattr(migration, "not_elidable_because")):
        yield (
            "say elidable=True if a new clinic does not need it, else why it does by "
            "`not_elidable_because`",
            False,
        )


def _judge_new_field(
    operation: migrations.AddField, _migration: Migration, _before: ProjectState
) -> Iterator[str]:
    field = operation.field
    if field.many_to_many or isinstance(field, GeneratedField):
        return
    if not field.null and not field.has_db_default():
        yield (
            "older code writes rows without it: give it a db_default, or null=True until "
            "all rows have it"
        )
    if field.unique:
        yield "rows that are there would all have the same: add it, fill it, then unique"


def _judge_altered_field(
    operation: migrations.AlterField, migration: Migration, before: ProjectState
) -> Iterator[str]:
    model = before.models[migration.app_label, operation.model_name_lower]
    old, new = model.fields[operation.name], operation.field
    if old.null and not new.null:
        yield "older code still writes NULL: write values in one release, forbid NULL then"
    if new.unique and not old.unique:
        yield "older code, and rows that are there, may repeat values"
    if old.has_db_default() and not new.has_db_default() and not new.null:
        yield "older code leaves it to the db_default"
    if _kind(old) != _kind(new) and (_kind(old)[0], _kind(new)[0]) not in _WIDER:
        yield "another type rewrites the table and breaks older code: add a new field"
    elif _is_narrower(old, new):
        yield "older code, and rows that are there, may have longer values"


def _kind(field: "Field[Any, Any]") -> tuple[Any, ...]:
    """What the column is, leaving out its length."""
    target = getattr(field.remote_field, "model", None)
    name = target if isinstance(target, str) or target is None else target._meta.label
    collation = getattr(field, "db_collation", None)
    return (field.get_internal_type(), str(name).lower(), field.db_column, collation)


def _is_narrower(old: "Field[Any, Any]", new: "Field[Any, Any]") -> bool:
    for name in ("max_length", "max_digits", "decimal_places"):
        before, after = getattr(old, name, None), getattr(new, name, None)
        if after is not None and (before is None or after < before):
            return True
    return False


def _judge_constraint(
    operation: migrations.AddConstraint, migration: Migration, before: ProjectState
) -> Iterator[str]:
    if isinstance(operation.constraint, CheckConstraint):
        yield (
            "all rows are read while the table is locked: AddConstraintNotValid, and "
            "ValidateConstraint in a migration after it"
        )
    elif not _is_kept_already(operation, migration, before):
        yield (
            "older code, and rows that are there, may break it: hold to it in one "
            "release, add it in the next"
        )


def _is_kept_already(
    operation: migrations.AddConstraint, migration: Migration, before: ProjectState
) -> bool:
    """Whether no rows can break it, since each value of one of its fields is there once."""
    model = before.models[migration.app_label, operation.model_name_lower]
    named = getattr(operation.constraint, "fields", ())
    fields = [model.fields[name] for name in named]
    return any(field.unique and not field.null for field in fields)


def _judge_together(
    operation: Any, migration: Migration, before: ProjectState
) -> Iterator[str]:
    model = before.models[migration.app_label, operation.name_lower]
    had = {tuple(each) for each in model.options.get(operation.option_name) or ()}
    if set(map(tuple, operation.option_value or ())) - had:
        yield "older code, and rows that are there, may break it"


_JUDGES: dict[type, Callable[[Any, Migration, ProjectState], Iterator[str]]] = {
    migrations.AddField: _judge_new_field,
    migrations.AlterField: _judge_altered_field,
    migrations.AddConstraint: _judge_constraint,
    migrations.AlterUniqueTogether: _judge_together,
}
