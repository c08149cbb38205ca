"""A request that may be answered on the loop, and such an answer."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest, parse_cookie
from django.utils.translation import get_language_from_request

from accounts import throttle

if TYPE_CHECKING:
    from tenants.models import Clinic

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Asked:
    """What is known of a request before anything of it is judged."""

    clinic: "Clinic"
    scope: dict[str, Any]
    headers: dict[bytes, bytes]
    body: bytes = b""

    @property
    def path(self) -> str:
        return str(self.scope["path"])

    @property
    def query(self) -> str:
        return str(self.scope["query_string"].decode("latin1"))

    @property
    def language(self) -> str:
        """The language that Django would answer in."""
        cookies = self.header(b"cookie")
        if settings.LANGUAGE_COOKIE_NAME not in cookies:
            cookies = ""  # the others say nothing, and differ
        return _language(cookies, self.header(b"accept-language"))

    @property
    def address(self) -> str:
        """Where it comes from, as the limits count it."""
        client = self.scope.get("client") or ("", 0)
        return throttle.address(client[0], self.header(b"x-forwarded-for"))

    def header(self, name: bytes) -> str:
        """A header's text; empty when it is not there."""
        return self.headers.get(name, b"").decode("latin1")


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: Headers = field(default_factory=list)


@lru_cache(maxsize=512)
def _language(cookies: str, accepted: str) -> str:
    request = HttpRequest()
    request.META = {"HTTP_ACCEPT_LANGUAGE": accepted}
    request.COOKIES = parse_cookie(cookies)
    return get_language_from_request(request)
