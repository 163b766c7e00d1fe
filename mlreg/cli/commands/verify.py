"""`mlreg verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlreg.answers.verified import Verified
from mlreg.cli.output import View
from mlreg.cli.text import size
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

_COUNTED = ("events", "records", "blobs")
EXAMPLES = """\b
Examples:
  mlreg verify
  mlreg verify fraud-detector
  mlreg verify --quick
  mlreg verify --repair --from model.pkl"""


def run(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this model.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Compare the sizes and checks of blobs; do not hash what they restore to.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend damaged and missing blobs, from duplicates and from files given.")
    ] = False,
    source: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="FILE", help="With --repair: a file that may be what was lost."),
    ] = None,
) -> None:
    """Check that every byte is as it was written.

    Whatever is not is named, and the exit code is 1.
    """
    if source and not repair:
        raise UsageError("`--from` is for mending", hint="add `--repair`")
    session = ctx.obj
    output = session.output()
    with output.progress() as progress:
        registry = session.registry()
        if repair:
            answer = registry.repair(name, files=source or (), progress=progress)
        else:
            answer = registry.verify(name, quick=quick, progress=progress)
    view = View(
        rows=[
            *(("mended", key, "") for key in answer.mended),
            *((problem.code, problem.object, problem.message) for problem in answer.problems),
        ]
        or [(_summary(answer),)],
        ids=[problem.object for problem in answer.problems],
        draw=lambda on: _draw(on, answer),
    )
    output.show(answer, view)
    if not answer.ok:
        raise typer.Exit(1)


def _summary(answer: Verified) -> str:
    return f"ok: {_seen(answer)}"


def _seen(answer: Verified) -> str:
    checked = answer.checked
    counts = [f"{checked[name]} {name.removesuffix('s') if checked[name] == 1 else name}" for name in _COUNTED]
    return f"{', '.join(counts)}, {size(checked['bytes'])} hashed"


def _draw(on: screen.Screen, answer: Verified) -> None:
    for key in answer.mended:
        on.line(f"mended {key}", "green")
    if answer.ok:
        on.line(_summary(answer), "green")
        return
    rows = [(screen.styled(problem.code, "bold red"), problem.object, problem.message) for problem in answer.problems]
    on.table((screen.Column("what"), screen.Column("file", least=24), screen.Column("why", least=24)), rows)
    on.line(f"{len(rows)} problem{'' if len(rows) == 1 else 's'} in {_seen(answer)}", "bold")
