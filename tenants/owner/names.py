"""The owner's own domains: added, checked, made primary, removed."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts import throttle
from tenants import domains
from tenants.domainnames import readable
from tenants.domains import DomainError
from tenants.http import MemberRequest
from tenants.models import Domain
from tenants.nameservers import LookupFailedError
from tenants.owner.doors import back_to, for_owner
from tenants.owner.forms import DomainForm
from tenants.owner.views import show

_QUARTER = 15 * 60  # seconds


@for_owner("POST")
def add(request: MemberRequest) -> HttpResponseBase:
    form = DomainForm(request.POST)
    if form.is_valid():
        try:
            by, name = request.user.email, form.cleaned_data["domain"]
            added = domains.add(request.clinic, name, by=by)
        except (ValidationError, DomainError) as refused:
            form.add_error("domain", getattr(refused, "messages", [str(refused)])[0])
        else:
            said = _("%(domain)s is added. Now make its records, then check it.")
            messages.success(request, said % {"domain": readable(added.domain)})
            return back_to("domains")
    return show(request, form)


@for_owner("POST")
def check(request: MemberRequest, domain_id: int) -> HttpResponse:
    domain = _mine(request, domain_id)
    if throttle.hit("domain", str(request.clinic.pk), limit=30, seconds=_QUARTER):
        messages.error(request, _("You checked very often. Wait a few minutes."))
        return back_to("domains")
    try:
        domains.verify(domain, by=request.user.email)
    except (DomainError, LookupFailedError) as refused:
        messages.error(request, str(refused))
    else:
        said = _("%(domain)s is verified. This clinic answers there now.")
        messages.success(request, said % {"domain": readable(domain.domain)})
    return back_to("domains")


@for_owner("POST")
def use(request: MemberRequest, domain_id: int) -> HttpResponse:
    return _choose(request, _mine(request, domain_id))


@for_owner("POST")
def use_platform(request: MemberRequest) -> HttpResponse:
    return _choose(request, None)


@for_owner("GET", "HEAD", "POST")
def remove(request: MemberRequest, domain_id: int) -> HttpResponse:
    domain = _mine(request, domain_id)
    name = readable(domain.domain)
    if request.method != "POST":
        context = {"domain": domain, "name": name}
        return render(request, "tenants/owner/remove.html", context)
    domains.remove(domain, by=request.user.email)
    messages.success(request, _("%(domain)s is removed.") % {"domain": name})
    return back_to("domains")


def _choose(request: MemberRequest, domain: Domain | None) -> HttpResponse:
    try:
        domains.make_primary(request.clinic, domain, by=request.user.email)
    except DomainError as refused:
        messages.error(request, str(refused))
    else:
        said = _("Links name %(host)s from now on.") % {"host": request.clinic.host}
        messages.success(request, said)
    return back_to("domains")


def _mine(request: MemberRequest, domain_id: int) -> Domain:
    """Return the clinic's domain of this id.

    Raises:
        Http404: it is another clinic's, or gone.
    """
    for domain in domains.of(request.clinic):
        if domain.pk == domain_id:
            return domain
    raise Http404
