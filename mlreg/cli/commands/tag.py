"""`mlreg tag`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.cli.options import DryRun, Name
from mlreg.cli.output import View
from mlreg.errors import UsageError

EXAMPLES = """\b
Examples:
  mlreg tag fraud-detector 3.1.0 reviewed team-risk
  mlreg tag fraud-detector@production audited
  mlreg tag fraud-detector 3.1.0 reviewed --remove"""


def run(
    ctx: typer.Context,
    name: Name,
    words: Annotated[list[str], typer.Argument(metavar="[VERSION] TAG...", help="The version, then tags.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take the tags off.")] = False,
    dry_run: DryRun = False,
) -> None:
    """Put tags on a version, or take them off."""
    session = ctx.obj
    version, tags = (None, words) if "@" in name else (words[0], words[1:])
    if not tags:
        raise UsageError("which tag?", hint=f"write `mlreg tag {name} {version} TAG`")
    registry = session.registry()
    change = registry.untag if remove else registry.tag
    answer = change(name, version, tags=tags, dry_run=dry_run)
    sentence = f"{answer.name} {answer.version} has the tags: {' '.join(answer.now['tags']) or 'none'}"
    session.output().show(answer, View(rows=[(sentence,)], ids=list(answer.now["tags"])))
