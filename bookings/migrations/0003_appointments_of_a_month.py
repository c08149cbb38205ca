from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bookings", "0002_setup_week")]

    operations = [
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                fields=["created_at"],
                condition=~models.Q(status="cancelled"),
                name="appointment_booked_at",
            ),
        ),
    ]
