"""`mlreg promote`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.promoted import Promoted
from mlreg.cli.options import DryRun, Name, Reason, VersionOrNone
from mlreg.cli.output import View
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import gates, screen
else:
    gates = LazyModule("mlreg.cli.gates")

EXAMPLES = """\b
Examples:
  mlreg promote fraud-detector 3.1.0 --to production --reason "better recall"
  mlreg promote fraud-detector --from staging --to production
  mlreg promote fraud-detector@latest --to staging --expect 3.0.0
  mlreg promote fraud-detector 3.1.0 --to production --dry-run"""


def run(
    ctx: typer.Context,
    name: Name,
    version: VersionOrNone = None,
    to: Annotated[str, typer.Option("--to", metavar="STAGE", help="The stage it shall stand at.")] = ...,  # type: ignore[assignment]
    from_stage: Annotated[
        str | None, typer.Option("--from", metavar="STAGE", help="The stage at which it must stand now.")
    ] = None,
    expect: Annotated[
        str | None, typer.Option("--expect", metavar="VERSION|none", help="The version that must hold the stage now.")
    ] = None,
    reason: Reason = None,
    force: Annotated[
        bool, typer.Option("--force", help="Go past gates that are shut, if the policy allows it; takes a reason.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Move a version to a stage.

    The version that it displaces there goes to the archive. Where a policy guards the stage, all of its gates have to
    be open; `--dry-run` shows each of them.
    """
    session = ctx.obj
    answer = session.registry().promote(
        name, version, to=to, from_stage=from_stage, expect=expect, reason=reason, force=force, dry_run=dry_run
    )
    draw = (lambda on: _draw(on, answer)) if _shown(answer) else None
    session.output().show(answer, View(rows=_rows(answer), ids=[answer.version], draw=draw))


def _rows(answer: Promoted) -> list[Sequence[Any]]:
    return [(_sentence(answer),), *(gates.rows(answer.verdict.readings) if answer.verdict and _shown(answer) else [])]


def _shown(answer: Promoted) -> bool:
    """Whether the gates are shown: before it is done, and where one was passed by force."""
    return answer.verdict is not None and (answer.dry_run or answer.forced)


def _draw(on: screen.Screen, answer: Promoted) -> None:
    on.line(_sentence(answer))
    if answer.verdict is not None:
        gates.draw(on, answer.verdict.readings)


def _sentence(answer: Promoted) -> str:
    if not answer.changed:
        return f"{answer.name} {answer.version} is at {answer.to_stage} already"
    replaced = f", in place of {answer.replaced}" if answer.replaced else ""
    forced = ", by force" if answer.forced else ""
    return f"{answer.name} {answer.version} went from {answer.from_stage} to {answer.to_stage}{replaced}{forced}"
