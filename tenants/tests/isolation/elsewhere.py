"""What a cookie or token of one site is worth at another: nothing at all.

Each address is asked for twice, by nobody and by somebody of elsewhere: the answers must
be the same.
"""

from typing import Any

from tenants.tests.isolation.marks import canaries_in
from tenants.tests.isolation.routes import Route
from tenants.tests.isolation.visitors import STRANGER, Visitor
from tenants.tests.isolation.walking import Walker


def find_differences(
    walker: Walker,
    visitors: list[Visitor],
    every: list[Route],
    *,
    methods: tuple[str, ...] = ("GET",),
) -> list[str]:
    """Return where somebody of elsewhere is answered otherwise than a stranger."""
    found = []
    for route in every:
        for method in methods:
            plain = walker.ask(STRANGER, method, route.path)
            for visitor in visitors:
                answer = walker.ask(_browser(visitor), method, route.path)
                if seen_of(answer) != seen_of(plain):
                    what = f"{visitor.role}: {method} {route.path}"
                    found.append(f"{what}: {seen_of(answer)}, not {seen_of(plain)}")
    return found


def find_welcome_tokens(
    walker: Walker, visitors: list[Visitor], every: list[Route]
) -> list[str]:
    """Return where a program of elsewhere is not turned away as unknown."""
    found = []
    for route in [each for each in every if each.is_api]:
        for visitor in visitors:
            asker = Visitor(visitor.role, {}, visitor.bearer)
            answer = walker.ask(asker, "GET", route.path)
            is_open = answer.status_code == walker.ask(
                STRANGER, "GET", route.path
            ).status_code and answer.status_code in (404, 405)
            is_page = route.pattern.endswith("docs/")  # a page, which reads no token
            if not (answer.status_code == 401 or is_open or is_page):
                found.append(f"{visitor.role}: {route.path}: {answer.status_code}")
    return found


def seen_of(answer: Any) -> tuple[int, str, frozenset[str]]:
    """What somebody learns: the status, where they are sent, and whose texts."""
    where = answer.headers.get("Location", "")
    return answer.status_code, where, frozenset(canaries_in(answer))


def _browser(visitor: Visitor) -> Visitor:
    return Visitor(visitor.role, visitor.cookies)
