"""For which hosts a proxy may get a certificate: those that would be answered."""

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tenants.hosts import UnknownHostError, resolve


@login_not_required
@never_cache
@require_safe
def may_have(request: HttpRequest) -> HttpResponse:
    """Answer 200 if `?domain=` is ours or a clinic's, 404 if it is nobody's.

    On any host, since the proxy asks by an inner address. Who asks learns nothing that
    asking the host itself does not tell.
    """
    domain = request.GET.get("domain", "")
    status, said = 200, "yes"
    try:
        resolve(domain)
    except (UnknownHostError, UnicodeError, ValueError):
        status, said = 404, "no"
    except (OperationalError, InterfaceError):
        status, said = 503, "the database does not answer"
    return HttpResponse(said, status=status, content_type="text/plain; charset=utf-8")
