"""`mlreg outdated`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.locked import Newer, Outdated
from mlreg.cli.output import View
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg outdated
  mlreg outdated services/checkout --json
  mlreg lock --upgrade"""
_STYLES = {"outdated": "yellow", "behind": "cyan", "current": "green"}


def run(
    ctx: typer.Context,
    directory: Annotated[
        str, typer.Argument(metavar="[DIR]", help="Where the service's mlreg.toml is. Default: here.")
    ] = ".",
) -> None:
    """Show newer versions of what a service has locked.

    Newer ones that it wants, and newer ones that it does not.
    """
    session = ctx.obj
    answer = session.registry().outdated(directory)
    view = View(
        rows=map(_row, answer.models),
        ids=[one.name for one in answer.models if one.status == "outdated"],
        draw=lambda on: _draw(on, answer),
    )
    session.output().show(answer, view)


def _row(one: Newer) -> Sequence[Any]:
    return one.name, one.wanted, one.locked, one.newest, one.latest, one.status, "deprecated" * one.deprecated


def _draw(on: screen.Screen, answer: Outdated) -> None:
    if not answer.models:
        on.line("nothing is locked")
        return
    columns = (
        screen.Column("model", least=24),
        screen.Column("wanted"),
        screen.Column("locked"),
        screen.Column("newest wanted"),
        screen.Column("latest"),
        screen.Column("status", least=12),
    )
    on.table(columns, [_cells(one) for one in answer.models])


def _cells(one: Newer) -> Sequence[Any]:
    mark = ", deprecated" if one.deprecated else ""
    return (
        screen.styled(one.name, "bold"),
        one.wanted,
        one.locked,
        one.newest or "-",
        one.latest or "-",
        screen.styled(one.status + mark, _STYLES[one.status]),
    )
