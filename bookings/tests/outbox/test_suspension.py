"""A suspension as it is felt: real web processes, an open socket, a worker, real mail."""

import socket
import time
from contextlib import ExitStack, closing, suppress
from urllib.parse import urlencode

import httpx
import pytest
from django.test import Client
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from accounts.tokens import issue
from bookings.interop import links
from bookings.models import Appointment
from bookings.tests import make
from bookings.tests.outbox.booking import book
from tenants import hosts, lifecycle
from tenants.context import platform_context
from tenants.models import Clinic, ClinicEvent

FELT = 5.0  # seconds within which every process feels it
HOST = "riverside.localhost"


@pytest.fixture
def riverside(committed):
    """A copy to change; afterwards the clinic is as it was, and nothing is told of it."""
    make.practice()
    kept = {"status": committed.status, "tokens_since": committed.tokens_since}
    with platform_context():
        copy = Clinic.objects.get(pk=committed.pk)
    yield copy
    with platform_context():
        Clinic.objects.filter(pk=committed.pk).update(**kept)
        ClinicEvent.objects.filter(clinic_id=committed.pk).delete()
    hosts.forget()


class Browser:
    """Speaks to one web process, at riverside."""

    def __init__(self, address, session="", **headers):
        self.address, self.session = address, session
        self._last = None
        cookies = {"session": session} if session else {}
        self.http = httpx.Client(
            base_url=f"http://{address}",
            headers={"host": HOST, **headers},
            cookies=cookies,
            timeout=20,
        )

    def socket(self):
        header = {"Cookie": f"session={self.session}"} if self.session else {}
        port = self.address.rpartition(":")[2]
        return connect(
            f"ws://{HOST}:{port}/ws/slots/?format=json",
            additional_headers=header,
            sock=self._connected(),
            proxy=None,
        )

    def is_refused_a_socket(self):
        try:
            self.socket().close()
        except InvalidStatus:
            return True
        return False

    def _connected(self):
        host, _, port = self.address.rpartition(":")
        self._last = socket.create_connection((host, int(port)))
        return self._last

    def close(self):
        self.http.close()
        if self._last:
            self._last.close()

    def form(self, path, **data):
        """Send a form as a browser does, with its token."""
        token = self.http.get("/account/login/").cookies.get("csrf")
        token = token or self.http.cookies.get("csrf")
        body = data | {"csrfmiddlewaretoken": token}
        return self.http.post(path, data=body, headers={"origin": f"http://{HOST}"})


@pytest.fixture
def open_at():
    """Browsers, closed in the end."""
    with ExitStack() as stack:
        yield lambda *how, **headers: stack.enter_context(
            closing(Browser(*how, **headers))
        )


def test_it_is_felt_by_sockets_sessions_tokens_and_mail_and_all_comes_back(
    riverside, daphnes, worker, mailbox, open_at
):
    owner = make.user(role="owner", email="olga@riverside.example")
    worker()
    visit = book()
    page = f"/appointments/{visit.reference}/?{urlencode({'key': links.key_of(visit)})}"
    tokens = issue(owner, riverside.pk)
    here, there = daphnes(2)
    mailbox.wait_for(1)
    guest, staff = open_at(here), open_at(there, _session_of(owner))
    program = open_at(there, authorization=f"Bearer {tokens.access}")
    assert guest.http.get("/").status_code == 200
    assert staff.http.get("/admin/").status_code == 200
    assert program.http.get("/api/v1/appointments/").status_code == 200

    with guest.socket() as anonymous, staff.socket() as known:
        assert '"snapshot"' in anonymous.recv(5)
        assert '"snapshot"' in known.recv(5)
        begun = time.monotonic()
        lifecycle.suspend(riverside, by="operator")
        felt = {
            "page": _until(begun, lambda: guest.http.get("/").status_code == 403),
            "session": _until(
                begun, lambda: staff.http.get("/admin/").status_code == 302
            ),
            "token": _until(
                begun,
                lambda: program.http.get("/api/v1/appointments/").status_code == 403,
            ),
            "anonymous socket": _closed(begun, anonymous),
            "socket of a member": _closed(begun, known),
        }
    print({name: round(seconds, 2) for name, seconds in felt.items()})  # noqa: T201
    assert max(felt.values()) < FELT, felt

    book()  # by a request that was under way: its mail has to wait
    assert guest.is_refused_a_socket()
    assert guest.http.get(page).status_code == 200
    entered = staff.form("/account/login/", email=owner.email, password=make.PASSWORD)
    assert entered.headers["Location"] == "/admin/"
    assert "Suspended: read only" in staff.http.get("/admin/").text
    add = "/admin/bookings/patient/add/"
    assert staff.form(add, name="Nobody").status_code == 403
    time.sleep(1)  # four looks of the worker
    assert len(mailbox.messages) == 1

    lifecycle.resume(riverside, by="operator")
    begun = time.monotonic()
    assert _until(begun, lambda: guest.http.get("/").status_code == 200) < FELT
    mailbox.wait_for(1)
    assert (
        _until(begun, lambda: staff.http.get(add).text.count("read only") == 0) < FELT
    )
    assert program.http.get("/api/v1/appointments/").status_code == 401
    body = {"refresh": tokens.refresh}
    assert program.http.post("/api/v1/auth/refresh/", json=body).status_code == 401
    with guest.socket() as again:
        assert '"snapshot"' in again.recv(5)
    assert set(Appointment.objects.values_list("status", flat=True)) == {"booked"}


def _session_of(user):
    client = Client(headers={"host": HOST})
    client.force_login(user)
    return client.cookies["session"].value


def _until(begun, is_so):
    while not is_so():
        assert time.monotonic() - begun < 2 * FELT
        time.sleep(0.05)
    return time.monotonic() - begun


def _closed(begun, watching):
    """How long after `begun` the other side closed; its frames before are let fall."""
    with suppress(ConnectionClosed):
        while time.monotonic() - begun < 2 * FELT:
            with suppress(TimeoutError):
                watching.recv(0.5)
    assert watching.close_code == 4401
    return time.monotonic() - begun
