"""Names of languages, each in itself: Türkçe, Français."""

from django.conf.locale import LANG_INFO

# Spoken by doctors; Django has no texts in them, and so no names for them.
_MORE = {
    "zh": "中文",
    "ln": "Lingála",
    "so": "Soomaali",
    "yo": "Yorùbá",
    "tl": "Tagalog",
}


def language_name(code: str) -> str:
    """Return what a language calls itself, or its code."""
    info = LANG_INFO.get(code) or LANG_INFO.get(code.split("-")[0]) or {}
    name = str(_MORE.get(code) or info.get("name_local") or code)
    return name[:1].upper() + name[1:]
