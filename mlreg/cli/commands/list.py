"""`mlreg list`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.cli.output import View
from mlreg.cli.text import ago
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.answers.listed import Listing
    from mlreg.cli import screen, versions
    from mlreg.domain.listing import Summary
else:
    versions = LazyModule("mlreg.cli.versions")
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg list
  mlreg list fraud-detector
  mlreg list --stage production --owner risk@example.org
  mlreg list fraud-detector --where 'metrics.auc>0.9' --where meta.team=risk --sort -metrics.auc --limit 5
  mlreg list --search "black friday"
  mlreg list --eol"""


def run(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A model: its versions are listed.")] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="TEXT", help="Words in descriptions, notes, tags and names.")
    ] = None,
    stage: Annotated[
        str | None, typer.Option("--stage", metavar="STAGE", help="Versions at this stage, or archived.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Versions with this tag.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", metavar="WHO", help="Versions that they answer for.")] = None,
    framework: Annotated[str | None, typer.Option("--framework", metavar="NAME", help="Made with it.")] = None,
    increment: Annotated[
        str | None, typer.Option("--increment", metavar="ID", help="Of this increment of the project.")
    ] = None,
    deprecated: Annotated[
        bool | None, typer.Option("--deprecated/--no-deprecated", help="Only those, or all but those.")
    ] = None,
    eol: Annotated[
        bool, typer.Option("--eol", help="Whose end of life is in 30 days or fewer, or past; the first to end first.")
    ] = False,
    where: Annotated[
        list[str] | None, typer.Option("--where", metavar="COND", help="Such as 'metrics.f1>0.9' or meta.team=risk.")
    ] = None,
    sort: Annotated[
        str | None, typer.Option("--sort", metavar="FACT", help="By a fact; -metrics.auc is the greatest first.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", metavar="N", help="So many at most.")] = None,
) -> None:
    """List the models, or the versions of one.

    With conditions: the versions, of all models or of one, that are so.
    """
    session = ctx.obj
    wishes = {
        "search": search,
        "stage": stage,
        "tags": tag,
        "owner": owner,
        "framework": framework,
        "increment": increment,
        "deprecated": deprecated,
        "ending": eol or None,
        "where": where,
        "sort": sort,
        "limit": limit,
    }
    stated = {wish: value for wish, value in wishes.items() if value is not None}
    if stated:
        answer = session.registry().find(name, **stated)
        session.output().show(answer, versions.found(answer))
    elif name is None:
        listing = session.registry().list()
        session.output().show(listing, _models(listing))
    else:
        listing = session.registry().versions(name)
        session.output().show(listing, versions.listed(listing))


def _models(answer: Listing) -> View:
    return View(
        rows=[_model_row(line) for line in answer.models],
        ids=[line.name for line in answer.models],
        draw=lambda on: _draw_models(on, answer),
    )


def _model_row(line: Summary) -> Sequence[Any]:
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
