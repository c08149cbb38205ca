"""Find a doctor and a time: filters, and who has something soonest."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.formats import time_format
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from bookings.actions import limits
from bookings.agenda import SlotView
from bookings.models import Doctor, Service
from bookings.pages import grounds
from bookings.pages.clocks import city_of
from bookings.pages.day import EVENING, mark_of
from bookings.pages.languages import language_name
from bookings.pages.soonest import Soonest, soonest
from tenants.http import ClinicRequest

DAYS = 28
_WISHES = ("need", "doctor", "lang", "when")


@login_not_required
@require_safe
def home(request: ClinicRequest) -> HttpResponse:
    """All doctors, or those of the filters, soonest first."""
    search = Search(request.GET, timezone.now())
    if (kept := grounds.kept_by(request)) is not None:
        kept |= grounds.of_all(*search.days, search.now)
    is_fragment = bool(request.htmx) and not request.htmx.history_restore_request
    mark = search.mark() if is_fragment else ""
    if mark and mark in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponse(status=304)
    else:
        name = "bookings/_found.html" if is_fragment else "bookings/home.html"
        response = render(request, name, {"search": search})
    if mark:
        response["ETag"] = mark
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    patch_cache_control(response, private=True, no_cache=True)
    return response


@dataclass(frozen=True)
class Search:
    """What is looked for. Whatever an address holds that is not on offer is left out."""

    asked: QueryDict
    now: datetime

    @property
    def is_full(self) -> bool:
        """Whether the clinic's plan has no room for anybody any more this month."""
        return not limits.has_room(self.now)

    @cached_property
    def doctors(self) -> list[Doctor]:
        return list(Doctor.objects.listed())

    @cached_property
    def services(self) -> list[Service]:
        """Everything that somebody offers, in the clinic's order."""
        offered = {
            each.pk: each
            for doctor in self.doctors
            for each in doctor.services.all()
            if each.is_active
        }
        return sorted(offered.values(), key=lambda each: (each.position, each.name))

    @property
    def specialties(self) -> list[tuple[str, str]]:
        found = {each.specialty: each.specialty_label for each in self.doctors}
        return sorted(found.items(), key=lambda pair: pair[1])

    @property
    def languages(self) -> list[tuple[str, str]]:
        codes = {code for each in self.doctors for code in each.languages}
        return sorted(((c, language_name(c)) for c in codes), key=lambda pair: pair[1])

    @property
    def need(self) -> str:
        """`service:<slug>`, `specialty:<name>`, or nothing."""
        return self.asked.get("need", "")

    @property
    def specialty(self) -> str:
        return self.need.removeprefix("specialty:") if ":" in self.need else ""

    @property
    def has_video(self) -> bool:
        return any(each.mode == Service.Mode.VIDEO for each in self.services)

    @property
    def evening_clock(self) -> str:
        return time_format(time(EVENING), "TIME_FORMAT")

    @property
    def cities(self) -> str:
        """The cities whose clocks the shown times are."""
        zones = {each.doctor.timezone: None for each in self.found}
        return ", ".join(city_of(zone) for zone in zones)

    @property
    def lang(self) -> str:
        return self.asked.get("lang", "")

    @property
    def doctor(self) -> str:
        return self.asked.get("doctor", "")

    @property
    def when(self) -> str:
        wish = self.asked.get("when", "")
        return wish if wish in {"today", "evening", "video"} else ""

    @property
    def is_filtered(self) -> bool:
        """Whether live frames, judged for the default service, do not fit."""
        return self.when == "video" or self.service is not None

    @property
    def days(self) -> tuple[date, date]:
        """First and last of the days whose times may be shown, on whatever clock."""
        first = self.now.date() - timedelta(days=1)
        return first, first + timedelta(days=DAYS + 2)

    @property
    def window(self) -> str:
        """What a live page of this search watches."""
        first = self.now.date() - timedelta(days=1)
        return f"from={first}&to={first + timedelta(days=14)}"

    @cached_property
    def found(self) -> list[Soonest]:
        today = self.when == "today"
        all_ = soonest(
            self._wanted,
            now=self.now,
            days=2 if today else DAYS,  # somebody's today is another's tomorrow
            suits=self._suits,
        )
        return [each for each in all_ if each.times] if self.when else all_

    @property
    def everybody(self) -> list[Soonest]:
        """Who has something soonest, for a search that finds nobody."""
        wanted = {each: each.default_service for each in self.doctors}
        return [each for each in soonest(wanted, now=self.now) if each.times][:3]

    def chip(self, wish: str) -> str:
        """The address of the same search with another chip pressed."""
        kept = QueryDict(mutable=True)
        for name in _WISHES:
            if (value := self.asked.get(name)) and name != "when":
                kept[name] = value
        if wish:
            kept["when"] = wish
        return f"?{kept.urlencode()}" if kept else "."

    @property
    def chips(self) -> dict[str, str]:
        return {
            wish or "soonest": self.chip(wish)
            for wish in ("", "today", "evening", "video")
        }

    def mark(self) -> str:
        """The ETag of the list."""
        asked: list[Any] = [self.asked.get(name) for name in _WISHES]
        ids = [each.pk for each in self.doctors]
        return mark_of(ids, *self.days, self.now, *asked)

    @cached_property
    def service(self) -> Service | None:
        wanted = self.need.removeprefix("service:")
        return next((each for each in self.services if each.slug == wanted), None)

    @property
    def _wanted(self) -> dict[Doctor, Service]:
        asked = ((each, self._asked_of(each)) for each in self.doctors)
        return {doctor: service for doctor, service in asked if service}

    def _asked_of(self, doctor: Doctor) -> Service | None:
        """What is asked of a doctor; nothing, if another is looked for."""
        if self.doctor and doctor.slug != self.doctor:
            return None
        if self.lang and self.lang not in doctor.languages:
            return None
        offered = [each for each in doctor.services.all() if each.is_active]
        if self.service:
            offered = [each for each in offered if each.pk == self.service.pk]
        elif self.need and self.specialty != doctor.specialty:
            return None
        if self.when == "video":
            offered = [each for each in offered if each.mode == Service.Mode.VIDEO]
        default = [each for each in offered if each.pk == doctor.default_service_id]
        return next(iter(default or offered), None)

    def _suits(self, view: SlotView) -> bool:
        if self.when == "today":
            return view.start.date() == view.now.astimezone(view.zone).date()
        if self.when == "evening":
            return view.start.hour >= EVENING
        return True
