"""The steps of the set-up: their order, which are open, and what is still missing."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bookings.models import Doctor, Location, Practice, Service


@dataclass(frozen=True)
class Step:
    """A page of the set-up; its `name` is what `Practice.setup_steps` keeps."""

    name: str
    title: str | Promise
    what: str | Promise  # what is still to do, on the last page and in the admin

    @property
    def url(self) -> str:
        return reverse(f"setup:{self.name}")

    @property
    def number(self) -> int:
        return STEPS.index(self) + 1

    @property
    def before(self) -> "Step | None":
        return STEPS[self.number - 2] if self.number > 1 else None


PLACE = Step(
    "place", _("Where and when are you open?"), _("Your address and opening hours")
)
SERVICES = Step(
    "services", _("What do people come for?"), _("What people can come for")
)
DOCTOR = Step("doctor", _("Who sees them?"), _("The first doctor"))
LOOK = Step("look", _("Your colour and logo"), _("Your colour and logo"))
STEPS = (PLACE, SERVICES, DOCTOR, LOOK)


def first_open(practice: Practice) -> Step | None:
    """The first step that was neither done nor skipped; none: the set-up is over."""
    closed = {*practice.setup_steps, *_done(practice)}
    return next((step for step in STEPS if step.name not in closed), None)


def missing(practice: Practice) -> list[Step]:
    """What the clinic still lacks. A step that was skipped is missing all the same.

    Only the look may be left as it is: skipped, it is not asked for again.
    """
    done = _done(practice)
    if LOOK.name in practice.setup_steps:
        done.add(LOOK.name)
    return [step for step in STEPS if step.name not in done]


def close(practice: Practice, step: Step) -> None:
    """Take down that a step was done or skipped. The caller saves `setup_steps`."""
    if step.name not in practice.setup_steps:
        practice.setup_steps = [*practice.setup_steps, step.name]


def _done(practice: Practice) -> set[str]:
    """The steps whose result is there, whoever made it and by which door."""
    facts = {
        PLACE.name: Location.objects.exclude(address="").exists(),
        SERVICES.name: Service.objects.exists(),
        DOCTOR.name: Doctor.objects.exists(),
        LOOK.name: bool(practice.logo or practice.logo_svg),
    }
    return {name for name, is_done in facts.items() if is_done}
