"""The world that the walk goes through has a row of everything, and warns everywhere."""

from tenants.context import clinic_context
from tenants.tests.isolation import rows

# Their texts are written by the machine alone, or kept as JSON.
SILENT = [
    "contenttypes.ContentType",
    "sessions.Session",
    "bookings.Hold",
    "bookings.KeptAnswer",
]
TEACH = "Add a row to tenants/tests/isolation/world.py: what no clinic has, none leaks."


def test_every_model_has_a_row_at_both_clinics(twins):
    for clinic in twins:
        with clinic_context(clinic):
            assert rows.models_without_rows() == [], TEACH


def test_every_model_with_free_text_has_a_canary_at_both_clinics(twins):
    for clinic in twins:
        with clinic_context(clinic):
            assert rows.texts_without_canary() == SILENT, TEACH


def test_keys_are_equal_at_both_clinics(twins):
    riverside: dict[str, set[object]] = {}
    harbor: dict[str, set[object]] = {}
    for clinic, found in zip(twins, (riverside, harbor), strict=True):
        with clinic_context(clinic):
            for model in rows.models_of_clinics():
                keys = model._base_manager.values_list("pk", flat=True)
                found[model._meta.label] = set(keys)
    apart = [label for label in riverside if not riverside[label] <= harbor[label]]
    assert apart == []
    assert riverside["bookings.Appointment"] < harbor["bookings.Appointment"]
