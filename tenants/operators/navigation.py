"""What stands in the bar at the side; named in settings.UNFOLD_OPERATORS."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

_GROUPS = [
    (
        _("Clinics"),
        [
            ("index", "home", _("Overview")),
            ("tenants_clinic_changelist", "local_hospital", _("Clinics")),
            ("tenants_domain_changelist", "language", _("Own domains")),
            ("tenants_archive_changelist", "archive", _("Exports")),
        ],
    ),
    (
        _("What happened"),
        [
            ("tenants_clinicevent_changelist", "history", _("Events")),
            ("tenants_supportvisit_changelist", "support_agent", _("Support visits")),
        ],
    ),
    (
        _("Platform"),
        [
            ("tenants_plan_changelist", "sell", _("Plans")),
            ("tenants_duework_changelist", "pending_actions", _("Due work")),
            ("accounts_user_changelist", "badge", _("Operators")),
        ],
    ),
]


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """The links of the bar, in groups."""
    del request
    return [{"title": title, "items": _links(items)} for title, items in _GROUPS]


def _links(items: list[tuple[str, str, Any]]) -> list[dict[str, Any]]:
    return [
        {"title": title, "icon": icon, "link": reverse(f"admin:{name}")}
        for name, icon, title in items
    ]
