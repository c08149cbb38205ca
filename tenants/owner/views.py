"""The page itself, what happened in full, and the early end of a support visit."""

from uuid import UUID

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tenants import support
from tenants.http import MemberRequest
from tenants.owner import reading
from tenants.owner.doors import for_owner, say
from tenants.owner.forms import DomainForm


@for_owner("GET", "HEAD")
def overview(request: MemberRequest) -> HttpResponse:
    return show(request, DomainForm())


@for_owner("GET", "HEAD")
def events(request: MemberRequest) -> HttpResponse:
    page = reading.events(request.clinic, request.GET.get("page"))
    return render(request, "tenants/owner/events.html", {"page": page})


@for_owner("POST")
def end_visit(request: MemberRequest, visit_id: UUID) -> HttpResponse:
    mine = {visit.pk: visit for visit in support.visits(request.clinic)}
    if visit_id not in mine:
        raise Http404
    support.end(mine[visit_id], by=request.user.email)
    return say(request, "visits", _("That visit is over."))


def show(request: MemberRequest, form: DomainForm) -> HttpResponse:
    """Show the page, with what was wrong with a domain that was typed."""
    said: dict[str, list[Message]] = {}
    for message in messages.get_messages(request):
        said.setdefault(message.extra_tags or "main", []).append(message)
    context = {
        **reading.facts(request.clinic),
        "form": form,
        "said": said,
        "messages": said.get("main"),  # each of the others stands at its section
    }
    status = 422 if form.errors else 200
    return render(request, "tenants/owner/overview.html", context, status=status)
