"""What the admin does after its transaction, with real commits."""

from django.test import Client

from bookings.models import Slot
from bookings.tests import make


def test_a_new_doctor_s_times_are_there_at_once(committed):
    make.practice(horizon_days=14)
    colleague = make.doctor()
    browser = Client(headers={"host": f"{committed.slug}.localhost"})
    browser.force_login(make.user(role="owner"))
    service, place = colleague.default_service, colleague.location
    sent = {
        "name": "Ines Duarte",
        "specialty": "Dermatology",
        "slug": "duarte",
        "languages": "en",
        "position": "0",
        "is_active": "on",
        "services": [str(service.pk)],
        "default_service": str(service.pk),
        "location": str(place.pk),
        "timezone": "Europe/London",
        "hours-TOTAL_FORMS": "1",
        "hours-INITIAL_FORMS": "0",
        "hours-0-weekday": str(make.next_week(colleague).weekday()),
        "hours-0-opens": "09:00",
        "hours-0-closes": "10:00",
        "hours-0-slot_minutes": "20",
        "hours-0-location": str(place.pk),
    }

    answer = browser.post("/admin/bookings/doctor/add/", sent)

    assert answer.status_code == 302, answer.content.decode()
    assert Slot.objects.filter(doctor__slug="duarte").count() >= 3
