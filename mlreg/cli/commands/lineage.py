"""`mlreg lineage`."""

from __future__ import annotations

from typing import Annotated

import typer

from mlreg.adapters import load
from mlreg.answers.traced import Traced
from mlreg.cli import verbatim
from mlreg.cli.options import Name, VersionOrNone

EXAMPLES = """\b
Examples:
  mlreg lineage fraud-detector
  mlreg lineage fraud-detector@3.1.0 --json
  mlreg lineage fraud-detector --format mermaid >> README.md
  mlreg lineage fraud-detector --format openlineage"""
_TREE = "tree"


def run(
    ctx: typer.Context,
    name: Name,
    version: VersionOrNone = None,
    format: Annotated[
        str, typer.Option("--format", metavar="tree|mermaid|dot|json|openlineage", help="How it is drawn.")
    ] = _TREE,
) -> None:
    """Show where a version comes from and what came of it.

    Data, features, experiment, the versions that it was made from or depends on, and where it is deployed.
    """
    session = ctx.obj
    render = None if format == _TREE else load("lineages", format).render
    answer: Traced = session.registry().lineage(name, version)
    text = "\n".join(answer.lineage.tree()) if render is None else render(answer.lineage, answer.registered)
    ids = [node["id"] for node in answer.facts()["nodes"]] if render is None else None
    session.output().show(answer, verbatim.view_of(text, ids=ids))
