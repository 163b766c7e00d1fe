"""Owns how a metric went over the versions of a model: one small picture for each metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from mlreg.cli.text import number
from mlreg.domain.metric import Metric

if TYPE_CHECKING:
    from mlreg.cli.screen import Screen

_UNICODE, _ASCII = "▁▂▃▄▅▆▇█", "_.-=+*%#"
_LEAST_POINTS, _MOST_POINTS, _MOST_METRICS = 3, 40, 6


def draw(on: Screen, versions: Sequence[Mapping[str, Any]]) -> None:
    """Draws the metrics that three versions or more have; `versions` are lines of `list NAME`, the greatest first."""
    names = sorted({name for facts in versions for name in facts["metrics"]})
    trends = {name: points for name in names if len(points := _points(name, versions)) >= _LEAST_POINTS}
    if not trends:
        return
    on.heading("trend, from the oldest version to the newest")
    rows = [
        (name, f"{sparkline([point for point, _ in points], is_unicode=on.is_unicode)}  {_ends(on, points)}")
        for name, points in [*trends.items()][:_MOST_METRICS]
    ]
    on.facts(rows, indent=2)


def sparkline(points: Sequence[float], *, is_unicode: bool) -> str:
    """Returns one character for each of `points`, the least lowest, the greatest highest; all equal: in the middle."""
    levels = _UNICODE if is_unicode else _ASCII
    least, range_ = min(points), max(points) - min(points)
    steps = len(levels) - 1
    return "".join(levels[round((point - least) / range_ * steps) if range_ else steps // 2] for point in points)


def _points(name: str, versions: Sequence[Mapping[str, Any]]) -> list[tuple[float, Any]]:
    """Returns the metric of the versions that have it, the oldest first: in its base unit, and as it was stated."""
    stated = [facts["metrics"][name] for facts in reversed(versions) if name in facts["metrics"]]
    points = [(Metric.parse(name, value).canonical(), value) for value in stated if _is_finite(name, value)]
    if len({base for (_, base), _ in points}) > 1:
        return []
    return [(point, value) for (point, _), value in points][-_MOST_POINTS:]


def _is_finite(name: str, value: Any) -> bool:
    metric = Metric.parse(name, value)
    return metric.is_finite and isfinite(metric.canonical()[0])


def _ends(on: Screen, points: Sequence[tuple[float, Any]]) -> str:
    return f"{number(points[0][1])} {on.arrow} {number(points[-1][1])}"
