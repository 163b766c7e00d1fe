"""`mlreg deprecate`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.cli.options import DryRun, Name, Reason, VersionOrNone
from mlreg.cli.output import View
from mlreg.errors import UsageError

EXAMPLES = """\b
Examples:
  mlreg deprecate fraud-detector@3.0.0 --reason "trained on leaked labels" --end-of-life 2027-06-30
  mlreg deprecate fraud-detector@3.0.0 --lift"""


def run(
    ctx: typer.Context,
    name: Name,
    version: VersionOrNone = None,
    reason: Reason = None,
    end_of_life: Annotated[
        str | None, typer.Option("--end-of-life", metavar="DATE", help="The day after which it will be gone.")
    ] = None,
    lift: Annotated[bool, typer.Option("--lift", help="Make it usable again.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Mark a version as not to be used any more.

    It is not promoted from then on, and rollbacks pass over it.
    """
    session = ctx.obj
    if lift:
        answer = session.registry().lift_deprecation(name, version, reason=reason, dry_run=dry_run)
        sentence = f"{answer.name} {answer.version} is not deprecated any more"
    elif reason:
        answer = session.registry().deprecate(name, version, reason=reason, end_of_life=end_of_life, dry_run=dry_run)
        sentence = f"{answer.name} {answer.version} is deprecated"
    else:
        raise UsageError("a deprecation takes a reason", hint="say it with `--reason TEXT`, or lift one with `--lift`")
    session.output().show(answer, View(rows=[(sentence,)], ids=[answer.version]))
