"""How fast workers send what bookings promised, to a mail server that takes everything."""

import sys
import time
from collections.abc import Iterator

from django.conf import settings

from benchmarks import load
from benchmarks.entries import UVICORN, serving
from benchmarks.filled import Filled, filled, prepare
from benchmarks.processes import cpu_seconds
from benchmarks.rows import Row
from benchmarks.web import kept_running
from bookings.models import OutboxMessage
from bookings.tests.outbox.mailbox import Mailbox
from bookings.tests.processes import free_port
from tenants.context import clinic_context

_MESSAGES = 500
_PATIENCE = 300  # seconds


def measure() -> Iterator[Row]:
    """Book, and then send all messages with one worker and with two."""
    prepare()
    clinic = filled(doctors=20, days=30, patients=1000)
    for workers in (1, 2):
        with serving(UVICORN) as servers:
            clinic.free()
            plan = load.posts("/api/v1/appointments/", clinic.next_orders(_MESSAGES))
            load.send_all(servers[UVICORN], plan)
        yield _sending(clinic, workers)


def _sending(clinic: Filled, workers: int) -> Row:
    waiting = _waiting(clinic)
    with Mailbox(free_port()) as box:
        env = {"EMAIL_URL": f"smtp://127.0.0.1:{box.port}"}
        command = [sys.executable, "manage.py", "work"]
        with kept_running([command] * workers, env, settings.BASE_DIR) as pids:
            box.wait_for(1, 30)  # they have started
            began, sent = time.perf_counter(), len(box.messages)
            used = cpu_seconds(pids)
            while _waiting(clinic) and time.perf_counter() - began < _PATIENCE:
                time.sleep(0.05)
            took = time.perf_counter() - began
            used = cpu_seconds(pids) - used
        done = len(box.messages) - sent
    cost = used * 1000 / max(1, done)
    note = f"{len(box.messages)} of {waiting} came; CPU {cost:.1f} ms a message"
    return Row(f"messages sent, workers: {workers}", done / took, "/s", note)


def _waiting(clinic: Filled) -> int:
    with clinic_context(clinic.clinic):
        return OutboxMessage.objects.filter(sent_at=None).count()
