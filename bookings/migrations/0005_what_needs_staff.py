from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0004_fewer_indexes")]

    operations = [
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                fields=["start"],
                condition=models.Q(is_unplaced=True),
                name="appointment_unplaced",
            ),
        ),
        migrations.AddIndex(
            model_name="outboxmessage",
            index=models.Index(
                fields=["due_at"],
                condition=models.Q(state="dead"),
                name="outbox_dead",
            ),
        ),
    ]
