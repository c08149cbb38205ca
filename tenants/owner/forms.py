"""What the owner types."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.models import Clinic

_AS_TYPED = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class DomainForm(forms.Form):
    domain = forms.CharField(
        label=gettext_lazy("Add a domain"),
        help_text=gettext_lazy("One of your own, such as book.my-clinic.example."),
        max_length=300,
        widget=forms.TextInput({"class": "input", "inputmode": "url", **_AS_TYPED}),
        error_messages={
            "required": gettext_lazy("Enter a domain such as book.my-clinic.example.")
        },
    )


class CloseForm(forms.Form):
    """Asks for the address, so that nobody closes a clinic by a slip."""

    address = forms.CharField(
        max_length=300,
        widget=forms.TextInput({"class": "input", **_AS_TYPED}),
    )

    def __init__(self, data: Any = None, *, clinic: Clinic) -> None:
        super().__init__(data)
        self._clinic = clinic
        field = self.fields["address"]
        field.label = _("Type %(address)s to confirm") % {"address": clinic.slug}
        field.error_messages["required"] = self._mistyped

    def clean_address(self) -> str:
        typed: str = self.cleaned_data["address"].strip().lower()
        host = self._clinic.platform_host.partition(":")[0]
        if typed not in (self._clinic.slug, host):
            raise ValidationError(self._mistyped)
        return typed

    @property
    def _mistyped(self) -> str:
        return _("Type the clinic’s address as it is: %(address)s.") % {
            "address": self._clinic.slug
        }
