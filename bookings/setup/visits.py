"""Second step: what people come for. A kind of practice proposes, the owner decides."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.actions import changes
from bookings.actions.changes import Scope
from bookings.actions.entries import Actor
from bookings.models import Doctor, Service
from bookings.setup import rows
from bookings.setup.fields import StepForm, text
from bookings.setup.kinds import Kind, Proposal
from bookings.setup.steps import SERVICES

_OWN = "own"  # prefix of the line for a visit that nobody proposed


class VisitForm(forms.Form):
    """One kind of visit. A line that is not ticked may hold anything."""

    offered = forms.BooleanField(required=False)
    seen = forms.BooleanField(required=False, widget=forms.HiddenInput)
    name = text(gettext_lazy("Name"), 120, required=False)
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"),
        required=False,
        min_value=5,
        max_value=480,
        widget=forms.NumberInput(attrs={"class": "input", "inputmode": "numeric"}),
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("How"),
        required=False,
        choices=Service.Mode.choices,
        widget=forms.Select(attrs={"class": "select"}),
    )
    description = text(
        gettext_lazy("What patients read about it (optional)"), 300, required=False
    )

    def __init__(self, data: Any, *, slug: str, **kwargs: Any) -> None:
        super().__init__(
            data, prefix=f"v-{slug}", use_required_attribute=False, **kwargs
        )
        self.slug = slug

    @property
    def is_own(self) -> bool:
        return self.slug == _OWN

    @property
    def is_wanted(self) -> bool:
        sent = self.cleaned_data
        return bool(sent.get("name") if self.is_own else sent.get("offered"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not (self.is_own or cleaned.get("offered")):
            self.errors.clear()
            return cleaned
        needs = not self.is_own or cleaned.get("name") or cleaned.get("minutes")
        if needs and not cleaned.get("name") and "name" not in self.errors:
            self.add_error("name", _("Give it a name."))
        if needs and not cleaned.get("minutes") and "minutes" not in self.errors:
            self.add_error("minutes", _("Write how many minutes it takes."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """What was typed, as a service's fields."""
        sent = self.cleaned_data
        return {
            "name": sent["name"],
            "duration_minutes": sent["minutes"],
            "mode": sent["mode"] or Service.Mode.IN_PERSON,
            "description": sent["description"],
            "is_active": True,
        }


class VisitsForm(StepForm):
    """All lines: what the clinic has, then what its kind proposes, then an empty one."""

    def __init__(self, data: Any = None, *, kind: Kind | None = None) -> None:
        super().__init__(data)
        self.kind = kind
        known = list(Service.objects.all())
        self.lines = [_of_service(data, each) for each in known]
        slugs = {each.slug for each in known}
        proposals = [v for v in kind.visits if v.slug not in slugs] if kind else []
        # Beside what the clinic has, nothing is chosen for it.
        self.lines += [_of_proposal(data, v, is_on=not known) for v in proposals]
        self.has_lines = bool(self.lines)
        self.lines.append(VisitForm(data, slug=_OWN))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        are_right = [line.is_valid() for line in self.lines]
        if not all(are_right):
            self.add_error(None, _("Look at the lines that are marked."))
        elif not any(line.is_wanted for line in self.lines):
            self.add_error(None, _("Tick at least one, or skip this step for now."))
        return cleaned

    def save(self, *, by: Actor) -> None:
        changed = [line.slug for line in self.lines if line.has_changed()]
        doctor = rows.first_doctor()
        whose = Q(services__slug__in=changed) | Q(pk=doctor.pk if doctor else None)
        touched = Doctor.objects.filter(whose).values_list("pk", flat=True).distinct()
        changes.apply(self._write, decisions={}, by=by, scope=Scope(list(touched)))

    def _write(self) -> None:
        practice = rows.locked_practice()
        known = {each.slug: each for each in Service.objects.all()}
        made = []
        for position, line in enumerate(self.lines):
            service = known.get(line.slug)
            if line.is_wanted and (new := _write_line(line, service, known, position)):
                made.append(new)
            elif service and not line.is_wanted and line.cleaned_data.get("seen"):
                Service.objects.filter(pk=service.pk).update(is_active=False)
        _offer(made)
        rows.take_down(practice, SERVICES)


def _of_service(data: Any, service: Service) -> VisitForm:
    known = {
        "offered": service.is_active,
        "name": service.name,
        "minutes": service.duration_minutes,
        "mode": service.mode,
        "description": service.description,
    }
    return VisitForm(data, slug=service.slug, initial=known | {"seen": True})


def _of_proposal(data: Any, visit: Proposal, *, is_on: bool) -> VisitForm:
    proposed = {
        "offered": is_on,
        "name": visit.name,
        "minutes": visit.minutes,
        "mode": visit.mode,
        "description": visit.description,
    }
    return VisitForm(data, slug=visit.slug, initial=proposed)


def _write_line(
    line: VisitForm, service: Service | None, known: dict[str, Service], position: int
) -> Service | None:
    """Save one kind of visit; returns it if it is new."""
    values = line.values()
    if line.is_own:  # sent once more, it is the one that was made before
        same = (
            s for s in known.values() if s.name.casefold() == values["name"].casefold()
        )
        service = next(same, None)
    if service:
        Service.objects.filter(pk=service.pk).update(**values)
        return None
    slug = _free_slug(values["name"], known) if line.is_own else line.slug
    return Service.objects.create(slug=slug, position=position, **values)


def _offer(made: Iterable[Service]) -> None:
    """Have the first doctor offer what is new, and by default something on offer."""
    doctor = rows.first_doctor()
    if doctor is None:
        return
    doctor.services.add(*made)
    if not doctor.services.filter(is_active=True).exists():
        doctor.services.add(*Service.objects.filter(is_active=True))
    active = list(doctor.services.filter(is_active=True))
    if doctor.default_service not in active:
        doctor.default_service = active[0]
        doctor.save(update_fields=["default_service"])
    if week := rows.week_of_doctor(doctor):
        rows.write_hours(doctor, week)


def _free_slug(name: str, taken: Iterable[str]) -> str:
    base = slugify(name)[:40] or "visit"
    numbered = (f"{base}-{n}" for n in range(2, len(list(taken)) + 3))
    return next(slug for slug in (base, *numbered) if slug not in set(taken))
