"""Asks the domain name system. Whoever asks can be given another resolver."""

from collections.abc import Callable
from typing import TypeAlias

from django.utils.translation import gettext as _

# A name → the texts of its TXT records, none if there are none.
Resolver: TypeAlias = Callable[[str], list[str]]

TIMEOUT = 5.0  # seconds for one question, all name servers together


class LookupFailedError(Exception):
    """No name server gave an answer: nothing is known, least of all that it is gone."""


def system_resolver(name: str) -> list[str]:
    """Ask the name servers that this machine uses.

    Raises:
        LookupFailedError: they did not answer in time, or made no sense.
    """
    # Loaded by those few who ask.
    import dns.exception  # noqa: PLC0415
    import dns.resolver  # noqa: PLC0415

    try:
        asking = dns.resolver.Resolver()
        answer = asking.resolve(f"{name}.", "TXT", lifetime=TIMEOUT, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise LookupFailedError(
            _("The name servers did not answer. Check again in a minute.")
        ) from error
    return [
        b"".join(found.strings).decode("utf-8", "replace")
        for found in answer.rrset or ()
    ]
