"""What a booking does when something under it fails: Redis, a connection, the disk."""

import re
import socket
import threading
import time
from datetime import timedelta
from statistics import median

import httpx
import pytest
import time_machine
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, connections
from django.http import HttpResponse
from django_redis import get_redis_connection

from bookings import locking
from bookings.actions import appointments, holds
from bookings.errors import HoldExpiredError, SlotTakenError, UnavailableError
from bookings.models import Appointment, Slot
from bookings.pages.middleware import PageSessionMiddleware
from bookings.tests import make

PAGE = Appointment.Via.PAGE


@pytest.fixture
def free(committed):
    make.practice()
    slot, *_ = make.slots(make.doctor())
    return slot


def book(slot, **wishes):
    person = make.new_patient()
    return appointments.book(
        slot_id=slot.pk, patient=person, by=None, via=PAGE, **wishes
    )


def test_a_redis_that_takes_calls_and_never_answers_costs_less_than_two_seconds(
    free, daphnes
):
    with Silent() as redis:
        (address,) = daphnes(1, env={"REDIS_URL": f"redis://{redis.address}/0"})
        took = [book_by_api(address, slot) for slot in Slot.objects.order_by("start")]

    assert Appointment.objects.count() == len(took)
    assert median(took) < 2  # the first ones load what a process loads only once


def book_by_api(address, slot):
    """Book as a guest does; says how many seconds it took."""
    before = time.monotonic()
    answer = httpx.post(
        f"http://{address}/api/v1/appointments/",
        headers={"host": "riverside.localhost"},
        json={"slot": str(slot.pk), "patient": {"name": "P", "email": "p@x.example"}},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return time.monotonic() - before


class Silent:
    """A server that accepts connections and says nothing."""

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self.listener.getsockname())
        self.callers: list[socket.socket] = []
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        for each in [self.listener, *self.callers]:
            each.close()

    def accept(self):
        try:
            while True:
                self.callers.append(self.listener.accept()[0])
        except OSError:
            pass  # closed: the test is over


def test_a_redis_that_forgets_its_locks_lets_a_second_one_in_but_not_through(free):
    with locking.slot_locks([free.pk]):
        get_redis_connection("default").flushall()  # as after a restart
        book(free)  # waits for nobody
        with pytest.raises(SlotTakenError):
            book(free)

    assert Appointment.objects.count() == 1


def test_a_lock_that_ran_out_under_its_holder_is_no_error(free, monkeypatch):
    monkeypatch.setattr(locking, "LOCK_SECONDS", 0.05)
    with locking.slot_locks([free.pk]):
        time.sleep(0.1)
        made = book(free)
    assert Appointment.objects.get() == made


def test_a_connection_lost_before_commit_costs_one_more_try(free):
    tries = []

    def work():
        tries.append(Appointment.objects.count())
        made = Appointment.objects.create(**facts_of(free))
        if len(tries) == 1:
            kill_own_backend()
            Appointment.objects.count()  # finds the line dead
        return made

    locking.durably(work)

    assert tries == [0, 0]
    assert Appointment.objects.count() == 1


def test_a_connection_lost_during_commit_is_never_tried_again(free):
    with connection.cursor() as cursor:
        # Runs with COMMIT, when nobody can know any more what became of it.
        cursor.execute(
            """
            CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
              $$BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END$$;
            CREATE CONSTRAINT TRIGGER die AFTER INSERT ON bookings_appointment
              DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die();
            """
        )
    try:
        with pytest.raises(UnavailableError) as refused:
            book(free)
        assert refused.value.retry_after
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION die() CASCADE")

    assert Appointment.objects.count() == 0
    assert book(free)  # the next one has a fresh connection


def test_a_full_disk_refuses_plainly_keeps_nothing_and_does_not_stick(free):
    with connection.cursor() as cursor:
        # 53100 is disk_full (PostgreSQL, appendix A).
        cursor.execute(
            """
            CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
              $$BEGIN RAISE 'No space left on device' USING ERRCODE = '53100'; END$$;
            CREATE TRIGGER full_disk BEFORE INSERT ON bookings_appointmentchange
              FOR EACH ROW EXECUTE FUNCTION full_disk();
            """
        )
    try:
        with pytest.raises(UnavailableError):
            book(free)
        assert Slot.objects.get(pk=free.pk).appointment is None  # reads go on
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION full_disk() CASCADE")

    assert Appointment.objects.count() == 0
    assert book(free)


def test_a_page_on_a_dead_connection_says_503_and_then_works_again(free, daphnes):
    (web,) = daphnes(1)
    path = f"http://{web}/doctors/{free.doctor.slug}/?date={free.day}"
    with httpx.Client(headers={"host": "riverside.localhost"}, timeout=30) as browser:
        assert hold_by_page(browser, path, free).status_code == 302  # has a session
        answers = []
        for _ in range(3):
            kill_all_backends()
            answers += [browser.get(path) for _ in range(3)]

    statuses = {answer.status_code for answer in answers}
    assert statuses <= {200, 503}
    assert answers[-1].status_code == 200
    assert all("Retry-After" in a.headers for a in answers if a.status_code == 503)


def hold_by_page(browser, path, slot):
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', browser.get(path).text)
    assert token
    sent = {"slot": str(slot.pk), "csrfmiddlewaretoken": token[1]}
    return browser.post(path, data=sent)


def test_a_session_whose_connection_is_lost_is_saved_on_another_one(free, rf):
    request = rf.post("/")
    request.session = SessionStore()
    request.session["holds"] = "kept"
    request.session.save()
    request.session["holds"] = "changed"
    kill_own_backend()

    answer = PageSessionMiddleware(lambda _: HttpResponse()).process_response(
        request, HttpResponse("held")
    )

    assert answer.content == b"held"
    assert SessionStore(request.session.session_key)["holds"] == "changed"


@pytest.mark.parametrize("skew", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_a_server_s_wrong_clock_neither_ends_nor_keeps_a_hold(free, skew):
    other = Slot.objects.order_by("-start")[0]
    long_ago = locking.clock() - timedelta(minutes=5, seconds=1)
    over = holds.place(slot_id=other.pk, holder="other", now=long_ago)
    live = holds.place(slot_id=free.pk, holder="browser")

    with time_machine.travel(locking.clock() + skew):
        made = book(free, hold_token=live.token)
        with pytest.raises(HoldExpiredError):
            book(other, hold_token=over.token)

    assert Appointment.objects.get() == made


def kill_all_backends():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def kill_own_backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (mine,) = cursor.fetchone()
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [mine])
    finally:
        other.close()


def facts_of(slot):
    return {
        "doctor": slot.doctor,
        "service": slot.doctor.default_service,
        "location": slot.location,
        "patient": make.patient(),
        "start": slot.start,
        "end": slot.end,
        "occupied": (slot.start, slot.end),
        "wall_start": "2026-01-01T09:00",
        "zone": "Europe/London",
        "original_slots": [slot.pk],
        "booked_via": PAGE,
    }
