"""Clinics' own domains: added, proved by a DNS record, made primary, lost and removed.

A clinic only claims a name by adding it. What makes it answer is a TXT record that only
the name's holder can make; so several clinics may claim one name, and one can have it.
Proved names are asked about again each day. `Clinic.primary_domain` is written here only.
"""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Q
from django.utils.timezone import now as current_time
from django.utils.translation import gettext as _

from tenants import hosts
from tenants.context import platform_context
from tenants.domainnames import clean, readable
from tenants.lifecycle import record
from tenants.models import Clinic, ClinicEvent, Domain
from tenants.nameservers import LookupFailedError, Resolver, system_resolver

logger = logging.getLogger(__name__)

MOST = 10  # names of one clinic
FORGOTTEN_AFTER = timedelta(days=7)  # if nothing proves the claim
LOST_AFTER = timedelta(days=3)  # without its record
_AGAIN = timedelta(days=1)
_SOON = timedelta(hours=1)  # while a record is missing, or cannot be asked for
_AT_ONCE = 4  # that one round asks about: each may take the resolver's whole time


class DomainError(Exception):
    """This cannot be done with the domain now; `str()` says why, in plain words."""


class NotProvedError(DomainError):
    """The record is not there, or is another one."""


class HeldError(DomainError):
    """Another clinic has proved that the name is theirs, and still can."""


def add(clinic: Clinic, name: str, *, by: str) -> Domain:
    """Claim a name, however it was typed; the same claim again is the one there is.

    Raises:
        ValidationError: it is no name that can be used.
        DomainError: the clinic has too many.
    """
    domain = clean(name)
    with _alone(clinic) as locked:
        mine = Domain.objects.filter(tenant=locked)
        if found := mine.filter(domain=domain).first():
            return found
        if mine.count() >= MOST:
            message = _("A clinic can have %(most)s own domains. Remove one first.")
            raise DomainError(message % {"most": MOST})
        _record(locked, by, _("%(domain)s added"), domain)
        return Domain.objects.create(
            tenant=locked, domain=domain, token=secrets.token_hex(16)
        )


def of(clinic: Clinic) -> list[Domain]:
    """Return the clinic's names, by name."""
    with platform_context():
        return list(Domain.objects.filter(tenant=clinic))


def txt_record(domain: Domain) -> tuple[str, str]:
    """Return name and text of the record that proves the claim."""
    return f"_slotwell.{domain.domain}", f"slotwell={domain.token}"


def verify(
    domain: Domain,
    *,
    by: str = "",
    resolver: Resolver = system_resolver,
    now: datetime | None = None,
) -> None:
    """Look for the record, and answer on the name from now on.

    Raises:
        LookupFailedError: the name servers did not answer; nothing is known.
        NotProvedError: there is no such record.
        HeldError: another clinic has the name, and its record stands too.
        DomainError: the claim was removed meanwhile.
    """
    moment = now or current_time()
    if not _is_proved(domain, resolver):
        message = _(
            "We did not find this TXT record: %(name)s. "
            "A new record can take an hour to be seen; then check again."
        )
        raise NotProvedError(message % {"name": txt_record(domain)[0]})
    _drop_former_holder(domain, resolver=resolver, now=moment)
    try:
        with _alone(domain.tenant_id) as clinic:
            mine = _again(domain)
            if mine.verified_at is None:
                _record(clinic, by, _("%(domain)s verified"), mine.domain)
            mine.verified_at = mine.verified_at or moment
            mine.missing_since, mine.check_after = None, moment + _AGAIN
            mine.save()
    except IntegrityError as error:
        raise _held() from error
    domain.verified_at, domain.missing_since = mine.verified_at, None


def make_primary(clinic: Clinic, domain: Domain | None, *, by: str) -> None:
    """Let links name this domain, or with None the platform's address again.

    Raises:
        DomainError: it is not verified, not this clinic's, or gone.
    """
    with _alone(clinic) as locked:
        chosen = None
        if domain is not None:
            chosen = _again(domain)
            if chosen.tenant_id != locked.pk or chosen.verified_at is None:
                raise DomainError(_("Only a verified domain can be the primary one."))
        _choose(locked, chosen)
        name = locked.primary_domain or locked.platform_host
        _record(locked, by, _("%(domain)s made primary"), name)
    clinic.primary_domain = locked.primary_domain


def remove(domain: Domain, *, by: str) -> None:
    """Give the name up; it answers no more. Removing it twice changes nothing."""
    with _alone(domain.tenant_id) as clinic:
        if Domain.objects.filter(pk=domain.pk, is_primary=True).exists():
            _choose(clinic, None)
        if Domain.objects.filter(pk=domain.pk).delete()[0]:
            _record(clinic, by, _("%(domain)s removed"), domain.domain)


