"""`mlreg doctor`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer

from mlreg.answers.doctor import Check, Diagnosis
from mlreg.cli.output import View
from mlreg.lazy import LazyModule
from mlreg.registry import Registry

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

_STYLES = {"ok": "green", "advice": "yellow", "wrong": "bold red"}
EXAMPLES = """\b
Examples:
  mlreg doctor
  mlreg doctor -C /srv/models
  mlreg doctor --json"""


def run(ctx: typer.Context) -> None:
    """Look for what is wrong here, and name what mends it.

    Exit code 1 where something is wrong; advice alone is 0. Whether bytes are damaged is the question of `verify`.
    """
    session = ctx.obj
    answer = Registry.doctor(session.repo, actor=session.actor)
    view = View(
        rows=[row for check in answer.checks for row in _rows(check)],
        ids=[finding.code for finding in answer.problems],
        draw=lambda on: _draw(on, answer),
    )
    session.output().show(answer, view)
    if not answer.ok:
        raise typer.Exit(1)


def _rows(check: Check) -> Iterator[Sequence[Any]]:
    if not check.findings:
        yield "ok", check.name, "", "", check.summary, ""
    for finding in check.findings:
        yield _state(finding.is_advice), check.name, finding.code, finding.object, finding.message, finding.fix


def _state(is_advice: bool) -> str:
    return "advice" if is_advice else "wrong"


def _draw(on: screen.Screen, answer: Diagnosis) -> None:
    columns = (screen.Column("", least=6), screen.Column("looked at"), screen.Column("found", least=30))
    on.table(columns, [_cells(check) for check in answer.checks])
    on.line()
    on.line(_verdict(answer), "bold" if answer.ok else "bold red")


def _cells(check: Check) -> Sequence[Any]:
    found = [
        line
        for finding in check.findings
        for line in (
            screen.styled(finding.message, _STYLES[_state(finding.is_advice)]),
            *([screen.styled(f"  {finding.fix}", "")] if finding.fix else []),
        )
    ]
    return screen.styled(check.state, _STYLES[check.state]), check.name, found or check.summary


def _verdict(answer: Diagnosis) -> str:
    counts = [
        f"{len(findings)} {word}{'' if len(findings) == 1 else plural}"
        for findings, word, plural in ((answer.problems, "problem", "s"), (answer.advice, "piece", "s"))
        if findings
    ]
    if not counts:
        return "nothing is wrong"
    return ", ".join(counts) + (" of advice" if answer.advice else "")
