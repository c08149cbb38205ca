"""`python -m benchmarks.plot`: draw the ratios to the rival into docs/performance.svg.

Reads what `make bench` has kept. A bar begins at the rival's own rate (1x) and goes to
the right where ours is better, whether more or less of it is wanted; the line is the
target that must be met.
"""

import json
import math
from dataclasses import dataclass
from html import escape
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_KEPT, _DRAWN = _ROOT / "var" / "bench", _ROOT / "docs" / "performance.svg"
_NAMES = ("bookings", "hot", "lists", "live", "weight")
_LINE, _TEXT, _WIDTH = 24, 430, 900  # px
_FAR = math.log2(20)  # what the right edge stands for, and the left one the inverse of
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2a30 }
.n { fill: #5b6b73 } .good { fill: #0f766e } .bad { fill: #b45309 }
.axis { stroke: #9aa8ae } .must { stroke: #1f2a30; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf0 } .n { fill: #a3b3ba } .good { fill: #2dd4bf }
  .bad { fill: #fbbf24 } .must { stroke: #e6edf0 }
}
"""


@dataclass(frozen=True)
class Bar:
    what: str
    value: float
    must: float
    is_less_better: bool

    @property
    def is_met(self) -> bool:
        return self._better(self.value) >= self._better(self.must)

    def _better(self, value: float) -> float:
        """How many times better than the rival."""
        return 1 / value if self.is_less_better else value

    def drawn(self, top: int) -> str:
        begin, end, must = (
            _place(each)
            for each in (1, self._better(self.value), self._better(self.must))
        )
        left, width = min(begin, end), abs(end - begin)
        kind = "good" if self.is_met else "bad"
        return (
            f'<text x="{_TEXT - 12}" y="{top + 16}" text-anchor="end">'
            f"{escape(self.what)}</text>"
            f'<rect class="{kind}" x="{left:.0f}" y="{top + 5}" width="{width:.0f}" '
            'height="14" rx="2"/>'
            f'<path class="must" d="M{must:.0f} {top + 2}v20"/>'
            f'<text class="n" x="{_WIDTH - 4}" y="{top + 16}" text-anchor="end">'
            f"{self.value:.2f}x</text>"
        )


def _place(better: float) -> float:
    share = (math.log2(better) / _FAR + 1) / 2
    return _TEXT + min(max(share, 0), 1) * (_WIDTH - _TEXT - 60)


def main() -> None:
    """Write the picture; benchmarks that were not run are left out."""
    bars = [bar for name in _NAMES for bar in _bars(_KEPT / f"{name}.json")]
    height = len(bars) * _LINE + 34
    middle = _place(1)
    lines = "".join(bar.drawn(n * _LINE + 4) for n, bar in enumerate(bars))
    _DRAWN.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'role="img" aria-label="Ratios to the rival"><style>{_STYLE}</style>'
        f'<path class="axis" d="M{middle:.0f} 0v{height - 26}"/>{lines}'
        f'<text class="n" x="{middle:.0f}" y="{height - 8}" text-anchor="middle">'
        "the rival · better to the right · the mark is what must be met</text></svg>\n"
    )


def _bars(path: Path) -> list[Bar]:
    if not path.is_file():
        return []
    rows = json.loads(path.read_text())["rows"]
    return [
        Bar(row["what"], row["value"], row["must"], row["aim"] < row["must"])
        for row in rows
        if row["what"].endswith("to rival") and row["must"]
    ]


if __name__ == "__main__":
    main()
