"""Who enters the owner's pages, and how they answer."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import roles
from tenants.http import MemberRequest

View = Callable[..., HttpResponseBase]


def for_owner(*methods: str) -> Callable[[View], View]:
    """Let the clinic's owner in, by these methods, and have nobody store the answer.

    Raises (in the view):
        PermissionDenied: somebody else is logged in.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(
            request: MemberRequest, *args: object, **kwargs: object
        ) -> HttpResponseBase:
            if not roles.is_owner(request.user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return never_cache(require_http_methods(methods)(guarded))

    return decorate


def say(
    request: MemberRequest, section: str, text: str, *, is_bad: bool = False
) -> HttpResponse:
    """Lead back to a part of the page, where `text` then stands."""
    level = messages.ERROR if is_bad else messages.SUCCESS
    messages.add_message(request, level, text, extra_tags=section)
    return back_to(section)


def back_to(section: str) -> HttpResponse:
    """Lead back to a part of the page."""
    return redirect(f"{reverse('owner:overview')}#{section}")
