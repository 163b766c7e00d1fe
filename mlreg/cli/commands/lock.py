"""`mlreg lock`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.locked import Locked
from mlreg.cli.options import DryRun, OutputFormat
from mlreg.cli.output import View
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import findings
    from mlreg.cli import screen
else:
    findings = LazyModule("mlreg.findings")
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg lock
  mlreg lock --upgrade
  mlreg lock --check
  mlreg lock services/checkout --announce"""


def run(
    ctx: typer.Context,
    directory: Annotated[
        str, typer.Argument(metavar="[DIR]", help="Where the service's mlreg.toml is. Default: here.")
    ] = ".",
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where the lock is stale.")] = False,
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Take the newest versions that are wanted.")] = False,
    announce: Annotated[bool, typer.Option("--announce", help="Tell the repository who uses which models.")] = False,
    dry_run: DryRun = False,
    output_format: OutputFormat = None,
) -> None:
    """Lock the exact versions of the models that a service wants.

    mlreg.toml says what is wanted, mlreg.lock what is taken: what is locked stays until it is upgraded.
    """
    if check and (upgrade or announce):
        raise UsageError("a check changes nothing", hint="leave out `--upgrade` and `--announce`")
    if output_format and not check:
        raise UsageError("`--output-format` is for what checks", hint="add `--check`")
    session = ctx.obj
    registry = session.registry()
    if check:
        answer = registry.check_lock(directory)
    else:
        answer = registry.lock(directory, upgrade=upgrade, announce=announce, dry_run=dry_run)
    view = View(
        rows=_rows(answer),
        ids=[f"{change.name}@{change.now.version}" for change in answer.models if change.now],
        draw=lambda on: _draw(on, answer, is_check=check),
        findings=(lambda: findings.of_locked(answer)) if check else None,
    )
    output = session.output()
    output.show(answer, view)
    if check and answer.stale:
        output.remark(f"stale: {'; '.join(answer.stale)}")
        raise typer.Exit(1)


def _rows(answer: Locked) -> Iterator[Sequence[Any]]:
    for change in answer.models:
        facts = change.document()
        yield change.name, facts.get("wanted"), facts["before"], facts["version"], facts.get("digest"), change.why


def _draw(on: screen.Screen, answer: Locked, *, is_check: bool) -> None:
    if not answer.models:
        on.line("mlreg.toml wants no model")
        return
    columns = (
        screen.Column("model", least=24),
        screen.Column("wanted"),
        screen.Column("locked"),
        screen.Column("why", least=24, rank=1),
    )
    on.table(columns, [_cells(on, change.document()) for change in answer.models])
    on.line()
    on.line(_said(answer, is_check=is_check))


def _cells(on: screen.Screen, facts: dict[str, Any]) -> Sequence[Any]:
    before, now = facts["before"], facts["version"]
    moved = f"{before or '-'} {on.arrow} {now or '-'}" if before != now else now
    return screen.styled(facts["name"], "bold"), facts.get("wanted"), moved, facts["why"] or ""


def _said(answer: Locked, *, is_check: bool) -> str:
    if is_check:
        return (
            f"{answer.file} is stale: `mlreg lock` writes it anew" if answer.stale else f"{answer.file} is up to date"
        )
    told = f"; {answer.consumer} is announced with event {answer.event}" if answer.event else ""
    return f"{'wrote' if answer.changed else 'nothing changed in'} {answer.file}{told}"
