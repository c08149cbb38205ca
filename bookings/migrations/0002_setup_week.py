from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0001_initial"),
    ]

    operations = [
        # Nullable: clinics are migrated while older processes still write rows.
        migrations.AddField(
            model_name="practice",
            name="setup_week",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
