"""The page itself, and what happened in full."""

from django.http import HttpResponse
from django.shortcuts import render

from tenants.http import MemberRequest
from tenants.owner import reading
from tenants.owner.doors import for_owner
from tenants.owner.forms import DomainForm


@for_owner("GET", "HEAD")
def overview(request: MemberRequest) -> HttpResponse:
    return show(request, DomainForm())


@for_owner("GET", "HEAD")
def events(request: MemberRequest) -> HttpResponse:
    page = reading.events(request.clinic, request.GET.get("page"))
    return render(request, "tenants/owner/events.html", {"page": page})


def show(request: MemberRequest, form: DomainForm) -> HttpResponse:
    """Show the page, with what was wrong with a domain that was typed."""
    context = {**reading.facts(request.clinic), "form": form}
    status = 422 if form.errors else 200
    return render(request, "tenants/owner/overview.html", context, status=status)
