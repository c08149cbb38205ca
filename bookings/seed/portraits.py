"""Draws portraits for demo doctors: flat busts from a few shapes, no ids, no styles.

Several stand on one page inline, under a strict content policy: so no `id`, no `style`
attribute, no text, only shapes with colours of their own.
"""

from dataclasses import dataclass

SKIN = {  # face, and the shade under the chin
    "fair": ("#f3d3bd", "#dfb59b"),
    "light": ("#efcaa6", "#d9ab83"),
    "olive": ("#dcae86", "#c29068"),
    "tan": ("#c68e63", "#a97249"),
    "brown": ("#a06a44", "#834f2f"),
    "deep": ("#6f452e", "#573220"),
}
HAIR = {
    "black": "#231f20",
    "espresso": "#3f2a22",
    "auburn": "#7c3f26",
    "sand": "#b68a55",
    "grey": "#a9abad",
    "rose": "#a8617a",
}
COAT = {  # jacket, and the ground behind the head
    "teal": ("#1f6f74", "#d7ebe9"),
    "navy": ("#2b4570", "#dbe4f2"),
    "sage": ("#5d7f63", "#e0ebdf"),
    "slate": ("#4d5f6e", "#e1e7ec"),
    "plum": ("#6e4368", "#eee0ec"),
    "ink": ("#2e3440", "#e6e4df"),
}


@dataclass(frozen=True)
class Face:
    skin: str
    hair: str
    hair_colour: str
    coat: str
    glasses: bool = False
    beard: bool = False


def draw(face: Face) -> str:
    """Return the portrait as an SVG, square, made to be seen at 48 to 96 pixels."""
    skin, shade = SKIN[face.skin]
    jacket, ground = COAT[face.coat]
    hair = HAIR[face.hair_colour]
    behind, above = _HAIR[face.hair]
    parts = [
        f'<path fill="{ground}" d="M0 0h96v96H0z"/>',
        behind.replace("HAIR", hair),
        _shoulders(jacket, skin, shade, covered=face.hair == "scarf", scarf=hair),
        _head(skin, shade, ears=face.hair not in {"scarf", "bob", "long", "curls"}),
        _beard(hair) if face.beard else "",
        above.replace("HAIR", hair),
        _features(face),
    ]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">'
        + "".join(parts)
        + "</svg>"
    )


def _shoulders(jacket: str, skin: str, shade: str, *, covered: bool, scarf: str) -> str:
    neck = (
        f'<path fill="{scarf}" d="M34 56c4 8 24 8 28 0l6 14c-8 9-32 9-40 0z"/>'
        if covered
        else f'<path fill="{skin}" d="M39 52h18v14c0 10-18 10-18 0z"/>'
        f'<path fill="{shade}" d="M39 58c5 7 13 7 18 0v5c-5 6-13 6-18 0z"/>'
    )
    shirt = '<path fill="#fff" d="M36 67l12 29 12-29-4-3c-3 8-13 8-16 0z"/>'
    return (
        f'<path fill="{jacket}" d="M8 96c0-20 14-27 30-31h20c16 4 30 11 30 31z"/>'
        + shirt
        + (neck if not covered else "")
        + f'<path fill="{jacket}" d="M37 64l-7 6 5 9 13 17z'
        + 'M59 64l7 6-5 9-13 17z"/>'
        + (neck if covered else "")
    )


def _head(skin: str, shade: str, *, ears: bool) -> str:
    both = f'<path fill="{shade}" d="M28 42a4 5 0 1 1 4 6zM68 42a4 5 0 1 0-4 6z"/>'
    oval = (
        f'<path fill="{skin}" '
        'd="M31 36c0-14 7-20 17-20s17 6 17 20c0 14-8 25-17 25s-17-11-17-25z"/>'
    )
    return (both if ears else "") + oval


def _beard(hair: str) -> str:
    return (
        f'<path fill="{hair}" d="M31 38c1 5 3 8 7 9 4-3 16-3 20 0 4-1 6-4 7-9'
        ' 0 16-8 25-17 25s-17-9-17-25z"/>'
    )


