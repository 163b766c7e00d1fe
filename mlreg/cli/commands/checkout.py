"""`mlreg checkout`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.cli.options import DryRun, Name, VersionOrNone
from mlreg.cli.output import View
from mlreg.cli.text import size

EXAMPLES = """\b
Examples:
  mlreg checkout fraud-detector
  mlreg checkout fraud-detector@production -o model
  mlreg checkout fraud-detector 3.0.0 -o model
  mlreg checkout fraud-detector --link"""


def run(
    ctx: typer.Context,
    name: Name,
    version: VersionOrNone = None,
    directory: Annotated[
        str | None, typer.Option("-o", "--output", metavar="DIR", help="Where to; default: NAME-VERSION.")
    ] = None,
    link: Annotated[
        bool, typer.Option("--link", help="Read-only links instead of copies, of files that are kept as they are.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Write the files of a version, byte for byte.

    They are verified while they are written, and nothing is ever overwritten. A bare model means the version in
    production, or the latest one before there ever was one.
    """
    session = ctx.obj
    output = session.output()
    with output.progress() as progress:
        answer = session.registry().checkout(
            name, version, directory=directory, link=link, dry_run=dry_run, progress=progress
        )
    total = sum(entry.size_bytes for entry in answer.files)
    count = f"{len(answer.files)} file{'' if len(answer.files) == 1 else 's'}"
    sentence = f"{answer.name} {answer.version}: {count}, {size(total)}, in {answer.path}"
    output.show(answer, View(rows=[(sentence,)], ids=[str(answer.path)]))
