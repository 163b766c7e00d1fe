"""Owns the pictures of a report as SVG: who held which stage when, and how metrics went.

Places along the time are in per cent and heights in pixels, so that a picture fills whatever width there is and its
letters stay the size that they are. What is too narrow for its words says them where the pointer rests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import NamedTuple

from mlreg.domain import telling
from mlreg.domain.audit import Audit, Deployment, Point, plotted
from mlreg.domain.events import ROLLED_BACK

_LANE, _BAR, _BAR_TOP = 58, 30, 20
_BOTTOM = 24
_CHART, _CHART_TOP, _CHART_BOTTOM = 146, 22, 42
_PAGE_PX, _PHONE_PX = 940, 300
_LETTER_PX, _PADDING_PX = 8, 18
_LEAST = 0.5
_TICKS = 6
_STEPS_S = (60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600)
_STEPS_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
_MONTH_S = 2_629_746


class Tick(NamedTuple):
    """A moment that an axis names."""

    moment: datetime
    label: str


class Scale:
    """Places moments of a period along a picture, in per cent of its width."""

    def __init__(self, since: str, until: str) -> None:
        self.start, self.end = datetime.fromisoformat(since), datetime.fromisoformat(until)
        if self.end <= self.start:
            self.end = self.start + timedelta(minutes=1)
        self._length_s = (self.end - self.start).total_seconds()

    def at(self, moment: str | datetime) -> float:
        """Returns where `moment` is; what is outside of the period is at its edge."""
        when = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return min(100.0, max(0.0, 100 * (when - self.start).total_seconds() / self._length_s))

    def ticks(self) -> list[Tick]:
        """Returns a few round moments of the period."""
        step_s = next((step for step in _STEPS_S if self._length_s / step <= _TICKS), None)
        moments = self._months() if step_s is None else self._rounded(step_s)
        return [Tick(moment, self._label(moment, step_s)) for moment in moments]

    def _rounded(self, step_s: int) -> list[datetime]:
        first = -(-self.start.timestamp() // step_s) * step_s
        count = int((self.end.timestamp() - first) // step_s) + 1
        return [datetime.fromtimestamp(first + step_s * number, UTC) for number in range(count)]

    def _months(self) -> list[datetime]:
        step = next((step for step in _STEPS_MONTHS if self._length_s / (_MONTH_S * step) <= _TICKS), _STEPS_MONTHS[-1])
        months = range(self.start.year * 12, self.end.year * 12 + 12)
        firsts = (datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC) for month in months if month % step == 0)
        return [first for first in firsts if self.start <= first <= self.end]

    def _label(self, moment: datetime, step_s: int | None) -> str:
        if step_s is None:
            return f"{moment:%Y}" if self._length_s > _MONTH_S * 12 * _TICKS else f"{moment:%b %Y}"
        return f"{moment.day} {moment:%b}" if (moment.hour, moment.minute) == (0, 0) else f"{moment:%H:%M}"


def timeline(audit: Audit, scale: Scale) -> str:
    """Returns the picture of who held which stage when, a lane for each stage."""
    stages = list(dict.fromkeys(one.stage for one in audit.deployments))
    height = _LANE * len(stages) + _BOTTOM
    parts = list(_axis(scale, height))
    for lane, stage in enumerate(stages):
        top = lane * _LANE
        parts.append(f'<text class="lane" x="0" y="{top + 13}">{_safe(stage)}</text>')
        parts.append(f'<rect class="track" x="0" y="{top + _BAR_TOP}" width="100%" height="{_BAR}" rx="6"/>')
        for number, one in enumerate(audit.at_stage(stage)):
            parts.append(_bar(one, number, top + _BAR_TOP, scale, is_top=stage == audit.stages.top))
    label = _safe(f"Who held which stage of {audit.name}")
    return f'<svg class="timeline" role="img" aria-label="{label}" height="{height}">{"".join(parts)}</svg>'


def chart(audit: Audit, name: str, scale: Scale) -> str:
    """Returns the picture of a metric: a point where it was stated, a line for what the highest stage served.

    Nothing where no statement of it can stand on an axis.
    """
    points, _ = plotted(audit.metrics[name])
    if not points:
        return ""
    values = [value for _, value in points]
    low, high = min(values), max(values)

    def y(value: float) -> float:
        share = 0.5 if high == low else (value - low) / (high - low)
        return round(_CHART - _CHART_BOTTOM - share * (_CHART - _CHART_BOTTOM - _CHART_TOP), 1)

    served = {one.span.version for one in audit.at_stage(audit.stages.top)}
    parts = [*_axis(scale, _CHART), *_levels(points, y(low), y(high)), *_served(audit, points, scale, y)]
    for point, value in points:
        kind = "point served" if point.version in served else "point"
        title = f"{point.version}: {point.metric.shown()}, {telling.moment(point.at)}"
        parts.append(
            f'<circle class="{kind}" cx="{_pc(scale.at(point.at))}" cy="{y(value)}" r="4">'
            f"<title>{_safe(title)}</title></circle>"
        )
    return f'<svg class="chart" role="img" aria-label="{_safe(name)}" height="{_CHART}">{"".join(parts)}</svg>'


def _axis(scale: Scale, height: int) -> Iterator[str]:
    for number, (moment, label) in enumerate(scale.ticks()):
        at = scale.at(moment)
        anchor = "start" if at < 6 else "end" if at > 94 else "middle"
        odd = " odd" if number % 2 else ""
        yield f'<line class="grid" x1="{_pc(at)}" x2="{_pc(at)}" y1="0" y2="{height - _BOTTOM + 4}"/>'
        yield f'<text class="tick{odd}" x="{_pc(at)}" y="{height - 4}" text-anchor="{anchor}">{label}</text>'


def _bar(one: Deployment, number: int, top: int, scale: Scale, *, is_top: bool) -> str:
    span = one.span
    start = scale.at(span.since)
    width = max(_LEAST, (100 if span.until is None else scale.at(span.until)) - start)
    start = min(start, 100 - width)
    is_back = span.event.kind == ROLLED_BACK
    words = f"{'↶ ' if is_back else ''}{'⚠ ' if one.move.is_forced else ''}{span.version}"
    kinds = ["bar", "top" if is_top else "other", "ab"[number % 2]]
    kinds += ["forced"] * one.move.is_forced + ["back"] * is_back
    title = (
        f"{span.version} in {one.stage}: {telling.how(one)} by {span.event.actor}, "
        f"{telling.moment(span.since)} to {telling.moment(span.until)}"
        + (f", {span.event.reason}" if span.event.reason else "")
    )
    text = _fitting(words, width)
    label = f'<text class="name {text}" x="9" y="{_BAR // 2 + 5}">{_safe(words)}</text>' if text is not None else ""
    return (
        f'<svg x="{_pc(start)}" y="{top}" width="{_pc(width)}" height="{_BAR}"><title>{_safe(title)}</title>'
        f'<rect class="{" ".join(kinds)}" width="100%" height="100%" rx="6"/>{label}</svg>'
    )


def _fitting(words: str, width: float) -> str | None:
    """Returns the class of words in `width` per cent: "wide" where a phone has no room; None: there is none."""
    needed_px = len(words) * _LETTER_PX + _PADDING_PX
    if width / 100 * _PHONE_PX >= needed_px:
        return ""
    return "wide" if width / 100 * _PAGE_PX >= needed_px else None


def _levels(points: Sequence[tuple[Point, float]], low: float, high: float) -> Iterator[str]:
    """Yields the least and the greatest value, where they are."""
    ordered = sorted(points, key=lambda pair: pair[1])
    levels = [(ordered[-1][0], high, -7), (ordered[0][0], low, 15)] if low != high else [(ordered[0][0], low, -7)]
    for point, y, shift in levels:
        yield f'<line class="level" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
        yield f'<text class="value" x="0" y="{y + shift}">{_safe(telling.number(point.metric.shown()))}</text>'


def _served(
    audit: Audit, points: Sequence[tuple[Point, float]], scale: Scale, y: Callable[[float], float]
) -> Iterator[str]:
    """Yields the line of what the highest stage served: level while a version holds it, upright to the next."""
    latest = {point.version: value for point, value in points}
    before: float | None = None
    for one in audit.at_stage(audit.stages.top):
        value = latest.get(one.span.version)
        if value is None:
            before = None
            continue
        start, end = scale.at(one.span.since), 100.0 if one.span.until is None else scale.at(one.span.until)
        here = y(value)
        if before is not None and before != here:
            yield f'<line class="step" x1="{_pc(start)}" x2="{_pc(start)}" y1="{before}" y2="{here}"/>'
        yield (
            f'<line class="serving" x1="{_pc(start)}" x2="{_pc(end)}" y1="{here}" y2="{here}">'
            f"<title>{_safe(f'{one.span.version} in {one.stage}')}</title></line>"
        )
        before = here


def _pc(share: float) -> str:
    return f"{share:.2f}%"


def _safe(text: str) -> str:
    return escape(telling.line(text), quote=True)
