"""Migrations that break older processes are planted, and refused with a way out."""

from typing import Any

import pytest
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    ValidateConstraint,
)
from django.core.management import CommandError, call_command
from django.db import migrations, models
from django.db.migrations.state import ProjectState

from config.expandcontract import objections
from config.management.commands import lint_migrations

VISIT = migrations.CreateModel(
    "Visit",
    [
        ("id", models.AutoField(primary_key=True)),
        ("name", models.CharField(max_length=40)),
        ("note", models.TextField(null=True)),
        ("kind", models.CharField(max_length=9, db_default="new")),
        ("minutes", models.IntegerField()),
        ("code", models.CharField(max_length=9, unique=True)),
        ("number", models.IntegerField(null=True, unique=True)),
    ],
)
POSITIVE = models.CheckConstraint(condition=models.Q(minutes__gt=0), name="positive")
ONE_CODE = models.UniqueConstraint(fields=["name", "code"], name="one_code")
ONE_NUMBER = models.UniqueConstraint(
    fields=["number"], nulls_distinct=False, name="one_number"
)
ONE_NAME = models.UniqueConstraint(fields=["name"], name="one_name")


def run(apps, editor): ...


BAD = [
    (migrations.RemoveField("visit", "note"), "stop using it in one release"),
    (migrations.DeleteModel("Visit"), "delete it in the next"),
    (migrations.RenameField("visit", "name", "title"), "add a field, write both"),
    (migrations.RenameModel("Visit", "Call"), "keep the table"),
    (migrations.AlterModelTable("Visit", "visits"), "keep its name"),
    (
        migrations.AddField("visit", "room", models.TextField(default="")),
        "give it a db_default",
    ),
    (
        migrations.AddField("visit", "code", models.TextField(null=True, unique=True)),
        "then unique",
    ),
    (migrations.AlterField("visit", "note", models.TextField()), "writes NULL"),
    (
        migrations.AlterField("visit", "name", models.CharField(max_length=30)),
        "longer values",
    ),
    (
        migrations.AlterField(
            "visit", "note", models.CharField(max_length=9, null=True)
        ),
        "add a new field",
    ),
    (
        migrations.AlterField("visit", "minutes", models.BigIntegerField()),
        "rewrites the table",
    ),
    (
        migrations.AlterField("visit", "kind", models.CharField(max_length=9)),
        "leaves it to the db_default",
    ),
    (
        migrations.AlterField(
            "visit", "name", models.CharField(max_length=40, unique=True)
        ),
        "repeat values",
    ),
    (migrations.AddConstraint("visit", POSITIVE), "AddConstraintNotValid"),
    (migrations.AddConstraint("visit", ONE_NAME), "may break it"),
    (migrations.AddConstraint("visit", ONE_NUMBER), "may break it"),
    (migrations.AlterUniqueTogether("visit", {("name", "kind")}), "may break it"),
    (
        AddIndexConcurrently("visit", models.Index(fields=["name"], name="by_name")),
        "AddIndex is quick enough",
    ),
    (migrations.RunSQL("SELECT 1"), "cannot be judged"),
    (migrations.SeparateDatabaseAndState(), "hidden"),
    (migrations.AlterOrderWithRespectTo("visit", None), "cannot fill"),
]
GOOD = [
    migrations.AddField("visit", "room", models.TextField(db_default="")),
    migrations.AddField("visit", "room", models.TextField(null=True)),
    migrations.AddField("visit", "others", models.ManyToManyField("self")),
    migrations.AlterField("visit", "name", models.CharField(max_length=80)),
    migrations.AlterField("visit", "name", models.TextField()),
    migrations.AlterField(
        "visit", "name", models.CharField("known as", max_length=40, blank=True)
    ),
    migrations.AlterField("visit", "minutes", models.IntegerField(null=True)),
    migrations.AddIndex("visit", models.Index(fields=["name"], name="by_name")),
    migrations.AlterModelOptions("visit", {"ordering": ["name"]}),
    migrations.AddConstraint("visit", ONE_CODE),
    AddConstraintNotValid("visit", POSITIVE),
    ValidateConstraint("visit", "positive"),
    migrations.RunPython(run, migrations.RunPython.noop, elidable=True),
]


@pytest.mark.parametrize(("operation", "advice"), BAD)
def test_what_older_code_does_not_survive_is_refused_with_a_way_out(operation, advice):
    [text] = _objections(operation)
    assert text.startswith("planted.0002_planted: ")
    assert advice in text
    assert "contract_after" in text


@pytest.mark.parametrize("operation", [operation for operation, _ in BAD])
def test_it_passes_when_no_running_code_uses_it_any_more(operation):
    assert _objections(operation, contract_after="0.1") == []


@pytest.mark.parametrize("operation", GOOD)
def test_what_only_adds_passes(operation):
    assert _objections(operation) == []


def test_a_table_of_the_same_migration_may_get_anything():
    made = migrations.CreateModel("Room", [("id", models.AutoField(primary_key=True))])
    field = migrations.AddField("room", "name", models.TextField())
    assert _objections(made, field) == []


@pytest.mark.parametrize(
    ("operation", "advice"),
    [
        (migrations.RunPython(run, elidable=True), "give reverse_code"),
        (migrations.RunPython(run, run), "elidable=True"),
    ],
)
def test_data_needs_a_way_back_and_a_word_on_new_clinics(operation, advice):
    [text] = _objections(operation, contract_after="0.1")
    assert advice in text


def test_data_that_new_clinics_need_says_why():
    kept = migrations.RunPython(run, run)
    assert _objections(kept, not_elidable_because="it makes the first plan") == []


def test_our_own_migrations_pass():
    call_command("lint_migrations")


def test_the_command_refuses_what_is_newer_than_the_baseline(monkeypatch):
    monkeypatch.setitem(lint_migrations.BASELINE, "tenants", "0001_extensions")
    with pytest.raises(CommandError, match=r"tenants\.0004_domain_checks"):
        call_command("lint_migrations")


@pytest.mark.parametrize(
    ("named", "complaint"), [("99.0", "not out"), ("soon", "must be")]
)
def test_the_release_that_is_named_must_be_out(named, complaint):
    migration = type("Planted", (migrations.Migration,), {"contract_after": named})
    [text] = lint_migrations._wrong_release(migration("0002_planted", "planted"))
    assert complaint in text


def _objections(*operations: Any, **declared: Any) -> list[str]:
    state = ProjectState()
    VISIT.state_forwards("planted", state)
    made = type("Planted", (migrations.Migration,), declared)
    migration = made("0002_planted", "planted")
    migration.operations = list(operations)
    return list(objections(migration, state))
