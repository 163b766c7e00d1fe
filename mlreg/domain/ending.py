"""Owns the end of a version's life: how near it is, and when one is warned of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from mlreg.domain.listing import Summary
from mlreg.domain.names import first_line
from mlreg.domain.state import Deprecation, ModelState, Standing

WARNED_DAYS = 30


def days_left(deprecation: Deprecation | None, today: date) -> int | None:
    """Returns how many days the version will still be there, None where no end was set.

    0 on its last day, which is the date that was set; below 0 it is over.
    """
    if deprecation is None or deprecation.end_of_life is None:
        return None
    try:
        return (date.fromisoformat(deprecation.end_of_life) - today).days
    except ValueError:  # written by something else than `mlreg deprecate`
        return None


def ending(deprecation: Deprecation | None, today: date) -> str | None:
    """Returns `ends in 12 days`, `ends today` or `ended 3 days ago`; None until 30 days before the end."""
    days = days_left(deprecation, today)
    if days is None or days > WARNED_DAYS:
        return None
    if days == 0:
        return "ends today"
    count = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
    return f"ends in {count}" if days > 0 else f"ended {count} ago"


def end_notes(state: ModelState, standings: Iterable[Standing], today: date) -> list[str]:
    """Returns a sentence for each of the versions `standings` of a model whose end is near or past."""
    return [
        f"{state.spelling} {standing.version} ({standing.stage}) {end}: {first_line(deprecation.reason)}"
        for standing in standings
        if (deprecation := standing.deprecated) and (end := ending(deprecation, today))
    ]


def holder_notes(summary: Summary, today: date) -> list[str]:
    """Returns a sentence for each holder of a stage of a model whose end is near or past."""
    stages = {version: stage for stage, version in summary.stages.items()}
    return [
        f"{summary.name} {version} ({stages[version]}) {end}: see `mlreg why {summary.name}@{version}`"
        for version, day in summary.ends.items()
        if (end := ending(Deprecation("", day), today))
    ]
