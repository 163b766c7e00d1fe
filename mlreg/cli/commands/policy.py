"""`mlreg policy`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.policies import PolicyShown, PolicyTested, Replayed, VersionJudged
from mlreg.cli import gates
from mlreg.cli.output import View
from mlreg.domain.names import quoted, suggestion
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
    from mlreg.cli.context import Session
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg policy show
  mlreg policy show fraud-detector
  mlreg policy show fraud-detector@3.1.0 --to production
  mlreg policy test --history --config stricter.toml"""
_VERBS = ("show", "test")
_OWN = {"to": "show", "history": "test", "config": "test"}


def run(
    ctx: typer.Context,
    verb: Annotated[str, typer.Argument(metavar="show|test", help="What to do.")],
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="show: a model, or a version; test: only these models."),
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="STAGE", help="show: the gates of this stage.")] = None,
    history: Annotated[bool, typer.Option("--history", help="test: on the promotions that there were.")] = False,
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="FILE", help="test: the policy of this file, not the one in force."),
    ] = None,
) -> None:
    """Show the gates of promotions, or test them on the past.

    What a gate says of a version is no failure here: `mlreg promote` is what ends with exit code 7.
    """
    session, given = ctx.obj, words or []
    if verb not in _VERBS:
        near = suggestion(verb, _VERBS)
        raise UsageError(f"{quoted(verb)} is nothing that policy does", hint=near or "see `mlreg policy --help`")
    for name, value in {"to": to, "history": history, "config": config}.items():
        if value and _OWN[name] != verb:
            raise UsageError(f"`--{name}` is not for policy {verb}", hint=f"it is for `mlreg policy {_OWN[name]}`")
    if verb == "test":
        _test(session, given, config, history=history)
    else:
        _show(session, given, to)


def _show(session: Session, words: Sequence[str], to: str | None) -> None:
    if len(words) > 2:
        raise UsageError("policy show takes one model or version", hint="write `mlreg policy show NAME@VERSION`")
    registry = session.registry()
    if len(words) == 2 or (words and "@" in words[0]):
        judged = registry.judge(*words, to=to)
        session.output().show(judged, _judged(judged))
    else:
        shown = registry.policy(words[0] if words else None, to=to)
        session.output().show(shown, _shown(shown))


def _test(session: Session, names: Sequence[str], config: str | None, *, history: bool) -> None:
    if not history:
        raise UsageError("a policy is tested on what has happened", hint="write `mlreg policy test --history`")
    answer = session.registry().test_policy(config, names=names)
    session.output().show(answer, _tested(answer))


def _judged(answer: VersionJudged) -> View:
    return View(
        rows=gates.rows(answer.readings),
        ids=[reading.gate for reading in answer.readings if not reading.is_open],
        draw=lambda on: _draw_judged(on, answer),
    )


def _draw_judged(on: screen.Screen, answer: VersionJudged) -> None:
    shut = sum(not reading.is_open for reading in answer.readings)
    are = "is" if shut == 1 else "are"
    may = (
        f"may not go to {answer.stage}: {shut} of {len(answer.readings)} gates {are} shut"
        if shut
        else (f"may go to {answer.stage}")
    )
    on.line(f"{answer.name} {answer.version} {may}", "bold red" if shut else "bold green")
    gates.draw(on, answer.readings)


def _shown(answer: PolicyShown) -> View:
    rows = [
        (row.models, row.stage, row.gate, row.kind, row.needs, "force" if row.allow_force else "", row.policy)
        for row in answer.rows
    ]
    return View(rows=rows, ids=[row.gate for row in answer.rows], draw=lambda on: _draw_shown(on, answer))


def _draw_shown(on: screen.Screen, answer: PolicyShown) -> None:
    if not answer.rows:
        return
    columns = (
        screen.Column("models", least=12),
        screen.Column("stage", least=10),
        screen.Column("gate", least=12),
        screen.Column("needs", least=24),
        screen.Column("force", rank=1),
    )
    cells: list[list[Any]] = [
        [row.models, row.stage, screen.styled(row.gate, "bold"), row.needs, "allowed" if row.allow_force else ""]
        for row in answer.rows
    ]
    on.table(columns, cells)


def _tested(answer: PolicyTested) -> View:
    rows = [
        (one.name, one.version, one.stage, one.event, one.at, *_fate(one), " ".join(gate.gate for gate in one.shut))
        for one in answer.promotions
    ]
    stopped = [f"{one.name}@{one.version}" for one in answer.promotions if one.is_stopped]
    return View(rows=rows, ids=stopped, draw=lambda on: _draw_tested(on, answer))


def _fate(one: Replayed) -> tuple[str, str]:
    return "stopped" if one.is_stopped else "passed", "rolled back" if one.rolled_back else "kept"


def _draw_tested(on: screen.Screen, answer: PolicyTested) -> None:
    columns = (
        screen.Column("model", least=12),
        screen.Column("version", least=8),
        screen.Column("to", least=10),
        screen.Column("would be", least=8),
        screen.Column("was", least=8),
        screen.Column("by", least=20),
    )
    cells: list[list[Any]] = []
    for one in answer.promotions:
        would, was = _fate(one)
        is_right = one.is_stopped == one.rolled_back
        style = "green" if is_right else "yellow"
        gates_shut = ", ".join(gate.gate for gate in one.shut)
        cells.append([one.name, one.version, one.stage, screen.styled(would, style), was, gates_shut])
    if cells:
        on.table(columns, cells)
        on.line()
    on.line(_summary(answer))


def _summary(answer: PolicyTested) -> str:
    caught, missed = (answer.count(stopped=stopped, rolled_back=True) for stopped in (True, False))
    wrongly = answer.count(stopped=True, rolled_back=False)
    return (
        f"of {len(answer.promotions)} promotions it would have stopped {caught + wrongly}: {caught} of the "
        f"{caught + missed} that were rolled back later, and {wrongly} that were not"
    )
