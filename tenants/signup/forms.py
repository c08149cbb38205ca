"""What somebody types who opens a clinic."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.forms import EmailField, NameField, NewPasswordField, strong
from accounts.models import User
from tenants.models import Clinic
from tenants.signup import addresses, zones

_LIVE = {
    "hx-get": reverse_lazy("signup:check"),
    "hx-trigger": "input changed delay:400ms",
    "hx-target": "#verdict",
    "hx-sync": "this:replace",
    "hx-include": "#id_timezone",
}


class AddressField(forms.CharField):
    """The part of a clinic's host that is its own; judged while it is typed."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Address"),
            help_text=_(
                "Your patients book here. 3 to 40 small letters, digits and hyphens. "
                "You can add a domain of your own later."
            ),
            widget=forms.TextInput(
                {
                    "class": "input",
                    "autocomplete": "off",
                    "autocapitalize": "none",
                    "spellcheck": "false",
                    **_LIVE,
                }
            ),
            error_messages={"required": _("Choose an address.")},
        )

    def to_python(self, value: Any) -> str:
        return addresses.in_one_form(str(super().to_python(value)))

    @property
    def suffix(self) -> str:
        """What stands behind it."""
        return Clinic(slug="").platform_host


class SignupForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the clinic"),
        max_length=120,
        widget=forms.TextInput({"class": "input", "autocomplete": "organization"}),
        error_messages={"required": _("Enter the clinic’s name.")},
    )
    slug = AddressField()
    timezone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("All times of the clinic are on this clock."),
        choices=lambda: [("", _("Choose a time zone")), *zones.by_area()],
        widget=forms.Select({"class": "select"}),
        error_messages={
            "required": _("Choose a time zone."),
            "invalid_choice": _("Choose a time zone such as Europe/London."),
        },
    )
    owner = NameField()
    email = EmailField(help_text=_("We send a code to it, to see that it is yours."))
    password = NewPasswordField(_("Password"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].label = _("Your name")
        self.fields["email"].label = _("Your email address")

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if not any(sign.isprintable() and not sign.isspace() for sign in name):
            raise ValidationError(self.fields["name"].error_messages["required"])
        return name

    def clean_password(self) -> str:
        known = User(
            email=self.cleaned_data.get("email", ""),
            name=self.cleaned_data.get("owner", ""),
        )
        return strong(self.cleaned_data["password"], known)

    def clean(self) -> dict[str, Any]:
        """Judge the address last: by who asks, and with what is like it and free."""
        told = self.cleaned_data
        if "slug" in told:
            judge(self, told.get("email", ""), told.get("timezone", ""))
        elif not self.data.get("slug") and told.get("name"):
            self._propose(told["name"])
        return told

    def _propose(self, name: str) -> None:
        free = addresses.proposal(name)
        if free:
            said = _now("Choose an address, such as %(slug)s.") % {"slug": free}
            self.errors["slug"] = self.error_class([said])


class AddressForm(forms.Form):
    """Another address, for somebody who has told everything else already."""

    slug = AddressField()

    def __init__(self, data: Any = None, *, email: str, zone: str, **kwargs: Any):
        super().__init__(data, **kwargs)
        self._email, self._zone = email, zone

    def clean(self) -> dict[str, Any]:
        if "slug" in self.cleaned_data:
            judge(self, self._email, self._zone)
        return self.cleaned_data


def judge(form: forms.Form, email: str, zone: str) -> None:
    """Say what is wrong with the address, if anything is."""
    slug = form.cleaned_data["slug"]
    try:
        addresses.check(slug, owner_email=email)
    except ValidationError as error:
        is_taken = error.code == "taken"
        form.add_error("slug", addresses.said_taken(slug, zone) if is_taken else error)
