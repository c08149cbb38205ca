"""The clinic's colours, logo and portraits, as files that browsers keep."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from bookings.models import Doctor, Practice
from tenants.http import ClinicRequest

_YEAR = 365 * 24 * 3600  # seconds; the address changes with the content


@login_not_required
@require_safe
def brand(request: ClinicRequest) -> HttpResponse:
    """Two custom properties: all that differs between two clinics' stylesheets."""
    del request
    practice = Practice.load()
    sheet = f":root {{ --brand-h: {practice.brand_hue}; --brand-c: {practice.brand_chroma} }}"
    return _kept(HttpResponse(sheet, content_type="text/css"))


@login_not_required
@require_safe
def logo(request: ClinicRequest) -> HttpResponse:
    """The clinic's logo, or its first letter."""
    drawn = Practice.load().logo_svg
    return _drawing(drawn or _letter(request.clinic.name))


@login_not_required
@require_safe
def portrait(request: ClinicRequest, slug: str) -> HttpResponse:
    """A doctor's drawn portrait."""
    del request
    doctor = get_object_or_404(Doctor, slug=slug, is_active=True)
    if not doctor.portrait_svg:
        raise Http404
    return _drawing(doctor.portrait_svg)


def _drawing(svg: str) -> HttpResponse:
    response = _kept(HttpResponse(svg, content_type="image/svg+xml"))
    # Opened by itself, a drawing must be able to do nothing.
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'"
    )
    return response


def _kept(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, public=True, max_age=_YEAR, immutable=True)
    return response


def _letter(name: str) -> str:
    first = next((c for c in name if c.isalnum()), "•").upper()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36">'
        '<rect width="36" height="36" rx="9" fill="#2b6a63"/>'
        '<text x="18" y="25" font-family="sans-serif" font-size="20" font-weight="600"'
        f' text-anchor="middle" fill="#fff">{first}</text></svg>'
    )
