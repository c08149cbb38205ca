"""What is open at a clinic that is not: suspended, closed, or behind with its tables.

Decided here once, by status, path and method, and not in each view: a page that is
written tomorrow is shut too, unless it is named below. A suspended clinic may be read by
those who belong to it and writes nothing but log-ins; of a closed one only the owner's
own page is left. What changes a clinic's status is `tenants.lifecycle`.
"""

import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from tenants.models import Clinic
from tenants.refusals import API, problem, unavailable

if TYPE_CHECKING:
    from tenants.http import ClinicRequest

    View = Callable[[ClinicRequest], HttpResponseBase]

logger = logging.getLogger(__name__)

MAINTENANCE = 60  # seconds after which a clinic whose migration failed is asked again
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Who somebody is can be shown and changed; the owner's page asks for the owner itself.
_CLOSED_DOORS = re.compile(r"/account/(login|logout|reset)/|/clinic/")
_DOORS = re.compile(
    r"/account/(login|logout|reset|password|support)/|/admin/log(in|out)/|/clinic/"
)
# What a page at this host is made of; nobody's data.
_FACE = re.compile(r"/(static/|media/logo/|brand\.css|logo\.svg|favicon\.ico)")
# What may be read while nothing can be booked, and what is a form of it for writing.
_READABLE = re.compile(
    r"/(admin|appointments|account|media|privacy|accessibility|\.well-known)/"
    r"|/doctors/[^/]+/portrait\.svg"
)
_STAFF = ("/admin/", "/setup/")
_FORMS = re.compile(r"/appointments/[^/]+/(cancel|move)/|/account/signup/")


def is_serving(clinic: Clinic) -> bool:
    """Whether a clinic takes bookings, and its tables are fit for it."""
    return clinic.is_open and not clinic.migration_error


class GateMiddleware:
    """Answers for a clinic that is not open; stands last, just before the views.

    There the language, the user and every security header are given, and log-in is asked
    for by the views as always.
    """

    def __init__(self, get_response: "View") -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        clinic = request.clinic
        if clinic is None or is_serving(clinic):  # health paths have no clinic
            return self.get_response(request)
        try:
            refused = _refused(request)
        except (OperationalError, InterfaceError) as error:
            logger.warning("not served: %r", error)
            refused = unavailable(request)
        if refused is None:
            return self.get_response(request)
        add_never_cache_headers(refused)
        if "HX-Request" in request.headers:  # a page that was open is loaded anew
            refused.headers["HX-Refresh"] = "true"
        return refused


def _refused(request: "ClinicRequest") -> HttpResponse | None:
    """Return the answer instead of the view's, or None where the view may answer."""
    clinic, path = request.clinic, request.path_info
    if clinic.migration_error:
        return unavailable(request, seconds=MAINTENANCE)
    if path.startswith(API):
        return problem(403, "forbidden", _("Not allowed"), _said_to_programs(clinic))
    if _FACE.match(path):
        return None
    if clinic.status == Clinic.Status.CLOSED:
        return None if _CLOSED_DOORS.match(path) else _closed()
    if _DOORS.match(path):
        return None
    if request.method in _SAFE and _READABLE.match(path) and not _FORMS.match(path):
        return None
    if path.startswith(_STAFF):
        return render(request, "tenants/read_only.html", status=403)
    return render(request, "tenants/suspended.html", status=403)


def _said_to_programs(clinic: Clinic) -> str:
    if clinic.status == Clinic.Status.CLOSED:
        return _("This clinic is closed.")
    return _("This clinic is suspended: nothing can be read or booked by programs.")


def _closed() -> HttpResponse:
    """Rendered without the request: nothing of the clinic can get on it."""
    return HttpResponse(render_to_string("tenants/closed.html"), status=410)
