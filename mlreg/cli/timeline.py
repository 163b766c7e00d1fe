"""Owns the picture of who held a stage: one bar for each version, the time from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from mlreg.cli.text import lasting
from mlreg.domain.spans import Span

if TYPE_CHECKING:
    from mlreg.cli.screen import Screen

_VERSIONS_SHOWN = 24
_LABEL_MAX = 24
_LEAST_CELLS, _MOST_CELLS = 8, 120
_DAYS_WITHOUT_HOURS_S = 2 * 86_400


def draw(on: Screen, spans: Sequence[Span], *, since: str | None, now: str) -> None:
    """Draws `spans`, the oldest first, from `since` (else from the first of them) to `now`."""
    versions = list(dict.fromkeys(span.version for span in spans))[-_VERSIONS_SHOWN:]
    shown = [span for span in spans if span.version in versions]
    start = _seconds(max(since or "", shown[0].since))
    end = max([_seconds(now), *(_seconds(span.until or span.since) for span in shown)])
    label = min(max(map(len, versions)), _LABEL_MAX)
    times = [lasting(_held_s([span for span in shown if span.version == version], start, end)) for version in versions]
    cells = min(max(on.width - label - max(map(len, times)) - 4, _LEAST_CELLS), _MOST_CELLS)
    on.strip([(" " * (label + 2), ""), (_axis(max(since or "", shown[0].since), end - start, cells), "dim")])
    for version, time in zip(versions, times, strict=True):
        own = [span for span in shown if span.version == version]
        is_present = own[-1].until is None
        style = "bold green" if is_present else ""
        bar = _bar(own, start, end, cells)
        on.strip(
            [
                (version[:label].ljust(label + 2), "bold" if is_present else ""),
                *_inked(bar, on.is_unicode, style),
                (f"  {time}", style or "dim"),
            ]
        )


def _bar(spans: Sequence[Span], start: float, end: float, cells: int) -> list[bool]:
    """Returns which of `cells` equal parts of the time are held; a span holds at least the one that it begins in."""
    held, whole = [False] * cells, max(end - start, 1e-6)
    for span in spans:
        first = min(int(max(_seconds(span.since) - start, 0) / whole * cells), cells - 1)
        last = int(((_seconds(span.until) if span.until else end) - start) / whole * cells)
        for at in range(first, max(min(last, cells), first + 1)):
            held[at] = True
    return held


def _inked(bar: Sequence[bool], is_unicode: bool, style: str) -> list[tuple[str, str]]:
    full, empty = ("█", "·") if is_unicode else ("#", ".")
    runs = ((is_held, len([*run])) for is_held, run in groupby(bar))
    return [(full * length, style) if is_held else (empty * length, "dim") for is_held, length in runs]


def _axis(since: str, length_s: float, cells: int) -> str:
    begin = since[:10] if length_s >= _DAYS_WITHOUT_HOURS_S else f"{since[:16].replace('T', ' ')} UTC"
    return begin + "now".rjust(cells - len(begin)) if len(begin) + 4 <= cells else "now".rjust(cells)


def _held_s(spans: Sequence[Span], start: float, end: float) -> float:
    return sum((_seconds(span.until) if span.until else end) - max(_seconds(span.since), start) for span in spans)


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
