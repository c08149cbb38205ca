"""Operators look into a clinic as support: for a reason, for hours, and reading only.

`ask` writes the visit down, where the owner sees it, and `link_for` gives a link that
opens it once, at the clinic's host. Whoever enters is a user of the clinic with the role
`support`, who ends with the visit; what they send is refused by `tenants.support_views`.
"""

from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import now as current_time
from django.utils.translation import gettext as _

from accounts.models import User
from tenants.context import clinic_context, platform_context
from tenants.lifecycle import NotNowError, record
from tenants.models import Clinic, ClinicEvent, SupportVisit

HOURS = 1
MOST_HOURS = 4
LINK_LASTS = timedelta(minutes=10)
LONGEST_REASON = 300
_SALT = "tenants.support"
# No mail ever gets to such a name (RFC 2606), so no link for a new password does.
_NOWHERE = "support.invalid"


class VisitEndedError(Exception):
    """The link was used, is too old, is not this clinic's, or the visit is over."""


def ask(
    clinic: Clinic,
    *,
    operator: User,
    reason: str,
    hours: int = HOURS,
    now: datetime | None = None,
) -> SupportVisit:
    """Write down that an operator will look into a clinic, why and until when.

    Raises:
        ValidationError: no reason, or too many hours.
        NotNowError: the clinic cannot be looked into.
    """
    said = " ".join(reason.replace("\0", "").split())
    if not said:
        raise ValidationError(_("Say why: the clinic’s owner reads it."))
    if len(said) > LONGEST_REASON:
        raise ValidationError(_("Say it shorter."))
    if not 1 <= hours <= MOST_HOURS:
        raise ValidationError(_("Choose 1 to %(n)d hours.") % {"n": MOST_HOURS})
    moment = now or current_time()
    with platform_context(), transaction.atomic():
        _check_open_to_support(clinic)
        visit = SupportVisit.objects.create(
            clinic=clinic,
            operator=operator.email,
            reason=said,
            created_at=moment,
            ends_at=moment + timedelta(hours=hours),
        )
        record(clinic, ClinicEvent.Kind.SUPPORT, by=operator.email, note=said)
    return visit


def link_for(visit: SupportVisit) -> str:
    """Make the link into the clinic: good for one entry, and for `LINK_LASTS`."""
    token = signing.dumps([str(visit.clinic_id), str(visit.pk)], salt=_SALT)
    return visit.clinic.url(reverse("support-link", settings.ROOT_URLCONF, [token]))


def visit_of(
    token: str, clinic: Clinic, *, now: datetime | None = None
) -> SupportVisit:
    """Return the visit that a link would open.

    Raises:
        VisitEndedError: it opens nothing, or nothing more.
    """
    pk = _read(token, clinic)
    with platform_context():
        visit = SupportVisit.objects.filter(pk=pk, clinic_id=clinic.pk).first()
    if visit is None or visit.entered_at or visit.ends_at <= (now or current_time()):
        raise VisitEndedError
    return visit


def enter(
    token: str, clinic: Clinic, *, now: datetime | None = None
) -> tuple[SupportVisit, User]:
    """Use the link up; return the visit, and the user who is to be logged in for it.

    Earlier visits of the same operator to this clinic end.

    Raises:
        VisitEndedError: somebody was quicker, or the link opens nothing.
        NotNowError: the clinic has barred support, or is closed.
    """
    moment = now or current_time()
    with platform_context(), transaction.atomic():
        SupportVisit.objects.select_for_update().filter(pk=_read(token, clinic)).first()
        visit = visit_of(token, clinic, now=moment)
        operator = _operator_of(visit)
        _check_open_to_support(clinic)
        _running(visit, moment).update(ends_at=moment)
        visit.entered_at = moment
        visit.save(update_fields=["entered_at"])
        user = _renewed_user(clinic, visit, operator)
    return visit, user


def end(visit: SupportVisit, *, by: str, now: datetime | None = None) -> None:
    """End a visit before its time: the link opens nothing, and who is in is out."""
    moment = now or current_time()
    with platform_context(), transaction.atomic():
        locked = SupportVisit.objects.select_for_update().filter(pk=visit.pk).first()
        if locked is None or locked.ends_at <= moment:
            return
        if locked.entered_at:
            with clinic_context(locked.clinic):
                here = User.objects.filter(email=_address_of(locked))
                here.filter(role=User.Role.SUPPORT).update(ends_at=moment)
        locked.ends_at = moment
        locked.save(update_fields=["ends_at"])
        record(
            locked.clinic, ClinicEvent.Kind.SUPPORT, by=by, note=_("Ended the visit")
        )
    visit.ends_at = moment


def visits(clinic: Clinic) -> list[SupportVisit]:
    """Return the clinic's visits, newest first; for its owner to see."""
    with platform_context():
        return list(SupportVisit.objects.filter(clinic_id=clinic.pk)[:100])


def _check_open_to_support(clinic: Clinic) -> None:
    """Raise NotNowError where nobody but the owner has business, or nothing works."""
    today = Clinic.objects.filter(pk=clinic.pk).first()
    if today is None or today.status == Clinic.Status.CREATING:
        raise NotNowError(_("This clinic is not ready yet."))
    if today.status == Clinic.Status.CLOSED:
        raise NotNowError(_("A closed clinic is its owner’s only. Reopen it first."))
    if today.migration_error:
        raise NotNowError(_("Its pages are closed until its tables are migrated."))


def _read(token: str, clinic: Clinic) -> str:
    """Return the visit's id out of a link.

    Raises:
        VisitEndedError: forged, too old, or another clinic's.
    """
    try:
        clinic_id, pk = signing.loads(token, salt=_SALT, max_age=LINK_LASTS)
    except signing.BadSignature as error:
        raise VisitEndedError from error
    if clinic_id != str(clinic.pk):
        raise VisitEndedError
    return str(pk)


def _operator_of(visit: SupportVisit) -> User:
    found = User.objects.filter(
        email=visit.operator, role=User.Role.OPERATOR, is_active=True
    ).first()
    if found is None:
        raise VisitEndedError
    return found


def _running(visit: SupportVisit, now: datetime) -> "QuerySet[SupportVisit]":
    """Other visits of the same operator to the same clinic, entered and not over."""
    same = SupportVisit.objects.filter(
        clinic_id=visit.clinic_id, operator=visit.operator, ends_at__gt=now
    )
    return same.exclude(pk=visit.pk).exclude(entered_at=None)


def _renewed_user(clinic: Clinic, visit: SupportVisit, operator: User) -> User:
    """Make the visit's user, or renew it; sessions of visits before are void.

    Raises:
        NotNowError: the owner has switched it off, or the address is somebody else's.
    """
    name = _("Slotwell support (%(name)s)") % {"name": operator.name}
    with clinic_context(clinic):
        user = User.objects.filter(email=_address_of(visit)).first()
        if user is None:
            user = User(email=_address_of(visit), role=User.Role.SUPPORT)
        if user.role != User.Role.SUPPORT or not user.is_active:
            raise NotNowError(_("The clinic has switched this support account off."))
        user.name = name[:200]
        user.ends_at = visit.ends_at
        user.password = make_password(None)  # a new one ends sessions of the old
        user.save()
    return user


def _address_of(visit: SupportVisit) -> str:
    """The support user's e-mail: one for each operator, and nobody's mailbox."""
    mark = sha256(visit.operator.encode()).hexdigest()[:16]
    return f"support-{mark}@{_NOWHERE}"
