"""The end of a clinic, by its owner, and the way back."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import now as current_time
from django.utils.translation import gettext as _

from tenants import lifecycle
from tenants.http import MemberRequest
from tenants.lifecycle import NotNowError
from tenants.owner.doors import back_to, for_owner, say
from tenants.owner.forms import CloseForm
from tenants.owner.reading import fresh, moment_in, words_of


@for_owner("GET", "HEAD", "POST")
def close(request: MemberRequest) -> HttpResponse:
    clinic = fresh(request.clinic)
    if clinic.status == clinic.Status.CLOSED:
        return back_to("main")
    form = CloseForm(request.POST or None, clinic=clinic)
    if not form.is_valid():
        last = moment_in(clinic, current_time() + lifecycle.GRACE)
        context = {"form": form, "last_day": last, **words_of(clinic)}
        status = 422 if form.errors else 200
        return render(request, "tenants/owner/close.html", context, status=status)
    try:
        lifecycle.close(clinic, by=request.user.email)
    except NotNowError as refused:
        return say(request, "main", str(refused), is_bad=True)
    return back_to("main")


@for_owner("POST")
def reopen(request: MemberRequest) -> HttpResponse:
    clinic = fresh(request.clinic)
    try:
        lifecycle.reopen(clinic, by=request.user.email)
    except NotNowError as refused:
        return say(request, "main", str(refused), is_bad=True)
    said = _("%(clinic)s is kept: nothing is deleted.") % {"clinic": clinic.name}
    return say(request, "main", said)
