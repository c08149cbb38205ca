"""Kinds of practice, and the visits that each usually offers: proposals, to be edited."""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bookings.models import Service

Text = str | Promise
_VIDEO, _PHONE = Service.Mode.VIDEO, Service.Mode.PHONE


@dataclass(frozen=True)
class Proposal:
    """A kind of visit. The slug is what makes it the same one when it is saved again."""

    slug: str
    name: Text
    minutes: int
    description: Text = ""
    mode: str = Service.Mode.IN_PERSON


@dataclass(frozen=True)
class Kind:
    """A kind of practice. `specialty` is proposed for its doctors."""

    name: str
    title: Text
    specialty: Text
    visits: tuple[Proposal, ...]


KINDS = (
    Kind(
        "general",
        _("General practice"),
        _("General practice"),
        (
            Proposal(
                "new-concern",
                _("New concern"),
                20,
                _("Something new that you want a doctor to look at."),
            ),
            Proposal(
                "follow-up",
                _("Follow-up"),
                10,
                _("We look at how you are doing since your last visit."),
            ),
            Proposal(
                "check-up",
                _("Health check"),
                40,
                _("A thorough check, and time to talk about the results."),
            ),
            Proposal(
                "video",
                _("Video consultation"),
                20,
                _("From home, on your phone or computer."),
                _VIDEO,
            ),
        ),
    ),
    Kind(
        "dentist",
        _("Dentist"),
        _("Dentistry"),
        (
            Proposal(
                "dental-check",
                _("Check-up"),
                30,
                _("We look at your teeth and gums."),
            ),
            Proposal(
                "dental-cleaning",
                _("Cleaning"),
                45,
                _("Professional cleaning and polishing."),
            ),
            Proposal(
                "toothache",
                _("Toothache"),
                30,
                _("Something hurts or is broken."),
            ),
            Proposal(
                "filling",
                _("Filling or repair"),
                60,
                _("Treatment that we agreed on before."),
            ),
        ),
    ),
    Kind(
        "physiotherapy",
        _("Physiotherapy"),
        _("Physiotherapy"),
        (
            Proposal(
                "physio-first",
                _("First visit"),
                45,
                _("We find out what hurts and why, and make a plan."),
            ),
            Proposal("physio", _("Treatment"), 30, _("Treatment and exercises.")),
            Proposal(
                "physio-video",
                _("Exercises by video"),
                30,
                _("We go through your exercises together."),
                _VIDEO,
            ),
        ),
    ),
    Kind(
        "psychotherapy",
        _("Psychotherapy"),
        _("Psychotherapy"),
        (
            Proposal(
                "first-talk",
                _("First conversation"),
                50,
                _("We get to know each other and see whether we can work together."),
            ),
            Proposal("session", _("Session"), 50, _("Your regular session.")),
            Proposal(
                "session-video",
                _("Session by video"),
                50,
                _("Your regular session, from home."),
                _VIDEO,
            ),
        ),
    ),
    Kind(
        "paediatrics",
        _("Paediatrics"),
        _("Paediatrics"),
        (
            Proposal(
                "sick-child",
                _("My child is ill"),
                15,
                _("Fever, cough, a rash or anything that worries you."),
            ),
            Proposal(
                "child-check",
                _("Check-up"),
                30,
                _("Growth and development, at the usual ages."),
            ),
            Proposal(
                "vaccination",
                _("Vaccination"),
                15,
                _("Bring the vaccination record with you."),
            ),
            Proposal(
                "parents-call",
                _("Phone call with parents"),
                15,
                _("We call you at this time."),
                _PHONE,
            ),
        ),
    ),
    Kind(
        "dermatology",
        _("Dermatology"),
        _("Dermatology"),
        (
            Proposal(
                "skin-concern",
                _("Skin concern"),
                20,
                _("A rash, a spot, acne or eczema."),
            ),
            Proposal(
                "skin-check",
                _("Skin check"),
                30,
                _("A full look at moles and marks."),
            ),
            Proposal(
                "skin-follow-up",
                _("Follow-up"),
                10,
                _("We look at how the treatment works."),
            ),
        ),
    ),
    Kind(
        "veterinarian",
        _("Veterinarian"),
        _("Veterinary medicine"),
        (
            Proposal(
                "pet-ill",
                _("My animal is ill"),
                30,
                _("Tell us what you see: eating, drinking, pain."),
            ),
            Proposal(
                "pet-check",
                _("Check-up and vaccination"),
                20,
                _("Bring the vaccination record with you."),
            ),
            Proposal(
                "pet-follow-up", _("Follow-up"), 10, _("We look at the progress.")
            ),
        ),
    ),
    Kind(
        "other",
        _("Something else"),
        "",
        (
            Proposal("first-visit", _("First visit"), 30, _("For people who are new.")),
            Proposal("visit", _("Visit"), 20, _("For people whom we know.")),
        ),
    ),
)


def kind_named(name: str) -> Kind | None:
    return next((kind for kind in KINDS if kind.name == name), None)


def kind_of(slugs: Collection[str]) -> Kind | None:
    """Guess the kind from the visits on offer; none, if they are of none."""

    def in_common(kind: Kind) -> int:
        return len({visit.slug for visit in kind.visits} & set(slugs))

    best = max(KINDS, key=in_common)
    return best if in_common(best) else None
