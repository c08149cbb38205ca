"""Last step: the clinic's colour and logo. Any choice is readable (docs/look.md)."""

from typing import Any

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.actions.entries import Actor
from bookings.models import Practice
from bookings.setup import logos, rows
from bookings.setup.fields import StepForm
from bookings.setup.steps import LOOK

# Hues that slotwell.css knows as swatches.
SWATCHES = (
    (165, _("Pine")),
    (205, _("Lagoon")),
    (250, _("Harbour")),
    (300, _("Plum")),
    (350, _("Rose")),
    (15, _("Brick")),
    (55, _("Amber")),
    (120, _("Olive")),
)


class LogoField(forms.FileField):
    """A picture; cleaned, it is what to keep of it (`bytes`), or None."""

    def clean(self, data: Any, initial: Any = None) -> bytes | None:
        del initial
        upload = super().clean(data)
        return logos.drawn_anew(upload) if upload else None


class LookForm(StepForm):
    hue = forms.TypedChoiceField(
        label=_("Colour"),
        coerce=int,
        error_messages={
            "required": _("Choose a colour."),
            "invalid_choice": _("Choose one of these colours."),
        },
    )
    logo = LogoField(
        label=_("Logo, if you have one"),
        required=False,
        max_length=200,
        help_text=_("PNG, JPEG or WebP, up to 1 MB. Square works best."),
        widget=forms.FileInput(
            attrs={"class": "input", "accept": "image/png,image/jpeg,image/webp"}
        ),
    )
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False)

    def __init__(self, *args: Any, practice: Practice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.practice = practice
        hue: Any = self.fields["hue"]
        hue.choices = _choices(practice.brand_hue)
        hue.initial = practice.brand_hue
        if not practice.logo:
            del self.fields["remove_logo"]

    def save(self, *, by: Actor) -> None:
        del by
        sent = self.cleaned_data
        with transaction.atomic():
            practice = rows.locked_practice()
            practice.brand_hue = sent["hue"]
            rows.take_down(practice, LOOK, "brand_hue")
            if sent["logo"] or sent.get("remove_logo"):
                logos.replace(sent["logo"])


def form(data: Any = None, files: Any = None) -> LookForm:
    """The form with the clinic's look."""
    return LookForm(data, files, practice=Practice.load())


def _choices(hue: int) -> list[tuple[int, Any]]:
    """The swatches, after the clinic's own colour if it is none of them."""
    own = [] if hue in dict(SWATCHES) else [(hue, _("As it is"))]
    return [*own, *SWATCHES]
