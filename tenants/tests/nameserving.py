"""Name servers for tests of own domains: zones as a dictionary, which may be away."""

from datetime import UTC, datetime
from typing import Any

from tenants import domains, hosts
from tenants.context import platform_context
from tenants.models import Clinic, ClinicEvent, Domain
from tenants.nameservers import LookupFailedError

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BY = "owner@riverside.example"
NAME = "book.riverside.example"


class Zones:
    """A resolver that knows what it is told, and counts how often it is asked."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.is_away = False
        self.asked: list[str] = []

    def __call__(self, name: str) -> list[str]:
        self.asked.append(name)
        if self.is_away:
            raise LookupFailedError("The name servers did not answer.")
        return self.texts.get(name, [])

    def publish(self, domain: Domain) -> None:
        """Do what the page tells the owner to do."""
        name, text = domains.txt_record(domain)
        self.texts.setdefault(name, []).append(text)

    def take_back(self, domain: Domain) -> None:
        name, text = domains.txt_record(domain)
        self.texts[name].remove(text)


def verified(clinic: Clinic, zones: Zones, name: str = NAME, **how: Any) -> Domain:
    """A domain whose record stands."""
    domain = domains.add(clinic, name, by=BY)
    zones.publish(domain)
    domains.verify(domain, resolver=zones, **{"now": NOW, **how})
    return domain


def primary(clinic: Clinic, zones: Zones, name: str = NAME) -> Domain:
    """A verified domain that links name."""
    domain = verified(clinic, zones, name)
    domains.make_primary(clinic, domain, by=BY)
    return domain


def answer_on(host: str) -> Any:
    """Return which clinic answers there, else None."""
    try:
        return hosts.resolve(host)
    except hosts.UnknownHostError:
        return None


def notes() -> list[str]:
    """Return what was written down about domains, newest first."""
    with platform_context():
        events = ClinicEvent.objects.filter(kind="domain")
        return list(events.values_list("note", flat=True))
