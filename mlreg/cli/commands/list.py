"""`mlreg list`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.cli.output import View
from mlreg.cli.text import ago, number
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.answers.listed import Listing, ModelLine
    from mlreg.answers.versions import VersionLine, VersionListing
    from mlreg.cli import screen
else:
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
        ids=[line.state.spelling for line in answer.models],
        draw=lambda on: _draw_models(on, answer),
    )


def _model_row(line: ModelLine) -> Sequence[Any]:
    facts = line.document()
    stages = ",".join(f"{stage}={version}" for stage, version in facts["stages"].items())
    return facts["name"], facts["latest"], facts["versions"], stages, ",".join(facts["tags"]), facts["updated_at"]


def _draw_models(on: screen.Screen, answer: Listing) -> None:
    if not answer.models:
        on.line("there is no model yet: `mlreg register NAME FILE` makes the first")
        return
    rows = []
    for line in answer.models:
        facts = line.document()
        stages = facts["stages"]
        rows.append(
            (
                screen.styled(facts["name"], "bold"),
                screen.styled(stages.get("production", ""), "bold green"),
                screen.styled(stages.get("staging", ""), "yellow"),
                facts["latest"],
                facts["versions"],
                " ".join(facts["tags"]),
                ago(facts["updated_at"]),
            )
        )
    on.table(("model", "production", "staging", "latest", "versions", "tags", "updated"), rows, right=("versions",))


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
    names = sorted({name for line in answer.versions for name in line.record.metrics})[:4]
    rows = []
    for line in answer.versions:
        facts = line.document()
        mark = " deprecated" if facts["deprecated"] else ""
        rows.append(
            (
                screen.styled(facts["version"], "bold"),
                screen.badge(facts["stage"] + mark),
                *(number(facts["metrics"].get(name)) for name in names),
                " ".join(facts["tags"]),
                ago(facts["registered_at"]),
                facts["registered_by"],
            )
        )
    on.table(("version", "stage", *names, "tags", "registered", "by"), rows, right=names)
