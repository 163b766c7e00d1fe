"""`mlreg history`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.happened import EventListing
from mlreg.cli.output import View
from mlreg.cli.text import ago
from mlreg.domain.events import Event
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg history fraud-detector
  mlreg history fraud-detector --json"""


def run(ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help="The model.")]) -> None:
    """Tell what happened to a model: what, when, by whom, why; the oldest first."""
    session = ctx.obj
    answer = session.registry().history(name)
    view = View(
        rows=[_row(event) for event in answer.events],
        ids=[str(event.number) for event in answer.events],
        draw=lambda on: _draw(on, answer),
    )
    session.output().show(answer, view)


def _row(event: Event) -> Sequence[Any]:
    return event.number, event.at, event.kind, event.version, _effect(event), event.actor, event.reason, event.digest


def _effect(event: Event) -> str:
    effects = event.effects
    if "to" in effects:
        replaced = f", in place of {effects['replaced']}" if effects.get("replaced") else ""
        return f"{effects.get('from') or 'new'} -> {effects['to']}{replaced}"
    if "tags" in effects:
        return "tags: " + " ".join(effects["tags"])
    deprecated = effects.get("deprecated") or {}
    return f"gone after {deprecated['end_of_life']}" if deprecated.get("end_of_life") else ""


def _draw(on: screen.Screen, answer: EventListing) -> None:
    on.table(
        ("#", "when", "what", "version", "", "by", "why"),
        [
            (event.number, ago(event.at), event.kind, event.version, _effect(event), event.actor, event.reason)
            for event in answer.events
        ],
        right=("#",),
    )
