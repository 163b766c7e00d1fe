"""`mlreg verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlreg.answers.verified import Verified
from mlreg.cli.output import View
from mlreg.cli.text import size
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg verify
  mlreg verify fraud-detector
  mlreg verify --quick"""


def run(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this model.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Compare sizes of blobs only; do not hash them.")] = False,
) -> None:
    """Read everything again and name whatever is not as it was written; exit 1 where something is not."""
    session = ctx.obj
    output = session.output()
    answer = session.registry().verify(name, quick=quick, progress=output.progress())
    view = View(
        rows=[(problem.code, problem.object, problem.message) for problem in answer.problems] or [(_summary(answer),)],
        ids=[problem.object for problem in answer.problems],
        draw=lambda on: _draw(on, answer),
    )
    output.show(answer, view)
    if not answer.ok:
        raise typer.Exit(1)


def _summary(answer: Verified) -> str:
    checked = answer.checked
    seen = f"{checked['events']} events, {checked['records']} records, {checked['blobs']} blobs"
    return f"ok: {seen}, {size(checked['bytes'])} hashed"


def _draw(on: screen.Screen, answer: Verified) -> None:
    if answer.ok:
        on.line(_summary(answer), "green")
        return
    rows = [(screen.styled(problem.code, "bold red"), problem.object, problem.message) for problem in answer.problems]
    on.table(("what", "file", "it"), rows)
