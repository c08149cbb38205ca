"""What every booking would write, or check, and nobody needs.

Without an index of its appointment a slot's row can be written in place. The foreign keys
without a constraint point at what is never deleted: a visit and its history, which one
statement writes together, and accounts, which are closed. A reference is looked for whole:
Django gives a constraint no index for LIKE, as it does a unique field.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import bookings.models.appointments


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0006_fewer_indexes_of_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.UniqueConstraint(
                fields=("reference",), name="reference_once"
            ),
        ),
        migrations.AlterField(
            model_name="appointment",
            name="reference",
            field=models.CharField(
                default=bookings.models.appointments.new_reference,
                max_length=14,
                verbose_name="reference",
            ),
        ),
        migrations.AlterField(
            model_name="appointmentchange",
            name="appointment",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="history",
                to="bookings.appointment",
            ),
        ),
        migrations.AlterField(
            model_name="appointmentchange",
            name="by",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AlterField(
            model_name="outboxmessage",
            name="change",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="message",
                to="bookings.appointmentchange",
            ),
        ),
        migrations.AlterField(
            model_name="slot",
            name="appointment",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="bookings.appointment",
                verbose_name="appointment",
            ),
        ),
    ]
