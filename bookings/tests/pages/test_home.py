"""Finding a doctor and a time."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.locking import bump_days, days_of
from bookings.models import Doctor, Service, Slot
from bookings.tests import make


def listed(page: object) -> list[str]:
    """The doctors of a page, in its order."""
    found = page.context["search"].found  # type: ignore[attr-defined]
    return [each.doctor.slug for each in found]


def test_the_soonest_comes_first_and_who_has_nothing_last(clinic_client: Client):
    late, none, soon = (make.doctor(slug=slug) for slug in ("late", "none", "soon"))
    make.slots(late, start=datetime.now(UTC) + timedelta(days=20), number=1)
    make.slots(soon, start=datetime.now(UTC) + timedelta(days=2), number=1)

    page = clinic_client.get("/")

    assert listed(page) == ["soon", "late", none.slug]
    assert b"Nothing free in the next 28 days" in page.content


@pytest.mark.parametrize("days", [0, 1, 2, 3, 4, 5, 25])
def test_it_is_found_on_whatever_day_it_is(clinic_client: Client, days: int):
    doctor, other = make.doctor(), make.doctor()
    start = datetime.now(UTC) + timedelta(days=days, hours=1)
    make.slots(doctor, start=start, number=1)
    make.slots(other, start=start + timedelta(days=1), number=1)

    page = clinic_client.get("/")

    assert listed(page) == [doctor.slug, other.slug]
    assert b"Nothing free" not in page.content


def test_each_choosable_time_stands_there_once(
    clinic_client: Client, slots: list[Slot]
):
    page = clinic_client.get("/").content.decode()

    for slot in slots[:4]:
        assert page.count(f'id="slot-{slot.pk}"') == 1
        assert f'value="{slot.pk}"' in page
    local = slots[0].start.astimezone(slots[0].doctor.zone)
    assert f'<time datetime="{local.isoformat()}">' in page
    assert 'data-status="free" data-version="1"' in page


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("need=specialty:Dermatology", ["skin"]),
        ("need=service:video-call", ["far"]),
        ("doctor=far", ["far"]),
        ("lang=tr", ["skin"]),
        ("when=video", ["far"]),
        ("when=evening", ["skin"]),
        ("lang=tr&doctor=far", []),
        ("need=nonsense", []),
    ],
)
def test_filters_filter(clinic_client: Client, query: str, slugs: list[str]):
    video = make.service(slug="video-call", mode=Service.Mode.VIDEO)
    far = make.doctor(slug="far", services=[make.service(), video])
    skin = make.doctor(slug="skin", specialty="Dermatology", languages=["en", "tr"])
    make.slots(far, number=2)
    day = make.next_week(skin)
    make.slots(skin, start=make.at(skin, day, time(17)), number=1)

    assert listed(clinic_client.get(f"/?{query}")) == slugs


def test_today_is_the_doctors_today(clinic_client: Client):
    now = datetime.now(UTC)
    today, tomorrow = make.doctor(slug="today"), make.doctor(slug="tomorrow")
    zone = today.zone
    midnight = datetime.combine(
        (now.astimezone(zone) + timedelta(days=1)).date(), time(), tzinfo=zone
    )
    make.slots(today, start=midnight - timedelta(minutes=1), number=1)
    make.slots(tomorrow, start=midnight, number=1)

    assert listed(clinic_client.get("/?when=today")) == ["today"]


def test_evening_shows_evening_times_only(clinic_client: Client, doctor: Doctor):
    day = make.next_week(doctor)
    make.slots(doctor, start=make.at(doctor, day, time(16, 40)), number=3)

    (found,) = clinic_client.get("/?when=evening").context["search"].found

    assert [view.clock for view in found.times] == ["17:00", "17:20"]


def test_no_result_is_no_dead_end(clinic_client: Client, slots: list[Slot]):
    page = clinic_client.get("/?lang=xx").content.decode()

    assert "Nobody has a time like this" in page
    assert f'id="slot-{slots[0].pk}"' in page
    assert "020 7946 0118" in page


@pytest.mark.parametrize("path", ["/", "/?when=evening", "/?when=today"])
def test_three_doctors_cost_as_many_queries_as_one(clinic_client: Client, path: str):
    counts = []
    clinic_client.get(path)  # the host is looked up once
    for slug in ("one", "two", "three"):
        doctor = make.doctor(slug=slug)
        make.slots(doctor, start=make.at(doctor, make.next_week(doctor), time(17)))
        with CaptureQueriesContext(connection) as queries:
            clinic_client.get(path)
        counts.append(len(queries))

    assert counts[0] == counts[2], counts


def test_filters_answer_with_the_list_alone_to_htmx(
    clinic_client: Client, slots: list[Slot]
):
    fragment = clinic_client.get("/", headers={"HX-Request": "true"})

    assert fragment.content.decode().lstrip().startswith("<section")
    assert f'id="slot-{slots[0].pk}"' in fragment.content.decode()
    assert "HX-Request" in fragment["Vary"]


def test_an_unchanged_list_is_not_sent_again(clinic_client: Client, slots: list[Slot]):
    headers = {"HX-Request": "true"}
    first = clinic_client.get("/", headers=headers)
    headers["If-None-Match"] = first["ETag"]

    again = clinic_client.get("/", headers=headers)
    bump_days(days_of(slots))
    changed = clinic_client.get("/", headers=headers)

    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200
