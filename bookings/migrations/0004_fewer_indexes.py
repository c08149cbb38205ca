"""Each index costs every booking: those go that another one opens with, or nobody asks."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0003_appointments_of_a_month"),
    ]

    operations = [
        migrations.AlterField(
            model_name="appointment",
            name="doctor",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="appointments",
                to="bookings.doctor",
                verbose_name="doctor",
            ),
        ),
        migrations.AlterField(
            model_name="appointment",
            name="location",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="bookings.location",
                verbose_name="location",
            ),
        ),
        migrations.AlterField(
            model_name="appointment",
            name="patient",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="appointments",
                to="bookings.patient",
                verbose_name="patient",
            ),
        ),
        migrations.AlterField(
            model_name="appointment",
            name="series",
            field=models.UUIDField(editable=False, null=True, verbose_name="series"),
        ),
        migrations.AlterField(
            model_name="appointmentchange",
            name="appointment",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="history",
                to="bookings.appointment",
            ),
        ),
        migrations.AlterField(
            model_name="doctorday",
            name="doctor",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="days",
                to="bookings.doctor",
            ),
        ),
        migrations.AlterField(
            model_name="slot",
            name="doctor",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="slots",
                to="bookings.doctor",
                verbose_name="doctor",
            ),
        ),
        migrations.AlterField(
            model_name="slot",
            name="hold",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="slots",
                to="bookings.hold",
                verbose_name="hold",
            ),
        ),
        migrations.AlterField(
            model_name="slot",
            name="location",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="bookings.location",
                verbose_name="location",
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("series__isnull", False)),
                fields=["series"],
                name="appointment_of_series",
            ),
        ),
        migrations.AddIndex(
            model_name="slot",
            index=models.Index(
                condition=models.Q(("hold__isnull", False)),
                fields=["hold"],
                name="slot_of_hold",
            ),
        ),
    ]
