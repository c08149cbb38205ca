"""What a clinic owes to say: what is kept of people, and how the pages can be used."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bookings.models import Practice
from tenants.http import ClinicRequest


@login_not_required
@require_safe
def privacy(request: ClinicRequest) -> HttpResponse:
    minutes = Practice.load().hold_minutes
    return render(request, "bookings/privacy.html", {"hold_minutes": minutes})


@login_not_required
@require_safe
def accessibility(request: ClinicRequest) -> HttpResponse:
    return render(request, "bookings/accessibility.html")
