"""What the two admins share: who enters and how, whose clock is shown, which scripts run.

The staff's admin is `bookings.desk.site`, the operators' is `tenants.operators.site`.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from functools import update_wrapper
from math import ceil
from typing import Any, ClassVar, cast
from urllib.parse import unquote

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern, URLResolver, reverse, reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from accounts import devices, limits, throttle

# Unfold's pages are driven by Alpine, which evaluates attributes, and carry styles.
own_policy = csp_update({"script-src": UNSAFE_EVAL, "style-src": UNSAFE_INLINE})
View = Callable[..., HttpResponse]


class EmailLoginForm(AuthenticationForm):
    """The admin's log-in, with the limits of every other door."""

    username = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "username"}),
    )
    error_messages = {
        "invalid_login": _(
            "This e-mail and password do not open the admin. Check both; "
            "only staff may log in here."
        ),
        "inactive": _("This account may not log in any more."),
    }
    roles: ClassVar[frozenset[str]] = frozenset()  # those that the site is for
    wait: int | None = None  # seconds, once there were too many tries

    def clean(self) -> dict[str, Any]:
        email = str(self.cleaned_data.get("username") or "").lower()
        if email and self.cleaned_data.get("password"):
            self.wait = _login_wait(self.request, email)
        if self.wait:
            raise ValidationError(_too_many(self.wait))
        cleaned: dict[str, Any] = super().clean()
        if self.get_user():
            _login_succeeded(self.request, email)
        return cleaned

    def confirm_login_allowed(self, user: Any) -> None:
        """Tell those whom the site is not for what strangers are told.

        Raises:
            ValidationError: the role is another.
        """
        if user.role not in self.roles:
            raise self.get_invalid_login_error()


class RoleSite(UnfoldAdminSite):
    """An admin for some roles. Anybody else is asked to log in."""

    login_form: type[EmailLoginForm]
    roles: ClassVar[frozenset[str]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        form = type("LoginForm", (EmailLoginForm,), {"roles": cls.roles})
        cls.login_form = cast("type[EmailLoginForm]", form)

    def zone(self, request: HttpRequest) -> tzinfo:
        """Whose clock dates are typed on."""
        del request
        return UTC

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_authenticated and user.is_active and self._is_in(user))

    def _is_in(self, user: Any) -> bool:
        return user.role in self.roles

    @method_decorator([never_cache, login_not_required, own_policy])
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        _refuse_nul(request)
        if not (request.GET.get("next") or request.POST):
            home = reverse(f"{self.name}:index")
            return HttpResponseRedirect(f"{request.path}?next={home}")
        response: HttpResponse = super().login(request, extra_context)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if wait := getattr(form, "wait", None):
            response.status_code = 429
            response["Retry-After"] = str(wait)
        elif request.method == "POST" and self.has_permission(request):
            _remember_device(request, response)
        return response

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # noqa: FBT001, FBT002 (Django's signature)
        guarded = super().admin_view(view, cacheable)

        def on_our_clock(
            request: HttpRequest, *args: Any, **kwargs: Any
        ) -> HttpResponse:
            _refuse_nul(request)
            with timezone.override(self.zone(request)):
                response: HttpResponse = guarded(request, *args, **kwargs)
                # Templates render after the view otherwise, and on another clock.
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
            return response

        return cast("View", update_wrapper(own_policy(on_our_clock), view))

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        # Not every wrapper of Django and Unfold says where its log-in page is.
        for pattern in _flat(urls):
            pattern.callback.login_url = reverse_lazy(f"{self.name}:login")
        # The shortcut to a row's page on the site: we have none, and it takes any id.
        return [each for each in urls if getattr(each, "name", "") != "view_on_site"]

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Unfold's search keeps what it found in a cache; each list has its own."""
        raise Http404


def _flat(patterns: Sequence[URLPattern | URLResolver]) -> list[Any]:
    found: list[Any] = []
    for pattern in patterns:
        inner = getattr(pattern, "url_patterns", None)
        found += _flat(inner) if inner is not None else [pattern]
    return [each for each in found if each.name != "login"]


def _refuse_nul(request: HttpRequest) -> None:
    """PostgreSQL has no NUL in texts, and Django's lists ask it all the same."""
    asked = unquote(request.META.get("QUERY_STRING", "")) + request.path_info
    if "\x00" in asked:
        raise Http404


def _too_many(wait: int) -> str:
    minutes = ceil(wait / 60)
    return ngettext(
        "Too many tries. Wait %(n)d minute, then try again.",
        "Too many tries. Wait %(n)d minutes, then try again.",
        minutes,
    ) % {"n": minutes}


def _login_wait(request: Any, email: str) -> int | None:

    if request.clinic:
        return limits.login_wait(request, email)
    return throttle.hit("login", email, limit=10, seconds=15 * 60)


def _login_succeeded(request: Any, email: str) -> None:

    if request.clinic:
        limits.login_succeeded(request, email)
    else:
        throttle.forgive("login", email)


def _remember_device(request: Any, response: HttpResponse) -> None:

    if request.clinic and isinstance(response, HttpResponseRedirect):
        devices.remember(request, response, request.user)
