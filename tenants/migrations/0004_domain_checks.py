"""What is known of an own domain's record, and one primary domain at most a clinic."""

from typing import Any


from django.db import migrations, models


def forget_defaults(apps: Any, schema_editor: Any) -> None:
    """Nobody has chosen yet: django-tenants made each clinic's first domain primary."""
    del schema_editor
    apps.get_model("tenants", "Domain").objects.update(is_primary=False)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_plans")]
    operations = [
        migrations.AlterField(
            "domain",
            "is_primary",
            models.BooleanField(default=False, editable=False, verbose_name="primary"),
        ),
        migrations.AddField(
            "domain",
            "missing_since",
            models.DateTimeField(
                blank=True,
                editable=False,
                null=True,
                verbose_name="record missing since",
            ),
        ),
        migrations.AddField(
            "domain",
            "check_after",
            models.DateTimeField(blank=True, db_index=True, editable=False, null=True),
        ),
        migrations.RunPython(forget_defaults, migrations.RunPython.noop),
        migrations.AddConstraint(
            "domain",
            models.UniqueConstraint(
                condition=models.Q(is_primary=True),
                fields=("tenant",),
                name="clinic_has_one_primary_domain",
            ),
        ),
        migrations.AddConstraint(
            "domain",
            models.CheckConstraint(
                condition=models.Q(is_primary=False)
                | models.Q(verified_at__isnull=False),
                name="primary_domain_is_verified",
            ),
        ),
    ]
