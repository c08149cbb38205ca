"""Saving rules: first it is shown which booked visits are hit, then all is done in one.

A form that hits nobody is simply saved. Otherwise nothing is, until somebody has decided
for each visit: keep it, move it, cancel it, or find it a time later.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.messages.storage import default_storage
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.actions import changes
from bookings.actions.changes import Changed, Choice, Decision, Hit, Scope
from bookings.actions.entries import Actor
from bookings.desk import clock
from bookings.desk.stale import KeepsBoth, again
from bookings.errors import BookingError, UndecidedError
from bookings.models import Appointment, Doctor, Holiday, Service, TimeOff, WorkingHours

_PREFIX, _FOR_ALL = "decision:", "decision-for-all"


class _NotSavedError(Exception):
    """The form was not saved: its answer says why."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


class ChangesRules(KeepsBoth):
    """An admin whose rows say when patients can be seen."""

    # If only some fields are rules: saving the others hits nobody, and need not look.
    rule_fields: Collection[str] = ()

    def changeform_view(
        self,
        request: Any,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        def form() -> Any:
            view: Any = super(ChangesRules, self)
            return view.changeform_view(request, object_id, form_url, extra_context)

        if request.method != "POST":
            return form()
        row = self._row(request, object_id) if object_id else None
        sent = self._sent(request, row)
        if self.rule_fields and not set(self.rule_fields) & set(sent.changed_data):
            return form()
        scope = scope_of(self.model, row, getattr(sent, "cleaned_data", {}))
        return self._guarded(request, scope, form)

    def delete_view(
        self, request: Any, object_id: str, extra_context: Any = None
    ) -> Any:
        def page() -> Any:
            view: Any = super(ChangesRules, self)
            return view.delete_view(request, object_id, extra_context)

        row = self._row(request, object_id)
        if row is None or "post" not in request.POST:
            return page()
        return self._guarded(request, scope_of(self.model, row, {}), page)

    def _sent(self, request: Any, row: Any) -> Any:
        """The form as it was sent, read but not saved."""
        forms: Any = self
        form = forms.get_form(request, row)(request.POST, instance=copy(row))
        form.full_clean()
        return form

    def _guarded(self, request: Any, scope: Scope, form: Callable[[], Any]) -> Any:
        """Let the form save itself, if everybody it hits was decided about."""

        def write() -> Any:
            response = form()
            if not isinstance(response, HttpResponseRedirect):
                raise _NotSavedError(response)
            return response

        decisions = _decisions(request.POST)
        try:
            with _fresh_messages(request):
                actor = Actor(request.user, Appointment.Via.DESK)
                done = changes.apply(write, decisions=decisions, by=actor, scope=scope)
                _say(request, done, decisions)
                return done.written
        except _NotSavedError as refused:
            return refused.response
        except UndecidedError:
            with _fresh_messages(request, are_dropped=True):
                hits = changes.preview(write, scope=scope)
            return self._ask(request, hits, decisions)
        except BookingError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.path)

    def _ask(
        self, request: Any, hits: list[Hit], decisions: dict[UUID, Decision]
    ) -> HttpResponse:
        sent = again(request)
        context = {
            **self.admin_site.each_context(request),
            "title": ngettext(
                "One booked visit is hit", "%(n)d booked visits are hit", len(hits)
            )
            % {"n": len(hits)},
            "questions": [_question(hit, decisions) for hit in hits],
            "fields": [each for each in sent if not each[0].startswith("decision")],
            "for_all": _FOR_ALL,
            "is_again": bool(decisions),
            "back": request.path,
        }
        return TemplateResponse(request, "admin/desk/impact.html", context)


