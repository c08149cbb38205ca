"""One doctor's day as a page shows it: strip of the week, parts of the day, ways on."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.db.models import Min, Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bookings import agenda
from bookings.actions import claims, limits
from bookings.agenda import DayCount, SlotView
from bookings.models import Doctor, Practice, Service, Slot
from bookings.pages.held import HeldTime
from bookings.pages.soonest import Soonest, soonest
from bookings.timetable import day_bounds

DAYS = 7
NOON, EVENING = 12, 17  # hours of the wall clock
AHEAD = 60  # how many days the next one with times is looked for
_LIVE_DAYS = 62  # the most that one socket watches
_DAY = timedelta(days=1)
_NOTHING, _QUARTER = timedelta(), timedelta(minutes=15)
_COUNT_HOLDS = timedelta(seconds=limits.REMEMBER)

Days = tuple[date, date]


@dataclass(frozen=True)
class Part:
    """Morning, afternoon or evening."""

    key: str
    name: str
    slots: list[SlotView]

    @property
    def free(self) -> int:
        return sum(view.can_start for view in self.slots)


@dataclass(frozen=True)
class DayPage:
    """What is asked for, and everything that follows from it."""

    doctor: Doctor
    service: Service
    on: date
    now: datetime
    held: HeldTime | None = None
    is_move: bool = field(default=False, kw_only=True)  # of a visit that is booked

    @property
    def is_full(self) -> bool:
        """Whether the clinic's plan has no room for anybody any more this month."""
        return not (self.is_move or limits.has_room(self.now))

    @property
    def today(self) -> date:
        return self.now.astimezone(self.doctor.zone).date()

    @property
    def is_filtered(self) -> bool:
        """Whether live frames, for who books the default service, do not fit."""
        return self.is_move or self.service.pk != self.doctor.default_service_id

    @property
    def first(self) -> date:
        """Where the strip begins: today, or a number of weeks from it."""
        return self.today + timedelta(days=(self.on - self.today).days // DAYS * DAYS)

    @property
    def last(self) -> date:
        return self.first + timedelta(days=DAYS - 1)

    @property
    def reach(self) -> date:
        """The last day of which this page may show anything, whatever is free."""
        return self.on + timedelta(days=AHEAD)

    @property
    def watched_to(self) -> date:
        """The last day that a live page watches: a later one whose times it offers."""
        later = None if self.free else self.next_day
        farthest = self.first + timedelta(days=_LIVE_DAYS - 1)
        return min(max(self.last, later.on), farthest) if later else self.last

    @property
    def services(self) -> list[Service]:
        return [each for each in self.doctor.services.all() if each.is_active]

    @property
    def path(self) -> str:
        return reverse("bookings:doctor", args=[self.doctor.slug])

    @property
    def url(self) -> str:
        return self.url_of(self.on)

    @property
    def earlier_url(self) -> str:
        before = self.first - timedelta(days=DAYS)
        return self.url_of(before) if before >= self.today else ""

    @property
    def later_url(self) -> str:
        return self.url_of(self.first + timedelta(days=DAYS))

    def url_of(self, day: date) -> str:
        """The address of the same page on another day."""
        return f"{self.path}?date={day.isoformat()}&service={self.service.slug}"

    @property
    def strip(self) -> list[tuple[DayCount, str]]:
        """The days of the strip, each with its address."""
        return [(each, self.url_of(each.day)) for each in self.days]

    @property
    def days(self) -> list[DayCount]:
        dates = (self.first + timedelta(days=n) for n in range(DAYS))
        return [self._count(each) for each in dates]

    @cached_property
    def slots(self) -> list[SlotView]:
        return self._of(self.on)

    @property
    def free(self) -> int:
        return sum(view.can_start for view in self.slots)

    @property
    def parts(self) -> list[Part]:
        hours = (("am", _("Morning"), 0, NOON), ("pm", _("Afternoon"), NOON, EVENING))
        cut = [
            Part(key, name, [v for v in self.slots if start <= v.start.hour < end])
            for key, name, start, end in (*hours, ("eve", _("Evening"), EVENING, 24))
        ]
        return [part for part in cut if part.slots]

    @cached_property
    def next_day(self) -> "DayPage | None":
        """The next day with times, for a day that has none."""
        later = agenda.next_free_day(
            self.doctor,
            self.on,
            service=self.service,
            now=self.now,
            days=AHEAD,
            is_move=self.is_move,
        )
        return replace(self, on=later, held=None) if later else None

    @property
    def next_times(self) -> list[SlotView]:
        return [view for view in self.slots if view.can_start][:6]

    @cached_property
    def colleague(self) -> Soonest | None:
        """Somebody else who offers the same and has times on this day."""
        others = Doctor.objects.listed().filter(services=self.service)
        wanted = dict.fromkeys(others.exclude(pk=self.doctor.pk), self.service)
        found = soonest(wanted, now=self.now, first=self.on, days=1) if wanted else []
        return found[0] if found and found[0].times else None

    def own_days(self, *, is_asked: bool) -> Days:
        """First and last of the doctor's days whose changes may show here.

        Args:
            is_asked: the day was; else it is the first that has times.
        """
        first = self.first if is_asked else self.today
        last = self.last if self.free else self.reach
        return first - _DAY, last + _DAY  # a night's work belongs to two days

    @cached_property
    def others_days(self) -> Days | None:
        """The same of all other doctors' days, if any of them may show here."""
        if limits.is_limited():  # their bookings count, on whatever day
            return self.today - _DAY, date.max
        return None if self.free else (self.on - _DAY, self.on + _DAY)

    def changes_at(self) -> datetime:
        """When this page may begin to show something else though nothing was changed.

        A time begins, or comes near enough or too near to be booked; a hold lapses. On
        a quarter of an hour days end and clocks change, in whatever zone. How many were
        booked this month is not counted each time.
        """
        shown = Q(doctor=self.doctor, day__range=(self.today, self.reach))
        if self.others_days:  # by their ids: slots are found by doctor and day
            others = Doctor.objects.filter(is_active=True).values_list("pk", flat=True)
            shown |= Q(doctor__in=list(others), day=self.on)
        rules = claims.policy_of(Practice.load(), self.service, as_staff=False)
        ahead = {"begins": _NOTHING, "near": rules.notice, "far": rules.horizon}
        coming = {
            name: Min("start", filter=Q(start__gt=self.now + time))
            for name, time in ahead.items()
        }
        lapses = Min("held_until", filter=Q(held_until__gt=self.now))
        found = Slot.objects.filter(shown).aggregate(lapses=lapses, **coming)
        moments: list[datetime] = [
            found[name] - ahead.get(name, _NOTHING) for name in found if found[name]
        ]
        counted = self.now + (_COUNT_HOLDS if limits.is_limited() else _QUARTER)
        return min([*moments, counted, _next_quarter(self.now)])

    def _count(self, day: date) -> DayCount:
        views = self._of(day)
        return DayCount(day, sum(view.can_start for view in views), bool(views))

    def _of(self, day: date) -> list[SlotView]:
        return self._week.get(day, [])

    @cached_property
    def _week(self) -> dict[date, list[SlotView]]:
        """All slots of the strip, judged once, by day."""
        start = day_bounds(self.first, self.doctor.zone)[0]
        end = day_bounds(self.last, self.doctor.zone)[1]
        views = agenda.between(
            self.doctor,
            start,
            end,
            service=self.service,
            now=self.now,
            my_hold=self.held.hold.pk if self.held else None,
            is_move=self.is_move,
        )
        by_day: dict[date, list[SlotView]] = defaultdict(list)
        for view in views:
            if not view.slot.is_out:
                by_day[view.start.date()].append(view)
        return by_day


def first_day(
    doctor: Doctor, service: Service, now: datetime, *, is_move: bool = False
) -> date:
    """The day to show if none is asked for: today, or the first with times."""
    today = now.astimezone(doctor.zone).date()
    page = DayPage(doctor, service, today, now, is_move=is_move)
    free = next((each.day for each in page.days if each.free), None)
    if free is None and (later := page.next_day):
        return later.on
    return free or page.on


def _next_quarter(now: datetime) -> datetime:
    hour = now.replace(minute=0, second=0, microsecond=0)
    return hour + ((now - hour) // _QUARTER + 1) * _QUARTER


def mark_of(
    doctors: Iterable[UUID], first: date, last: date, now: datetime, *about: object
) -> str:
    """Make an ETag: the same while what the pages of these days show is the same.

    Times pass, and notice ends, on full minutes, so the minute is in it; holds lapse at
    any second, so those that have are counted.
    """
    wanted = list(doctors)
    revisions = agenda.revisions(wanted, first, last)
    near = Q(doctor__in=wanted, day__gte=first, day__lte=last)
    lapsed = Slot.objects.filter(near, held_until__lte=now).count()
    facts = (sorted(revisions.items()), lapsed, int(now.timestamp()) // 60)
    told = repr((facts, get_language(), about))
    return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'
