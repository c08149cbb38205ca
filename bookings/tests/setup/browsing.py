"""Reads a page's form as a browser does, and sends it as it stands, or changed."""

from datetime import time
from html.parser import HTMLParser
from typing import Any

from bookings.models import Doctor, Slot
from bookings.tests import make

Pairs = list[tuple[str, str]]


class _Form(HTMLParser):
    """Collects what the page's last form would send, without its buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, Any] = {}
        self._open: str | None = None  # a select or textarea that is being read

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        found = dict(attrs)
        name, kind = found.get("name"), found.get("type", "text")
        if tag == "form":
            self.sent = {}
        elif tag == "input" and name and kind not in {"submit", "file"}:
            is_box = kind in {"checkbox", "radio"}
            if not is_box or "checked" in found:
                self.sent[name] = found.get("value", "on" if is_box else "")
        elif tag in {"select", "textarea"}:
            self._open = str(name)
            self.sent[self._open] = ""
        elif tag == "option" and self._open and "selected" in found:
            self.sent[self._open] = found["value"]

    def handle_data(self, data: str) -> None:
        if self._open and self.lasttag == "textarea":
            self.sent[self._open] += data.removeprefix("\n")  # as browsers do

    def handle_endtag(self, tag: str) -> None:
        if tag in {"select", "textarea"}:
            self._open = None


def form_on(response: Any) -> dict[str, Any]:
    """What the browser would send from this page if nothing were typed."""
    parser = _Form()
    html = response.content.decode()
    parser.feed(html[html.index("<main") : html.index("</main>")])
    parser.sent.pop("csrfmiddlewaretoken", None)
    return parser.sent


def go_on(client: Any, path: str, **typed: Any) -> Any:
    """Open a step, type, press its button; ends where the browser is led."""
    sent = form_on(client.get(path)) | typed
    left_out = [name for name, value in sent.items() if value is None]
    for name in left_out:  # a box that is not ticked is not sent
        del sent[name]
    return client.post(path.partition("?")[0], sent, follow=True)


def skip(client: Any, path: str) -> Any:
    return client.post(path, {"skip": "1"}, follow=True)


def where(response: Any) -> str:
    """The path that was answered last."""
    return str(response.request["PATH_INFO"])


def ten_o_clock() -> Slot:
    """The clinic's only doctor's time at ten, on the first Monday in a week or more."""
    doctor = Doctor.objects.get()
    slots = Slot.objects.filter(day__gte=make.next_week(doctor), day__week_day=2)
    day = slots.order_by("day").values_list("day", flat=True)[0]
    return slots.get(start=make.at(doctor, day, time(10)))
