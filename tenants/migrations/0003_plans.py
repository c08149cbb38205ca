"""The plans that operators start with. They change them as they like."""

from typing import Any

from django.db import migrations

PLANS = [
    # code, name, doctors, appointments a month, API calls a month
    ("trial", "Trial", 5, 500, 10_000),
    ("small", "Small practice", 5, 2_000, 50_000),
    ("group", "Group practice", 40, 20_000, 1_000_000),
    ("open", "Unlimited", None, None, None),
]


def add(apps: Any, schema_editor: Any) -> None:
    del schema_editor
    plans = apps.get_model("tenants", "Plan").objects
    for code, name, doctors, appointments, calls in PLANS:
        limits = {
            "name": name,
            "max_doctors": doctors,
            "max_appointments": appointments,
            "max_api_calls": calls,
        }
        plans.get_or_create(code=code, defaults=limits)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
