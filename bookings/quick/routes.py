"""Which requests may be answered on the loop, and by what."""

import re
from collections.abc import Awaitable, Callable

from bookings.quick.asked import Answer, Asked
from bookings.quick.booking import Booking
from bookings.quick.counting import Counter
from bookings.quick.lists import Lists
from bookings.quick.pages import App, Pages

_DOCTOR = re.compile(r"/doctors/[^/]+/")

# None: Django is to answer.
Route = Callable[[Asked], Awaitable[Answer | None]]


class Routes:
    """The routes of one event loop, with what they share."""

    def __init__(self, django: App) -> None:
        counter = Counter()
        pages = Pages(django).answer
        self._doctor = pages
        self._exact: dict[tuple[str, str], Route] = {
            ("GET", "/"): pages,
            ("GET", "/api/v1/slots/"): Lists(counter).answer,
            ("POST", "/api/v1/appointments/"): Booking(counter).answer,
        }

    def find(self, method: str, path: str) -> Route | None:
        if method == "GET" and _DOCTOR.fullmatch(path):
            return self._doctor
        return self._exact.get((method, path))
