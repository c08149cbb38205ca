"""Names of languages, each in itself: Türkçe, Français."""

from functools import cache

from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Spoken by doctors; Django has no texts in them, and so no names for them.
_MORE = {
    "zh": "中文",
    "ln": "Lingála",
    "so": "Soomaali",
    "yo": "Yorùbá",
    "tl": "Tagalog",
}
_ENGLISH = {"chinese": "zh", "lingala": "ln", "somali": "so", "yoruba": "yo"}


def language_name(code: str) -> str:
    """Return what a language calls itself, or its code."""
    info = LANG_INFO.get(code) or LANG_INFO.get(code.split("-")[0]) or {}
    name = str(_MORE.get(code) or info.get("name_local") or code)
    return name[:1].upper() + name[1:]


def read_languages(typed: str) -> list[str]:
    """Return the codes of languages that were named, in English or in themselves.

    Raises:
        ValidationError: one of them is not known, or there is none.
    """
    names = [word.strip() for word in typed.replace(";", ",").split(",")]
    codes = {_code(name): None for name in names if name}
    if not codes:
        raise ValidationError(_("Write at least one language."))
    return list(codes)


def _code(name: str) -> str:
    code = _codes().get(name.casefold())
    if code is None:
        raise ValidationError(
            _("We do not know “%(name)s”. Write it as English, Türkçe or de.")
            % {"name": name}
        )
    return code


@cache
def _codes() -> dict[str, str]:
    """Codes by every way to write a language."""
    found = dict(_ENGLISH)
    for code, info in LANG_INFO.items():
        for way in (code, info.get("name", code), info.get("name_local", code)):
            found.setdefault(way.casefold(), code)
    for code, name in _MORE.items():
        found |= {code: code, name.casefold(): code}
    return found
