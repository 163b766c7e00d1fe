"""Owns how lists of versions read: of one model, or of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from mlreg.cli.output import View
from mlreg.cli.text import ago, number
from mlreg.domain.names import first_line
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.answers.found import Found
    from mlreg.answers.versions import VersionListing
    from mlreg.cli import screen, trends
    from mlreg.domain.listing import VersionLine
else:
    trends = LazyModule("mlreg.cli.trends")
    screen = LazyModule("mlreg.cli.screen")


def listed(answer: VersionListing) -> View:
    """Returns all versions of a model for people and scripts."""
    return View(
        rows=(_row(line) for line in answer.versions),
        ids=(line.version for line in answer.versions),
        draw=lambda on: _draw_listed(on, answer),
    )


def found(answer: Found) -> View:
    """Returns what a search found; where it was over all models, each version with the name of its own."""
    of_all = answer.name is None
    return View(
        rows=((line.name, *_row(line)) if of_all else _row(line) for line in answer.versions),
        ids=(f"{line.name}@{line.version}" if of_all else line.version for line in answer.versions),
        draw=lambda on: _draw_found(on, answer),
    )


def _row(line: VersionLine) -> Sequence[Any]:
    brief = line.brief
    metrics = ",".join([f"{name}={value}" for name, value in line.metrics.items()])
    deprecated = brief.deprecated["reason"] if brief.deprecated else ""
    return (
        brief.version, brief.stage, metrics, brief.registered_at, brief.registered_by, brief.record,
        ",".join(brief.tags), deprecated,
    )  # fmt: skip


def _draw_listed(on: screen.Screen, answer: VersionListing) -> None:
    lines = [line.document() for line in answer.versions]
    names = sorted({name for facts in lines for name in facts["metrics"]})
    left_out = on.table(_columns(names), [_cells(line.document(), names, line.ending) for line in answer.versions])
    _say_left_out(on, left_out, f"mlreg list {answer.name} --json")
    trends.draw(on, lines)


def _draw_found(on: screen.Screen, answer: Found) -> None:
    if not answer.versions:
        on.line("no version is so")
        return
    names, of_all = _metrics(answer), answer.name is None
    whys = [line.brief.deprecated["reason"] for line in answer.versions if line.brief.deprecated]
    tells_why = len(whys) == len(answer.versions)
    columns = [
        *([screen.Column("model", least=24)] if of_all else []),
        *_columns(names),
        *([screen.Column("why", least=24, rank=1)] if tells_why else []),
    ]
    rows = [
        (
            *([screen.styled(line.name, "bold")] if of_all else []),
            *_cells(line.document(), names, line.ending),
            *([first_line(why or "")] if tells_why else []),
        )
        for line, why in zip_longest(answer.versions, whys if tells_why else [])
    ]
    left_out = on.table(columns, rows)
    _say_left_out(on, left_out, "--json")


def _metrics(answer: Found) -> list[str]:
    """Returns the metrics to show: those that were asked for first; over several models only what all have."""
    asked = list(dict.fromkeys(answer.metrics_asked))
    sets = [set(line.metrics) for line in answer.versions]
    known = set.union(*sets) if answer.name is not None else set.intersection(*sets)
    return [*asked, *sorted(known - set(asked))]


def _columns(names: Sequence[str]) -> Sequence[screen.Column]:
    return (
        screen.Column("version"),
        screen.Column("stage", least=12),
        *(screen.Column(name, is_number=True, rank=10 + at) for at, name in enumerate(names)),
        screen.Column("registered"),
        screen.Column("by", rank=10_002),
        screen.Column("tags", least=16, rank=10_001),
    )


def _cells(facts: Mapping[str, Any], names: Sequence[str], ending: str | None) -> Sequence[Any]:
    mark = f", {ending or 'deprecated'}" if facts["deprecated"] else ""
    mark += ", bytes dropped" if facts["dropped"] else ""
    return (
        screen.styled(facts["version"], "bold"),
        screen.badge(facts["stage"], mark),
        *(number(facts["metrics"].get(name)) for name in names),
        ago(facts["registered_at"]),
        facts["registered_by"],
        " ".join(facts["tags"]),
    )


def _say_left_out(on: screen.Screen, columns: Sequence[screen.Column], where: str) -> None:
    if columns:
        titles = ", ".join(column.title for column in columns)
        on.line(f"left out for want of room: {titles}; see `{where}`", "dim")
