"""Draws what calls cost as they grow: one small panel a command, as an SVG for light and dark pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from math import log10
from typing import NamedTuple

COLUMNS, WIDTH, HEIGHT = 4, 230, 132
LEFT, TOP, PLOT_WIDTH, PLOT_HEIGHT = 12, 30, 150, 68
TALLEST = 1.25  # of the bar, where a panel ends
HEAD, FOOT = 52, 16
STYLE = """
text { font: 11px ui-sans-serif, system-ui, sans-serif; fill: #57606a }
.name { font-weight: 600; fill: #1f2328 } .title { font-size: 15px; font-weight: 600; fill: #1f2328 }
.cpu { stroke: #0969da; fill: #0969da } .memory { stroke: #bc4c00; fill: #bc4c00 }
polyline { fill: none !important; stroke-width: 1.8 } polyline.memory { stroke-dasharray: 5 3 }
text.cpu, text.memory { stroke: none } .bar { stroke: #cf222e; stroke-width: 1 } .floor { stroke: #d0d7de }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1 } .name, .title { fill: #f0f6fc } .floor { stroke: #3d444d } .bar { stroke: #f85149 }
.cpu { stroke: #58a6ff; fill: #58a6ff } .memory { stroke: #f0883e; fill: #f0883e }
}"""


class Curve(NamedTuple):
    """What one command costs at each size: milliseconds of CPU and megabytes, and the bar of each."""

    sizes: Sequence[int]
    ms: Sequence[float]
    mb: Sequence[float]
    bar_ms: float
    bar_mb: float


def picture(title: str, curves: Mapping[str, Curve]) -> str:
    """Returns an SVG: sizes to the right, each ten times the last, upwards the share of what may be used."""
    rows = -(-len(curves) // COLUMNS)
    width, height = COLUMNS * WIDTH, HEAD + rows * HEIGHT + FOOT
    panels = (
        f'<g transform="translate({number % COLUMNS * WIDTH} {HEAD + number // COLUMNS * HEIGHT})">'
        + "".join(_panel(name, curve))
        + "</g>"
        for number, (name, curve) in enumerate(curves.items())
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            f"<title>{escape(title)}</title><style>{STYLE}</style>",
            _text(LEFT, 20, title, "title"),
            _text(LEFT, 38, "CPU", "cpu"),
            _text(LEFT + 36, 38, "memory", "memory"),
            _text(LEFT + 92, 38, "the red line is the bar; numbers are those of the largest repository"),
            *panels,
            "</svg>\n",
        ]
    )


def _panel(name: str, curve: Curve) -> Iterator[str]:
    floor, bar = TOP + PLOT_HEIGHT, _height(1)
    yield _text(LEFT, TOP - 8, name, "name")
    for kind, y in (("floor", floor), ("bar", bar)):
        yield f'<line class="{kind}" x1="{LEFT}" x2="{LEFT + PLOT_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
    places = [_place(size, curve.sizes) for size in curve.sizes]
    ends = []
    for kind, unit, shares, last in (
        ("cpu", "ms", [ms / curve.bar_ms for ms in curve.ms], curve.ms[-1]),
        ("memory", "MB", [mb / curve.bar_mb for mb in curve.mb], curve.mb[-1]),
    ):
        heights = [_height(share) for share in shares]
        yield f'<polyline class="{kind}" points="{_points(zip(places, heights, strict=True))}"/>'
        ends.append((heights[-1], kind, f"{last:,.0f} {unit}"))
    (upper, *above), (lower, *below) = sorted(ends)
    for y, (kind, text) in ((min(upper, lower - 12), above), (lower, below)):
        yield _text(LEFT + PLOT_WIDTH + 6, y + 4, text, kind)
    for size, place in zip(curve.sizes, places, strict=True):
        yield f'<text x="{place:.1f}" y="{floor + 14}" text-anchor="middle">{_short(size)}</text>'


def _place(size: int, sizes: Sequence[int]) -> float:
    first, last = log10(sizes[0]), log10(sizes[-1])
    return LEFT + PLOT_WIDTH * ((log10(size) - first) / (last - first) if last > first else 0.5)


def _height(share: float) -> float:
    return TOP + PLOT_HEIGHT * (1 - min(share, TALLEST) / TALLEST)


def _points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y:.1f}" class="{kind}">{escape(text)}</text>'


def _short(size: int) -> str:
    return f"{size // 1000}k" if size >= 1000 else str(size)
