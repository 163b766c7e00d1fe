"""`mlreg list`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.cli.output import View
from mlreg.cli.text import ago, number
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.answers.listed import Listing, ModelLine
    from mlreg.answers.versions import VersionLine, VersionListing
    from mlreg.cli import screen, trends
else:
    trends = LazyModule("mlreg.cli.trends")
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg list
  mlreg list fraud-detector
  mlreg list --json"""


def run(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A model: its versions are listed.")] = None,
) -> None:
    """List the models, or the versions of one."""
    session = ctx.obj
    if name is None:
        listing = session.registry().list()
        session.output().show(listing, _models(listing))
    else:
        versions = session.registry().versions(name)
        session.output().show(versions, _versions(versions))


def _models(answer: Listing) -> View:
    return View(
        rows=[_model_row(line) for line in answer.models],
        ids=[line.name for line in answer.models],
        draw=lambda on: _draw_models(on, answer),
    )


def _model_row(line: ModelLine) -> Sequence[Any]:
    facts = line.document()
    stages = ",".join(f"{stage}={version}" for stage, version in facts["stages"].items())
    return facts["name"], facts["latest"], facts["versions"], stages, ",".join(facts["tags"]), facts["updated_at"]


def _draw_models(on: screen.Screen, answer: Listing) -> None:
    if not answer.models:
        on.line("there is no model yet: `mlreg register NAME FILE` registers the first")
        return
    columns = (
        screen.Column("model", least=32),
        screen.Column("production"),
        screen.Column("staging"),
        screen.Column("latest"),
        screen.Column("versions", is_number=True, rank=2),
        screen.Column("updated", rank=1),
        screen.Column("tags", least=16, rank=3),
    )
    on.table(columns, [_model_cells(line.document()) for line in answer.models])


def _model_cells(facts: Mapping[str, Any]) -> Sequence[Any]:
    stages = facts["stages"]
    return (
        screen.styled(facts["name"], "bold"),
        screen.styled(stages.get("production", "-"), "bold green"),
        screen.styled(stages.get("staging", "-"), "yellow"),
        facts["latest"] or "-",
        facts["versions"],
        ago(facts["updated_at"]),
        " ".join(facts["tags"]),
    )


def _versions(answer: VersionListing) -> View:
    return View(
        rows=[_version_row(line) for line in answer.versions],
        ids=[str(line.standing.version) for line in answer.versions],
        draw=lambda on: _draw_versions(on, answer),
    )


def _version_row(line: VersionLine) -> Sequence[Any]:
    facts = line.document()
    metrics = ",".join(f"{name}={value}" for name, value in facts["metrics"].items())
    deprecated = facts["deprecated"]["reason"] if facts["deprecated"] else ""
    return (
        facts["version"], facts["stage"], metrics, facts["registered_at"], facts["registered_by"], facts["digest"],
        ",".join(facts["tags"]), deprecated,
    )  # fmt: skip


def _draw_versions(on: screen.Screen, answer: VersionListing) -> None:
    lines = [line.document() for line in answer.versions]
    names = sorted({name for facts in lines for name in facts["metrics"]})
    columns = (
        screen.Column("version"),
        screen.Column("stage", least=12),
        *(screen.Column(name, is_number=True, rank=10 + at) for at, name in enumerate(names)),
        screen.Column("registered"),
        screen.Column("by", rank=10_002),
        screen.Column("tags", least=16, rank=10_001),
    )
    cells = [_version_cells(line.document(), names, line.ending) for line in answer.versions]
    left_out = on.table(columns, cells)
    if left_out:
        titles = ", ".join(column.title for column in left_out)
        on.line(f"no room for {titles}: see `mlreg list {answer.name} --json`", "dim")
    trends.draw(on, lines)


def _version_cells(facts: Mapping[str, Any], names: Sequence[str], ending: str | None) -> Sequence[Any]:
    mark = f", {ending or 'deprecated'}" if facts["deprecated"] else ""
    return (
        screen.styled(facts["version"], "bold"),
        screen.badge(facts["stage"], mark),
        *(number(facts["metrics"].get(name)) for name in names),
        ago(facts["registered_at"]),
        facts["registered_by"],
        " ".join(facts["tags"]),
    )
