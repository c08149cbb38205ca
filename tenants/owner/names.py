"""The owner's own domains: added, checked, made primary, removed."""

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
from tenants.owner.doors import back_to, for_owner, say
from tenants.owner.forms import DomainForm
from tenants.owner.views import show

_QUARTER = 15 * 60  # seconds


@for_owner("GET", "HEAD", "POST")
def add(request: MemberRequest) -> HttpResponseBase:
    if request.method != "POST":  # a page with an error, opened anew
        return back_to("domains")
    form = DomainForm(request.POST)
    if form.is_valid():
        try:
            by, name = request.user.email, form.cleaned_data["domain"]
            added = domains.add(request.clinic, name, by=by)
        except (ValidationError, DomainError) as refused:
            form.add_error("domain", getattr(refused, "messages", [str(refused)])[0])
        else:
            said = _("%(domain)s is added. Now make its records, then check it.")
            return _say(request, said % {"domain": readable(added.domain)})
    return show(request, form)


@for_owner("POST")
def check(request: MemberRequest, domain_id: int) -> HttpResponse:
    domain = _mine(request, domain_id)
    if throttle.hit("domain", str(request.clinic.pk), limit=30, seconds=_QUARTER):
        said = _("You checked very often. Wait a few minutes.")
        return _say(request, said, is_bad=True)
    try:
        domains.verify(domain, by=request.user.email)
    except (DomainError, LookupFailedError) as refused:
        return _say(request, str(refused), is_bad=True)
    said = _("%(domain)s is verified. This clinic answers there now.")
    return _say(request, said % {"domain": readable(domain.domain)})


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
    return _say(request, _("%(domain)s is removed.") % {"domain": name})


def _choose(request: MemberRequest, domain: Domain | None) -> HttpResponse:
    try:
        domains.make_primary(request.clinic, domain, by=request.user.email)
    except DomainError as refused:
        return _say(request, str(refused), is_bad=True)
    host = readable(request.clinic.host)
    return _say(request, _("Links name %(host)s from now on.") % {"host": host})


def _say(request: MemberRequest, text: str, *, is_bad: bool = False) -> HttpResponse:
    return say(request, "domains", text, is_bad=is_bad)


def _mine(request: MemberRequest, domain_id: int) -> Domain:
    """Return the clinic's domain of this id.

    Raises:
        Http404: it is another clinic's, or gone.
    """
    for domain in domains.of(request.clinic):
        if domain.pk == domain_id:
            return domain
    raise Http404
