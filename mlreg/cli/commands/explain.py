"""`mlreg explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mlreg.answers.linted import Explained
from mlreg.cli.output import View
from mlreg.findings import find_kind, kinds
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg explain MLR203
  mlreg explain breaking-change
  mlreg explain"""


def run(
    ctx: typer.Context,
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="The code of a finding, or its name. Default: all.")
    ] = None,
) -> None:
    """Explain the codes of findings, and how each is mended.

    Checks tell what they find with a code; see `--output-format` of verify, lock, signature, validate and scan.
    """
    answer = Explained(kinds=kinds() if code is None else dict([find_kind(code)]))
    view = View(
        rows=[(number, *kind) for number, kind in answer.kinds.items()],
        ids=list(answer.kinds),
        draw=lambda on: _draw_all(on, answer) if code is None else _draw(on, answer),
    )
    ctx.obj.output().show(answer, view)


def _draw_all(on: screen.Screen, answer: Explained) -> None:
    columns = (screen.Column("code"), screen.Column("name"), screen.Column("what", least=24))
    rows = [(screen.styled(number, "bold"), kind.name, kind.what) for number, kind in answer.kinds.items()]
    on.table(columns, rows)


def _draw(on: screen.Screen, answer: Explained) -> None:
    for number, kind in answer.kinds.items():
        on.line(f"{number} {kind.name}", "bold")
        on.line(kind.what)
        on.facts([("why", kind.why), ("mend", kind.mend)], indent=2)