def scope_of(model: Any, row: Any, sent: Mapping[str, Any]) -> Scope:
    """Say what saving or deleting a row can touch.

    Args:
        row: as it is saved now; none if it is new.
        sent: what its form says, cleaned; nothing if it is to be deleted.
    """
    if model is Doctor:
        return Scope([row.pk] if row else [])
    if model is Service:
        offered = Doctor.objects.filter(services=row) if row else Doctor.objects.none()
        return Scope(list(offered.values_list("pk", flat=True)))
    if model in (WorkingHours, TimeOff):
        doctors = [row.doctor] if row else []
        doctors += [sent.get("doctor")] if sent else []
        ids = None if None in doctors else [each.pk for each in doctors]
        return Scope(ids, _days(row, sent, "start", "end"))
    if model is Holiday:
        return Scope(days=_days(row, sent, "day"))
    return changes.EVERYTHING


def _days(row: Any, sent: Mapping[str, Any], *names: str) -> tuple[date, date] | None:
    """The first and the last day that a row speaks of, as it was and as it will be."""
    told = [getattr(row, name, None) for name in names]
    told += [sent.get(name) for name in names]
    days = [
        each.date() if isinstance(each, datetime) else each for each in told if each
    ]
    return (min(days), max(days)) if days else None


def _question(hit: Hit, decisions: dict[UUID, Decision]) -> dict[str, Any]:
    """One visit that is hit, and what may be chosen for it."""
    visit, proposal = hit.appointment, hit.proposal
    common = [
        (Choice.UNPLACE, _("Find a new time later (the patient is not told yet)")),
        (Choice.CANCEL, _("Cancel it and tell the patient")),
        (Choice.KEEP, _("Keep it as it is")),
    ]
    shown = [(choice.value, text) for choice, text in common]
    if proposal:
        at = clock.wall(proposal.start, visit.doctor.timezone)
        move = f"{Choice.MOVE.value}@{proposal.start.isoformat()}"
        shown.insert(
            0, (move, _("Move it to %(when)s and tell the patient") % {"when": at})
        )
    former = decisions.get(visit.pk)
    kept = former.choice.value if former and former.choice is not Choice.MOVE else ""
    return {
        "name": f"{_PREFIX}{visit.pk}",
        "visit": visit,
        "when": clock.wall(visit.start, visit.zone),
        "why": hit.misfit.sentence,
        "choices": shown,
        "common": [(choice.value, text) for choice, text in common],
        "chosen": kept or shown[0][0],
    }


def _decisions(sent: Any) -> dict[UUID, Decision]:
    found = {}
    for name, value in sent.items():
        if name.startswith(_PREFIX):
            choice, _at, start = (sent.get(_FOR_ALL) or value).partition("@")
            try:
                moment = datetime.fromisoformat(start) if start else None
                decision = Decision(Choice(choice), moment)
                found[UUID(name.removeprefix(_PREFIX))] = decision
            except ValueError:
                continue  # undecided, then
    return found


@contextmanager
def _fresh_messages(request: Any, *, are_dropped: bool = False) -> Iterator[None]:
    """Forget what the admin says of a save that is taken back."""
    former = request._messages
    request._messages = default_storage(request)
    try:
        yield
    except Exception:
        request._messages = former
        raise
    if are_dropped:
        request._messages = former


def _say(request: Any, done: Changed[Any], decisions: dict[UUID, Decision]) -> None:
    """Say what became of the calendar and of those who were hit."""
    if not done.days:
        return
    said = [_("The calendar that patients see is up to date.")]
    counts = dict.fromkeys(Choice, 0)
    for hit in done.hits:
        counts[decisions[hit.appointment.pk].choice] += 1
    texts = {
        Choice.MOVE: _("%(n)d moved"),
        Choice.CANCEL: _("%(n)d cancelled"),
        Choice.UNPLACE: _("%(n)d waiting for a new time"),
        Choice.KEEP: _("%(n)d kept"),
    }
    told = [texts[choice] % {"n": n} for choice, n in counts.items() if n]
    if told:
        said.append(_("Booked visits: %(what)s.") % {"what": ", ".join(told)})
    messages.success(request, " ".join(said))
