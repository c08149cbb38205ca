"""Accounts in the admin: staff at their clinic, operators on the platform.

Registered by `bookings.desk.site` and `tenants.operators.site`, each on its own site.
"""

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminEmailInputWidget

from accounts import roles
from accounts.modeladmin import PlainModelAdmin, button, display
from accounts.models import User

_Choices = list[tuple[str, Any]]


def _choices(of: frozenset[str]) -> _Choices:
    return [(value, label) for value, label in User.Role.choices if value in of]


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """An account that exists. The last one that runs the place cannot step down."""

    keeper: ClassVar[str]

    class Meta:
        model = User
        fields = ("name", "email", "role", "is_active")

    def clean_email(self) -> str:
        return _free_address(self.cleaned_data["email"], self.instance)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        after = User(
            role=cleaned.get("role", self.instance.role),
            is_active=cleaned.get("is_active", self.instance.is_active),
        )
        if _keeps(dict(self.initial), self.keeper) and not _keeps(
            vars(after), self.keeper
        ):
            self._check_another_keeper()
        return cleaned

    def _check_another_keeper(self) -> None:
        """Lock them: two who step down at once must not both find the other.

        Raises:
            ValidationError: nobody else may run the place.
        """
        keepers = User.objects.select_for_update().filter(
            role=self.keeper, is_active=True
        )
        if not [each for each in keepers if each.pk != self.instance.pk]:
            raise ValidationError(
                _("Nobody else could manage accounts then. Name another one first.")
            )


class NewAccountForm(UserCreationForm):
    class Meta:
        model = User
        fields = ("name", "email", "role")
        widgets = {"email": UnfoldAdminEmailInputWidget}

    def clean_email(self) -> str:
        return _free_address(self.cleaned_data["email"], self.instance)


class AccountAdmin(UserAdmin, PlainModelAdmin):  # type: ignore[type-arg, misc]
    """Accounts of some roles; they are switched off, not deleted."""

    offered: ClassVar[frozenset[str]]  # roles that may be given
    keeper: ClassVar[str]  # the role that the last one may not leave
    form = AccountForm
    add_form = NewAccountForm
    change_password_form = AdminPasswordChangeForm
    fieldsets = ((None, {"fields": ("name", "email", "role", "is_active", "joined")}),)
    add_fieldsets = (
        (None, {"fields": ("name", "email", "role", "password1", "password2")}),
    )
    list_display = (
        "name",
        "email",
        "role_label",
        "is_active",
    )
    list_filter = ("role", "is_active")
    search_fields = ("name", "email")
    ordering = ("name", "id")
    filter_horizontal = ()
    actions_detail = ("set_password",)

    def get_form(
        self,
        request: HttpRequest,
        obj: User | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 (Django's signature)
        **kwargs: Any,
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"keeper": self.keeper})

    def formfield_for_choice_field(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "role":
            kwargs["choices"] = _choices(self.offered)
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_readonly_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> tuple[str, ...]:
        """Of an account with another role, such as a patient's, only the switch."""
        if obj is None or obj.role in self.offered:
            return ("joined",)
        return ("name", "email", "role", "joined")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: the history of appointments says who did what."""
        return False

    @button(description=_("Set a password"), permissions=["change"])
    def set_password(self, request: HttpRequest, object_id: str) -> HttpResponse:
        del request, object_id
        return HttpResponseRedirect("../password/")

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 (Django's name)
        form_url: str = "",
    ) -> HttpResponse:
        user = self.get_object(request, id)
        if user is None or user.role not in self.offered:
            raise PermissionDenied
        response: HttpResponse = super().user_change_password(request, id, form_url)
        return response

    @display(
        description=_("role"),
        ordering="role",
        label={"owner": "primary", "doctor": "info", "reception": "success"},
    )
    def role_label(self, user: User) -> tuple[str, str]:
        return user.role, user.get_role_display()

    @display(description=_("since"))
    def joined(self, user: User) -> str:
        return f"{user.created_at:%Y-%m-%d}"


class StaffAdmin(AccountAdmin):
    """A clinic's accounts, for its owners."""

    offered = roles.STAFF
    keeper = roles.OWNER


class OperatorAdmin(AccountAdmin):
    """The platform's operators."""

    offered = frozenset({roles.OPERATOR})
    keeper = roles.OPERATOR
    list_display = ("name", "email", "is_active")  # type: ignore[assignment]
    list_filter = ("is_active",)  # type: ignore[assignment]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        found: QuerySet[User] = super().get_queryset(request)
        return found.filter(role=roles.OPERATOR)


def _keeps(account: dict[str, Any], keeper: str) -> bool:
    return account.get("role") == keeper and bool(account.get("is_active"))


def _free_address(email: str, own: User) -> str:
    """Return the address in its one form.

    Raises:
        ValidationError: another account has it.
    """
    plain = email.strip().lower()
    if User.objects.exclude(pk=own.pk).filter(email=plain).exists():
        raise ValidationError(_("Another account has this address."))
    return plain
