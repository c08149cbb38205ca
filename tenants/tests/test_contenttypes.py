"""Content types, which Django remembers, are those of the clinic one works for."""

from django.contrib.contenttypes.models import ContentType

from accounts.models import User
from tenants.context import clinic_context, platform_context


def test_each_schema_has_its_own(clinic, other_clinic):
    def known_and_stored():
        stored = ContentType.objects.filter(app_label="accounts", model="user").get()
        return ContentType.objects.get_for_model(User).pk, stored.pk

    with platform_context():
        platforms, stored = known_and_stored()
        assert platforms == stored
    with clinic_context(other_clinic):
        # As after years of migrations in another order.
        kind = {"app_label": "accounts", "model": "user"}
        ContentType.objects.filter(**kind).delete()
        ContentType.objects.clear_cache()
        ContentType.objects.create(id=9999, **kind)
        assert known_and_stored() == (9999, 9999)
    with clinic_context(clinic):
        here, stored = known_and_stored()
        assert here == stored != 9999
