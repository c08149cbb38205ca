"""What to send to an address: the forms its own page has, or a body the API takes."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from tenants.tests.isolation.names import SAME, first_slot
from tenants.tests.isolation.routes import Route

# (beginning of a route) → a question that makes its page show the most.
QUESTIONS: list[tuple[str, dict[str, str]]] = [
    (
        "admin/autocomplete/",
        {
            "app_label": "bookings",
            "model_name": "slot",
            "field_name": "doctor",
            "term": "",
        },
    ),
    (
        "admin/book/",
        {"doctor": "doctor-row", "service": "service", "slot": "slot-free"},
    ),
    ("admin/why/", {"doctor": "doctor-row", "service": "service", "slot": "slot-free"}),
    ("admin/", {"q": "CANARY"}),
    ("api/v1/slots/", {"doctor": "doctor-row", "service": "service"}),
    ("api/v1/", {"doctor": "doctor-row"}),
    ("doctors/", {"service": "service", "date": "day"}),
    ("appointments/", {"slot": "slot-later", "date": "day"}),
    ("", {"q": "CANARY", "date": "day"}),
]
BODIES: list[tuple[str, dict[str, Any]]] = [
    ("api/v1/auth/token/", {"email": SAME.email("owner"), "password": "wrong wrong"}),
    ("api/v1/auth/refresh/", {"refresh": "wrong"}),
    ("api/v1/holds/", {"slot": "slot-free", "service": "service"}),
    ("api/v1/appointments/<str:pk>/cancel/", {"reason": "not well"}),
    ("api/v1/appointments/<str:pk>/reschedule/", {"slot": "slot-later"}),
    ("api/v1/appointments/", {"slot": "slot-free", "service": "service"}),
    ("api/", {"name": "Elif"}),
]
_ROW = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
_GUEST = {"name": "Elif Kaya", "email": "elif@mail.example"}
_TYPED = {
    "email": "elif@mail.example",
    "password": "correct horse battery",
    "text": "Elif Kaya",
    "date": "2031-05-05",
    "time": "10:00",
    "number": "1",
}


def question_for(route: Route) -> dict[str, str]:
    for start, asked in QUESTIONS:
        if route.pattern.startswith(start):
            return {name: _meant(value) for name, value in asked.items()}
    return {}


def body_for(route: Route) -> dict[str, Any]:
    """Return a JSON body that makes sense to a call of the API."""
    for pattern, body in BODIES:
        if route.pattern.startswith(pattern):
            meant = {name: _meant(value) for name, value in body.items()}
            is_booking = pattern == "api/v1/appointments/"
            return meant | ({"patient": _GUEST} if is_booking else {})
    return {}


@dataclass
class Form:
    """A form that is sent by POST, filled in."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)

    def kind_at(self, where: str) -> object:
        """What makes two forms the same: where they go, rows apart, and what they ask."""
        return _ROW.sub("*", where), frozenset(
            _ROW.sub("*", each) for each in self.fields
        )

    def body(self) -> dict[str, Any]:
        return {
            "data": urlencode(self.fields),
            "content_type": "application/x-www-form-urlencoded",
        }


def forms_in(page: str) -> list[Form]:
    """Return the forms of a page that write."""
    parser = _Forms()
    parser.feed(page)
    return parser.forms


def _meant(value: str) -> str:
    if value == "day":
        return f"{first_slot():%Y-%m-%d}"
    is_row = value.startswith(("slot-", "doctor-row", "service"))
    return str(SAME.id(value)) if is_row else value


class _Forms(HTMLParser):
    """Reads forms as a browser would send them, with something typed where it is empty."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: dict[str, str] | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        name, value = has.get("name") or "", has.get("value") or ""
        if tag == "form":
            is_post = (has.get("method") or "").lower() == "post" or "hx-post" in has
            self._form = None
            if is_post:
                action = has.get("hx-post") or has.get("action") or ""
                self.forms.append(Form(action))
                self._form = self.forms[-1].fields
        elif self._form is None:
            return
        elif tag in {"input", "textarea", "button"} and name:
            self._field(tag, name, value, has)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in has or value):
            if "selected" in has:
                self._form[self._select] = value
            self._form.setdefault(self._select, value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""

    def _field(
        self, tag: str, name: str, value: str, has: dict[str, str | None]
    ) -> None:
        assert self._form is not None
        kind = has.get("type") or ("text" if tag != "button" else "submit")
        if kind in {"checkbox", "radio"}:
            if "checked" in has or name not in self._form:
                self._form[name] = value or "on"
        elif kind != "file":
            self._form.setdefault(name, value or _TYPED.get(kind, ""))
