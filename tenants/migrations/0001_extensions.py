"""Extensions in a schema of their own: on every clinic's path, without `public`."""

from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(
            "CREATE SCHEMA IF NOT EXISTS extensions;"
            "CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA extensions;",
            migrations.RunSQL.noop,
        ),
    ]
