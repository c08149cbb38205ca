"""Addresses that are none, under /api/: said in JSON, whatever the method."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from bookings.api import problems


@csrf_exempt
@login_not_required
def not_found(request: HttpRequest, **kwargs: object) -> JsonResponse:
    del request, kwargs
    body = problems.body_of("not_found", _("There is nothing at this address."))
    return JsonResponse(body, status=404, content_type=problems.MEDIA_TYPE)
