"""What people type about their account. Errors are said in plain words."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User

EARLIEST_BIRTH = date(1900, 1, 1)
_LONGEST_PASSWORD = 1000
_INPUT = {"class": "input"}
_CODE = {
    "class": "input short",
    "inputmode": "numeric",
    "autocomplete": "one-time-code",
    "autofocus": True,
}


class EmailField(forms.EmailField):
    """An address in the one form in which accounts keep it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Email address"),
            max_length=254,
            widget=forms.EmailInput({**_INPUT, "autocomplete": "username"}),
            error_messages={
                "required": _("Enter your email address."),
                "invalid": _("Enter an email address such as name@example.com."),
            },
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).lower()


class PasswordField(forms.CharField):
    """A password, kept exactly as typed: spaces count."""

    def __init__(self, *, label: Any, autocomplete: str, **kwargs: Any) -> None:
        super().__init__(
            label=label,
            max_length=_LONGEST_PASSWORD,
            strip=False,
            widget=forms.PasswordInput({**_INPUT, "autocomplete": autocomplete}),
            error_messages={"required": _("Enter your password.")},
            **kwargs,
        )


class NewPasswordField(PasswordField):
    """A password to be, with advice; `strong` judges it."""

    def __init__(self, label: Any = None) -> None:
        super().__init__(
            label=label or _("New password"),
            autocomplete="new-password",
            help_text=_(
                "At least 15 characters. Four or five words that do not belong together "
                "are easy to remember and hard to guess."
            ),
        )


class NameField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label=_("Full name"),
            max_length=200,
            widget=forms.TextInput({**_INPUT, "autocomplete": "name"}),
            error_messages={"required": _("Enter your name.")},
        )


class LoginForm(forms.Form):
    email = EmailField()
    password = PasswordField(label=_("Password"), autocomplete="current-password")


class SignupForm(forms.Form):
    name = NameField()
    email = EmailField(help_text=_("We send a code to it, to see that it is yours."))
    date_of_birth = forms.DateField(
        label=_("Date of birth (optional)"),
        help_text=_("It helps the clinic to find your record."),
        required=False,
        widget=forms.DateInput(
            {"class": "input short", "type": "date", "autocomplete": "bday"},
            format="%Y-%m-%d",
        ),
        input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %m %Y"],
        error_messages={"invalid": _("Enter a date such as 1984-03-27.")},
    )
    password = NewPasswordField(_("Password"))

    def clean_date_of_birth(self) -> date | None:
        born: date | None = self.cleaned_data["date_of_birth"]
        if born and not EARLIEST_BIRTH <= born <= timezone.localdate():
            raise ValidationError(_("The date must be between 1900 and today."))
        return born

    def clean_password(self) -> str:
        known = User(
            email=self.cleaned_data.get("email", ""),
            name=self.cleaned_data.get("name", ""),
        )
        return strong(self.cleaned_data["password"], known)


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(_CODE),
        error_messages={"required": _("Enter the six digits from the mail.")},
    )

    def clean_code(self) -> str:
        """Accept the digits however they are grouped."""
        digits = "".join(c for c in self.cleaned_data["code"] if c not in " -\u00a0")
        if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
            raise ValidationError(_("The code has six digits."))
        return digits


class ResetForm(forms.Form):
    email = EmailField()


class NewPasswordForm(forms.Form):
    """Sets the password of `user`, when valid."""

    password = NewPasswordField()

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.user = user

    def clean_password(self) -> str:
        return strong(self.cleaned_data["password"], self.user)

    def save(self) -> None:
        self.user.set_password(self.cleaned_data["password"])
        self.user.save(update_fields=["password"])


class ChangePasswordForm(NewPasswordForm):
    old_password = PasswordField(
        label=_("Password now"), autocomplete="current-password"
    )
    field_order = ("old_password", "password")

    def clean_old_password(self) -> str:
        old: str = self.cleaned_data["old_password"]
        if not self.user.check_password(old):
            raise ValidationError(_("This is not your password now."))
        return old


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    name = NameField()
    language = forms.ChoiceField(
        label=_("Language"),
        help_text=_("Of these pages, and of the mail we send you."),
        choices=[("", _("As my browser says")), *settings.LANGUAGES],
        required=False,
        widget=forms.Select({"class": "select"}),
    )

    class Meta:
        model = User
        fields = ("name", "language")


def strong(password: str, user: User) -> str:
    """Return the password.

    Raises:
        ValidationError: too short, too common, or too much like name or address.
    """
    validate_password(password, user)
    return password