def _features(face: Face) -> str:
    dark = "#2a1d18"
    mouth = "#fff" if face.beard or face.skin == "deep" else "#a4523f"
    eyes = f'<path fill="{dark}" d="M39 38a2 2.2 0 1 1 4 0 2 2.2 0 1 1-4 0'
    eyes += 'M53 38a2 2.2 0 1 1 4 0 2 2.2 0 1 1-4 0"/>'
    smile = (
        f'<path fill="none" stroke="{mouth}" stroke-width="1.8" '
        'stroke-linecap="round" d="M43 51c3 2.6 7 2.6 10 0"/>'
    )
    rims = (
        f'<g fill="none" stroke="{dark}" stroke-width="1.5">'
        '<circle cx="41" cy="38" r="5.6"/><circle cx="55" cy="38" r="5.6"/>'
        '<path d="M46.600 37.400c1-.8 1.800-.8 2.800 0"/></g>'
    )
    return eyes + smile + (rims if face.glasses else "")


# For each style: what lies behind the shoulders, and what lies over the face.
_HAIR = {
    "short": (
        "",
        '<path fill="HAIR" d="M30 38c-4-18 4-27 18-27s22 9 18 27c-1-8-4-12-8-13'
        '-7 2-15 1-20-1-5 2-7 6-8 14z"/>',
    ),
    "swept": (
        "",
        '<path fill="HAIR" d="M30 37c-4-16 2-25 14-26 3-2 12-2 17 3 6 5 6 14 5 23'
        '-2-7-4-10-7-13-8 2-17-1-20-3-5 4-8 8-9 16z"/>',
    ),
    "fade": (
        "",
        '<path fill="HAIR" d="M31 33c-1-14 6-21 17-21s18 7 17 21c-1-5-3-8-5-9'
        '-8-2-16-2-24 0-2 1-4 4-5 9z"/>',
    ),
    "thin": (
        "",
        '<path fill="HAIR" d="M31 42c-3-7-3-17 2-22 1 5 0 8 0 12-1 3-1 6-2 10z'
        "M65 42c3-7 3-17-2-22-1 5 0 8 0 12 1 3 1 6 2 10z"
        'M34 20c4-7 24-7 28 0-8-4-20-4-28 0z"/>',
    ),
    "bob": (
        '<path fill="HAIR" d="M25 58c-3-30 2-48 23-48s26 18 23 48c-8 3-38 3-46 0z"/>',
        '<path fill="HAIR" d="M29 44c-2-20 5-32 19-32s21 12 19 32c-2-10-5-16-8-19'
        'H37c-3 3-6 9-8 19z"/>',
    ),
    "long": (
        '<path fill="HAIR" d="M23 80c2-12-2-22 0-40 2-20 10-30 25-30s23 10 25 30'
        'c2 18-2 28 0 40-12 5-38 5-50 0z"/>',
        '<path fill="HAIR" d="M29 46c-3-22 5-34 19-34s22 12 19 34c-2-12-8-20-19-27'
        '-11 7-17 15-19 27z"/>',
    ),
    "bun": (
        '<circle fill="HAIR" cx="48" cy="11" r="9"/>',
        '<path fill="HAIR" d="M29 42c-3-20 5-30 19-30s22 10 19 30c-2-10-7-16-19-18'
        '-12 2-17 8-19 18z"/>',
    ),
    "coils": (
        '<path fill="HAIR" d="M48 5c9-1 17 3 20 9 7 5 8 14 5 21 1 8-5 15-12 16H35'
        'c-7-1-13-8-12-16-3-7-2-16 5-21 3-6 11-10 20-9z"/>',
        '<path fill="HAIR" d="M29 38c-4-16 4-27 19-27s23 11 19 27c-2-8-5-11-9-12'
        '-3 1-5-1-10-1s-7 2-10 1c-4 1-7 4-9 12z"/>',
    ),
    "curls": (
        '<path fill="HAIR" d="M48 8c14-1 23 7 24 18 5 6 4 13 1 18 3 7 0 14-6 17-4 6'
        '-34 6-38 0-6-3-9-10-6-17-3-5-4-12 1-18 1-11 10-19 24-18z"/>',
        '<path fill="HAIR" d="M29 44c-4-20 5-31 19-31s23 11 19 31c-1-7-3-12-7-14-4 1'
        '-8-1-11-5-4 5-9 6-13 5-4 2-6 7-7 14z"/>',
    ),
    "scarf": (
        '<path fill="HAIR" d="M23 66c-4-36 4-56 25-56s29 20 25 56z"/>',
        '<path fill="HAIR" fill-rule="evenodd" d="M26 48c-3-24 5-37 22-37s25 13 22 37'
        "c-2 11-12 18-22 18s-20-7-22-18zM33 40c0 12 7 21 15 21s15-9 15-21"
        'c0-12-5-19-15-19s-15 7-15 19z"/>',
    ),
}
