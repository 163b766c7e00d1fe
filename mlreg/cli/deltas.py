"""Owns how the change of a metric reads: both values, the change in percent, and better or worse in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlreg.cli.text import number
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")


def draw(on: screen.Screen, metrics: Mapping[str, Mapping[str, Any]], old: str, new: str) -> None:
    """Draws the metrics of two versions, as the document of `compare` has them, as a table."""
    columns = (
        screen.Column("metric", least=16),
        screen.Column(old, is_number=True),
        screen.Column(""),
        screen.Column(new, is_number=True),
        screen.Column("change", is_number=True),
        screen.Column("", least=6),
    )
    on.table(columns, [_row(on, name, line, old, new) for name, line in metrics.items()])


def value(line: Mapping[str, Any], label: str) -> str:
    """Returns the value that the version `label` has of a metric, as it was stated."""
    return "n/a" if line[label] is None else number((line.get("text") or line)[label])


def judged(line: Mapping[str, Any], old: str, new: str) -> tuple[str, str]:
    """Returns how the new value is, in words, and the style to say it in."""
    if line[old] is None or line[new] is None:
        return f"not in {old if line[old] is None else new}", "dim"
    if line["difference"] == 0:
        return "the same", "dim"
    if line["better"] is None:
        unjudged = "neither is better" if line["direction"] else "which way is better is not known"
        return line.get("note") or unjudged, "dim"
    way = "" if line["direction"] == "up" else " (lower is better)"
    return (f"better{way}", "green") if line["better"] == new else (f"worse{way}", "red")


def _row(on: screen.Screen, name: str, line: Mapping[str, Any], old: str, new: str) -> Sequence[Any]:
    word, style = judged(line, old, new)
    percent = line["difference_pct"]
    change = "" if percent is None else f"{percent:+.1f} %"
    return name, value(line, old), on.arrow, value(line, new), change, screen.styled(word, style)
