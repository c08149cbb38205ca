"""What stands in the bar at the side of the staff's admin; named in settings.UNFOLD."""

from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import roles

Item = tuple[str, str, str | Promise]  # model, icon, title
_GROUPS: list[tuple[str | Promise, list[Item]]] = [
    (
        _("Today"),
        [
            ("bookings.appointment", "event", _("Appointments")),
            ("bookings.slot", "schedule", _("Slots")),
        ],
    ),
    (
        _("People"),
        [
            ("bookings.patient", "personal_injury", _("Patients")),
            ("bookings.doctor", "stethoscope", _("Doctors")),
        ],
    ),
    (
        _("Set-up"),
        [
            ("bookings.service", "medical_services", _("Services")),
            ("bookings.workinghours", "calendar_month", _("Working hours")),
            ("bookings.timeoff", "event_busy", _("Time off")),
            ("bookings.holiday", "celebration", _("Holidays")),
            ("bookings.location", "location_on", _("Locations")),
            ("bookings.practice", "settings", _("Clinic settings")),
        ],
    ),
    (
        _("Account"),
        [
            ("accounts.user", "badge", _("Users")),
            ("bookings.outboxmessage", "mail", _("Messages")),
        ],
    ),
]


def title(request: Any) -> str:
    """The clinic's name, in the bar and in every page's title."""
    return str(request.clinic.name)


def groups(request: Any) -> list[dict[str, Any]]:
    """The lists that this user may open, grouped."""
    shown = [(name, _items(request, items)) for name, items in _GROUPS]
    if roles.runs_desk(request.user):
        asking = {
            "title": _("Why is this not free?"),
            "icon": "help",
            "link": reverse("admin:why"),
        }
        shown[0][1].append(asking)
    if roles.is_owner(request.user):
        page = {
            "title": _("Plan, domains, data"),
            "icon": "apartment",
            "link": reverse("owner:overview"),
        }
        shown[-1][1].append(page)
    home = {"title": _("Overview"), "icon": "home", "link": reverse("admin:index")}
    return [{"title": "", "items": [home]}] + [
        {"title": name, "separator": True, "items": items}
        for name, items in shown
        if items
    ]


def _items(request: Any, items: list[Item]) -> list[dict[str, Any]]:
    return [
        {"title": title, "icon": icon, "link": _list_of(model)}
        for model, icon, title in items
        if _may_view(request.user, model)
    ]


def _may_view(user: Any, model: str) -> bool:
    app, _dot, name = model.partition(".")
    return roles.may(user, f"{app}.view_{name}")


def _list_of(model: str) -> str:
    return reverse(f"admin:{model.replace('.', '_')}_changelist")
