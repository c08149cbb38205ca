"""What operators may do to clinics: what it is called, what it will do, what it asks.

Each is done by `tenants.lifecycle` or by the room that knows it, and written down there
with the operator's e-mail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from tenants import archives, lifecycle, migrating
from tenants.lifecycle import NotNowError
from tenants.models import Clinic, ClinicEvent, Plan
from tenants.versions import current_version

Status = Clinic.Status
_BORN = frozenset(Status) - {Status.CREATING}


class NothingAsked(forms.Form):
    """Only that the question was seen."""

    post = forms.CharField(widget=forms.HiddenInput, initial="yes")


class ReasonForm(NothingAsked):
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The clinic’s owner can read it."),
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
    )


class PlanForm(NothingAsked):
    plan = forms.ModelChoiceField(
        Plan.objects.none(),
        label=_("Plan"),
        help_text=_("Without a plan nothing is limited."),
        required=False,
        empty_label=_("No plan"),
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plans: Any = self.fields["plan"]
        plans.queryset = Plan.objects.all()


class KeptPlanForm(PlanForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plans: Any = self.fields["plan"]
        plans.empty_label = _("The plan that it has")
        plans.help_text = ""


@dataclass(frozen=True)
class Deed:
    """One thing to do, on the list and on a clinic's page."""

    name: str
    label: Any
    warning: Any  # what will happen
    done: Any  # said afterwards
    do: Callable[[Clinic, str, dict[str, Any]], None]  # clinic, by, what was asked
    fits: Callable[[Clinic], bool]  # whether its page offers it
    icon: str
    form: type[forms.Form] = NothingAsked
    variant: ActionVariant = ActionVariant.DEFAULT


def _is(*statuses: Status) -> Callable[[Clinic], bool]:
    return lambda clinic: clinic.status in statuses


def _export(clinic: Clinic, by: str, asked: dict[str, Any]) -> None:
    del asked
    archives.ask(clinic, by=by)


def _migrate(clinic: Clinic, by: str, asked: dict[str, Any]) -> None:
    """Run what is left.

    Raises:
        NotNowError: it failed; the error stands beside the clinic.
    """
    del asked
    error = migrating.migrate_one(clinic.pk)
    note = error or str(_("asked for by an operator"))
    lifecycle.record(clinic, ClinicEvent.Kind.MIGRATED, by=by, note=note)
    if error:
        raise NotNowError(error)


SUSPEND = Deed(
    name="suspend",
    label=_("Suspend"),
    warning=_(
        "Bookings stop at once and everybody is logged out. Appointments stay, staff "
        "may log in and read, and nothing can be changed until you resume it."
    ),
    done=_("suspended"),
    do=lambda clinic, by, asked: lifecycle.suspend(
        clinic, by=by, reason=asked["reason"]
    ),
    fits=_is(Status.TRIAL, Status.ACTIVE),
    icon="pause_circle",
    form=ReasonForm,
    variant=ActionVariant.DANGER,
)
RESUME = Deed(
    name="resume",
    label=_("Resume"),
    warning=_("Bookings are taken again at once. Everybody has to log in anew."),
    done=_("taking bookings again"),
    do=lambda clinic, by, _asked: lifecycle.resume(clinic, by=by),
    fits=_is(Status.SUSPENDED),
    icon="play_circle",
)
ACTIVATE = Deed(
    name="activate",
    label=_("Activate"),
    warning=_(
        "A trial, or a suspension, ends here: the clinic takes bookings for good."
    ),
    done=_("active"),
    do=lambda clinic, by, asked: lifecycle.activate(clinic, by=by, plan=asked["plan"]),
    fits=_is(Status.TRIAL, Status.SUSPENDED),
    icon="verified",
    form=KeptPlanForm,
)
SET_PLAN = Deed(
    name="set_plan",
    label=_("Set the plan"),
    warning=_(
        "The plan’s limits hold at once. What is above them stays; no more is added."
    ),
    done=_("on the plan you chose"),
    do=lambda clinic, by, asked: lifecycle.set_plan(clinic, asked["plan"], by=by),
    fits=_is(*_BORN),
    icon="sell",
    form=PlanForm,
)
CLOSE = Deed(
    name="close",
    label=_("Close"),
    warning=_(
        "The clinic’s pages close at once, for patients and staff. After 30 days all its "
        "data is deleted for good. Until then you or the owner can take it back."
    ),
    done=_("closed"),
    do=lambda clinic, by, asked: lifecycle.close(clinic, by=by, reason=asked["reason"]),
    fits=_is(Status.TRIAL, Status.ACTIVE, Status.SUSPENDED),
    icon="delete_forever",
    form=ReasonForm,
    variant=ActionVariant.DANGER,
)
REOPEN = Deed(
    name="reopen",
    label=_("Reopen"),
    warning=_(
        "The clinic is again what it was before it was closed, with all its data."
    ),
    done=_("open again"),
    do=lambda clinic, by, _asked: lifecycle.reopen(clinic, by=by),
    fits=_is(Status.CLOSED),
    icon="undo",
)
EXPORT = Deed(
    name="export",
    label=_("Export the data"),
    warning=_(
        "All data of the clinic is written to one file, patients’ too. A worker does it "
        "in a minute; then it stands under Exports, for 7 days."
    ),
    done=_("going to be exported"),
    do=_export,
    fits=_is(*_BORN),
    icon="archive",
)
MIGRATE = Deed(
    name="migrate",
    label=_("Run migrations"),
    warning=_(
        "Its tables are brought to this version of the code. While that runs, requests "
        "may wait; if it fails, its pages say so until it is run again."
    ),
    done=_("migrated"),
    do=_migrate,
    fits=lambda clinic: (
        clinic.status in _BORN and clinic.schema_version != current_version()
    ),
    icon="database",
)
ALL = (SUSPEND, RESUME, ACTIVATE, SET_PLAN, CLOSE, REOPEN, EXPORT, MIGRATE)
