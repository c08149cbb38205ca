"""The shape of a demo clinic: plain values, written down in one module a clinic."""

from dataclasses import dataclass
from datetime import date, time

from bookings.seed.portraits import Face


@dataclass(frozen=True)
class Place:
    name: str
    address: str
    directions: str
    phone: str


@dataclass(frozen=True)
class Visit:
    """A service: minutes it takes, and minutes kept free before and after it."""

    slug: str
    name: str
    minutes: int
    description: str
    bring: str = ""
    mode: str = "in_person"
    before: int = 0
    after: int = 0


@dataclass(frozen=True)
class Block:
    """The same hours on some weekdays (Monday is 0), cut into slots of `minutes`."""

    weekdays: tuple[int, ...]
    opens: time
    closes: time
    minutes: int


@dataclass(frozen=True)
class Clinician:
    slug: str
    title: str
    name: str
    specialty: str
    languages: tuple[str, ...]
    bio: str
    visits: tuple[str, ...]  # slugs; the first is what a bare slot is booked as
    hours: tuple[Block, ...]
    face: Face
    booked_of_ten: int = 2  # how many of ten near times are taken
    away_days: int = 0  # from today on


@dataclass(frozen=True)
class Person:
    """Somebody with a log-in, and perhaps a child they book for."""

    mailbox: str
    name: str
    phone: str
    born: date
    child: tuple[str, date] | None = None


@dataclass(frozen=True)
class DemoClinic:
    slug: str
    name: str
    timezone: str
    language: str
    tagline: str
    opening_note: str
    emergency_note: str
    brand: tuple[int, str]  # hue, chroma
    place: Place
    visits: tuple[Visit, ...]
    clinicians: tuple[Clinician, ...]
    staff: tuple[tuple[str, str], ...]  # role (also the mailbox) and name
    patients: tuple[Person, ...]
    guests: tuple[str, ...]  # names of people without a log-in
