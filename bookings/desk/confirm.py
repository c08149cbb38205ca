"""The page between choosing an action and doing it: what, to which rows, and a note."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

Text = Any  # a string, or one that is translated when shown


class NoteForm(forms.Form):
    """One optional text that goes with the action."""

    note = forms.CharField(required=False)
    post = forms.CharField(widget=forms.HiddenInput, initial="yes")

    def __init__(
        self, data: Any = None, *, label: Text, help_text: Text, longest: int
    ) -> None:
        super().__init__(data)
        widget = UnfoldAdminTextInputWidget if longest < 200 else _Area
        self.fields["note"] = forms.CharField(
            label=label,
            help_text=help_text,
            required=False,
            max_length=longest,
            widget=widget(),
        )


class _Area(UnfoldAdminTextareaWidget):
    def __init__(self) -> None:
        super().__init__({"rows": 3})


@dataclass(frozen=True)
class Question:
    """What is asked before an action is done."""

    title: Text
    warning: Text
    button: Text
    rows: Sequence[Any]  # with `pk`, `line` (what is shown), and `version` or None
    action: str  # of the list; empty for the page of one row
    back: str


def ask(
    request: HttpRequest, admin: Any, question: Question, form: forms.Form
) -> TemplateResponse:
    """Render the question inside the admin that asks it."""
    context = {
        **admin.admin_site.each_context(request),
        "title": question.title,
        "question": question,
        "form": form,
        "media": admin.media,
    }
    return TemplateResponse(request, "admin/desk/confirm.html", context)
