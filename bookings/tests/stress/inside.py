"""Whoever calls the actions themselves: what the clinic's own people have in common."""

import time as clock
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection

from bookings.errors import BookingError, NotOfferedError, UnavailableError
from bookings.models import Appointment, Service
from bookings.tests.stress.client import Client
from bookings.tests.stress.operations import LOST, UNAVAILABLE, Answer, Operation
from bookings.tests.stress.world import Kind
from tenants.context import clinic_context, platform_context
from tenants.models import Clinic

DESK = Appointment.Via.DESK
_AWAY = (OperationalError, InterfaceError)


class Insider(Client):
    """One thread of the clinic's own process."""

    def act(self) -> None:
        """Do one thing inside the clinic."""
        try:
            with clinic_context(clinic_of(self.world.clinic)):
                super().act()
        except _AWAY:
            clock.sleep(0.1)  # outside of any operation: a look at what is there
        finally:
            connection.close()

    @contextmanager
    def noted(
        self, path: str, kind: str, runs: list[list[str]] | None = None, who: str = ""
    ) -> Iterator[Operation]:
        """Note an operation; a refusal, or a lost database, ends it here."""
        with self.notes.operation(
            self.name, path, kind, runs=runs or [], who=who, mark=self.new_mark()
        ) as operation:
            try:
                yield operation
            except (UnavailableError, *_AWAY) as error:
                is_ours = isinstance(error, UnavailableError)
                code = UNAVAILABLE if is_ours else LOST
                now = clock.monotonic_ns()
                operation.answers.append(Answer(now, code=code, door=str(error)))
                operation.refuse(code)
                connection.close()
            except BookingError as error:
                operation.refuse(code_of(error))

    def run_of(self, visit: Appointment) -> list[str]:
        """The slots of a visit that was just booked."""
        doctor, start = str(visit.doctor_id), visit.start.isoformat()
        time = self.world.time_at(doctor, start)
        return self.world.run(time, self.world.kind_of(str(visit.service_id)))


def code_of(error: BookingError) -> str:
    if isinstance(error, NotOfferedError):
        return f"{error.code}:{error.reason}"
    return error.code


def clinic_of(slug: str) -> Clinic:
    with platform_context():
        return Clinic.objects.get(slug=slug)


def service_of(kind: Kind) -> Service:
    return Service.objects.get(pk=kind.id)