def forget_unproved(now: datetime) -> None:
    """Drop claims that nothing has proved, and names that were lost, after a week."""
    with platform_context():
        old = Domain.objects.filter(
            verified_at=None, created_at__lte=now - FORGOTTEN_AFTER
        )
        lost = now - LOST_AFTER - FORGOTTEN_AFTER
        old.filter(missing_since=None).delete()
        old.filter(missing_since__lte=lost).delete()


def check_again(now: datetime, *, resolver: Resolver = system_resolver) -> None:
    """Ask about verified names whose turn it is, and un-verify those long without."""
    with platform_context():
        due = list(
            Domain.objects.filter(verified_at__isnull=False)
            .filter(Q(check_after=None) | Q(check_after__lte=now))
            .order_by("check_after")[:_AT_ONCE]
        )
    for domain in due:
        try:
            _check(domain, resolver=resolver, now=now)
        except (DomainError, DatabaseError):
            logger.exception("%s could not be checked", domain.domain)


def _check(domain: Domain, *, resolver: Resolver, now: datetime) -> None:
    try:
        is_there = _is_proved(domain, resolver)
    except LookupFailedError as error:
        logger.info("%s: %s", domain.domain, error)
        with platform_context():  # says nothing: ask again, hold nothing against it
            Domain.objects.filter(pk=domain.pk).update(check_after=now + _SOON)
        return
    with _alone(domain.tenant_id) as clinic:
        mine = _again(domain)
        mine.missing_since = None if is_there else mine.missing_since or now
        mine.check_after = now + (_AGAIN if is_there else _SOON)
        if mine.missing_since and mine.missing_since <= now - LOST_AFTER:
            _lose(clinic, mine)
        mine.save()


def _drop_former_holder(domain: Domain, *, resolver: Resolver, now: datetime) -> None:
    """Take the name from a clinic that cannot prove it any more: it has been sold.

    Raises:
        HeldError: that clinic still can, or nobody can tell.
    """
    with platform_context():
        holders = Domain.objects.filter(
            domain=domain.domain, verified_at__isnull=False
        ).exclude(tenant=domain.tenant_id)
        holder = holders.first()
    if holder is None:
        return
    try:
        if _is_proved(holder, resolver):
            raise _held()
    except LookupFailedError as error:
        raise _held() from error
    with _alone(holder.tenant_id) as clinic:
        theirs = _again(holder)
        theirs.missing_since = theirs.missing_since or now
        _lose(clinic, theirs)
        theirs.save()


def _is_proved(domain: Domain, resolver: Resolver) -> bool:
    name, text = txt_record(domain)
    return text in (found.strip() for found in resolver(name))


def _lose(clinic: Clinic, domain: Domain) -> None:
    """Un-verify it. The caller saves it."""
    if domain.is_primary:
        _choose(clinic, None)
    domain.is_primary, domain.verified_at, domain.check_after = False, None, None
    _record(clinic, "", _("%(domain)s stopped: its record is gone"), domain.domain)


def _choose(clinic: Clinic, domain: Domain | None) -> None:
    """Write the choice into both tables; the clinic's row is locked."""
    mine = Domain.objects.filter(tenant=clinic)
    mine.filter(is_primary=True).update(is_primary=False)
    if domain:
        mine.filter(pk=domain.pk).update(is_primary=True)
    clinic.primary_domain = domain.domain if domain else ""
    clinic.save(update_fields=["primary_domain"])


def _record(clinic: Clinic, by: str, note: str, name: str) -> None:
    text = note % {"domain": readable(name)}
    record(clinic, ClinicEvent.Kind.DOMAIN, by=by or "slotwell", note=text)


@contextmanager
def _alone(clinic: Clinic | UUID) -> Iterator[Clinic]:
    """Change a clinic's domains in one transaction, one at a time; felt at once.

    Raises:
        DomainError: the clinic is gone.
    """
    pk = clinic.pk if isinstance(clinic, Clinic) else clinic
    with platform_context(), transaction.atomic():
        locked = Clinic.objects.select_for_update(of=("self",)).filter(pk=pk).first()
        if locked is None:
            raise DomainError(_("This clinic is gone."))
        yield locked
    hosts.forget()


def _again(domain: Domain) -> Domain:
    """Load it as it is now.

    Raises:
        DomainError: it was removed meanwhile.
    """
    found = Domain.objects.filter(pk=domain.pk).first()
    if found is None:
        raise DomainError(_("%(domain)s was removed.") % {"domain": domain.domain})
    return found


def _held() -> HeldError:
    return HeldError(
        _(
            "Another clinic here answers on this domain, and its TXT record still "
            "stands. Remove that record, then check again."
        )
    )
