"""The small clinic that everybody fights over: few doctors, few times, long visits too.

Processes other than the test's get it as JSON; they know slots by id only.
"""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Self

from accounts.tokens import issue
from bookings.actions import slots as calendar
from bookings.models import Patient, Slot
from bookings.tests import make
from tenants.context import current_clinic

DOCTORS, WEEKS = 3, 3
HORIZON = 7 * WEEKS + 1  # days
OPENS, CLOSES = 9, 11  # six slots of twenty minutes
RECEPTION = "desk@riverside.example"


@dataclass(frozen=True)
class Time:
    """A slot."""

    id: str
    doctor: str
    slug: str
    start: str
    day: str


@dataclass(frozen=True)
class Kind:
    """A service, by the number of slots that it takes."""

    id: str
    slug: str
    slots: int


@dataclass(frozen=True)
class World:
    clinic: str
    times: list[Time]
    short: Kind
    long: Kind
    patients: list[str]  # who book again and again, at several doctors
    tokens: list[str]  # of patients with accounts, who book for themselves

    @property
    def kinds(self) -> list[Kind]:
        return [self.short, self.long]

    @cached_property
    def hot(self) -> list[Time]:
        """The times of the first week: those that all want."""
        first = min(time.day for time in self.times)
        return [time for time in self.times if time.day == first]

    @cached_property
    def times_by_id(self) -> dict[str, Time]:
        return {time.id: time for time in self.times}

    @property
    def doctors(self) -> list[str]:
        return sorted({time.doctor for time in self.times})

    def run(self, time: Time, kind: Kind) -> list[str]:
        """The slots that a service takes from a time on, as far as there are any."""
        day = [t for t in self.times if (t.doctor, t.day) == (time.doctor, time.day)]
        following = [t.id for t in day if t.start >= time.start]
        return following[: kind.slots]

    def kind_of(self, service: str) -> Kind:
        return self.short if service == self.short.id else self.long

    def at_any_doctor(self, time: Time) -> list[Time]:
        """The same time at all doctors."""
        return [each for each in self.times if each.start == time.start]

    def weekly(self, time: Time) -> list[Time]:
        """The same time of the same doctor in each week; the clocks may change."""
        hour = self._place_in_day(time)
        own = [each for each in self.times if each.doctor == time.doctor]
        return [each for each in own if self._place_in_day(each) == hour]

    def time_at(self, doctor: str, start: str) -> Time:
        wanted = (doctor, start)
        return next(t for t in self.times if (t.doctor, t.start) == wanted)

    def _place_in_day(self, time: Time) -> int:
        day = [t for t in self.times if (t.doctor, t.day) == (time.doctor, time.day)]
        return day.index(time)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> Self:
        facts = json.loads(path.read_text())
        facts["times"] = [Time(**each) for each in facts["times"]]
        for kind in ("short", "long"):
            facts[kind] = Kind(**facts[kind])
        return cls(**facts)


def build(slug: str) -> World:
    """Make it in the clinic that the caller is in, published from working hours."""
    make.practice(max_open_appointments=500, horizon_days=HORIZON, hold_minutes=1)
    make.user(role="reception", email=RECEPTION)
    short = make.service(minutes=20)
    long = make.service(minutes=40, buffer_after_minutes=5)
    doctors = [make.doctor(services=[short, long]) for _ in range(DOCTORS)]
    first = make.next_week(doctors[0])
    for doctor in doctors:
        hours = {"weekday": first.weekday(), "valid_from": first}
        make.hours(doctor, opens=f"{OPENS:02}:00", closes=f"{CLOSES}:00", **hours)
    calendar.publish()
    return World(
        clinic=slug,
        times=[_time(slot) for slot in Slot.objects.order_by("doctor", "start")],
        short=Kind(str(short.pk), short.slug, 1),
        long=Kind(str(long.pk), long.slug, 2),
        patients=[str(make.patient().pk) for _ in range(4)],
        tokens=[_token() for _ in range(12)],
    )


def _token() -> str:
    user = make.user()
    make.patient(user=user, name=user.name, email=user.email)
    return issue(user, current_clinic().pk).access


def person(name: str) -> Patient:
    """Somebody new, not saved yet, whose name and address are their mark."""
    return Patient(name=name, email=f"{name}@mail.example")


def _time(slot: Slot) -> Time:
    start = slot.start.isoformat()
    assert slot.end - slot.start == timedelta(minutes=20)
    day = slot.day.isoformat()
    return Time(str(slot.pk), str(slot.doctor_id), slot.doctor.slug, start, day)
