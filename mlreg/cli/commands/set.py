"""`mlreg set`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from mlreg.answers.changed import Changed
from mlreg.cli.options import DryRun, Name, VersionOrNone
from mlreg.cli.output import View
from mlreg.cli.pairs import joined, nested
from mlreg.domain.names import first_line
from mlreg.intake import read_value

EXAMPLES = """\b
Examples:
  mlreg set fraud-detector 3.1.0 --metric auc_live=0.88
  mlreg set fraud-detector@production --owner risk@example.org --note "threshold raised to 0.7"
  mlreg set fraud-detector@3.1.0 --description "trained without the Black Friday week" """


def run(
    ctx: typer.Context,
    name: Name,
    version: VersionOrNone = None,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", metavar="K=V", help="Such as auc=0.91 or latency=35ms.")
    ] = None,
    description: Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What it is.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", metavar="WHO", help="Who answers for it.")] = None,
    meta: Annotated[
        list[str] | None, typer.Option("--meta", metavar="K=V", help="Any other fact; team.name=x is nested.")
    ] = None,
    note: Annotated[
        str | None, typer.Option("--note", metavar="TEXT", help="What others should know; joins its notes.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """State facts of a version late, or note something about it.

    The facts cover those of its record, which stays as it was written; the history keeps who said what, and when.
    """
    session = ctx.obj
    answer = session.registry().set(
        name,
        version,
        metrics=joined(metric or [], "--metric"),
        description=description,
        owner=owner,
        meta=nested(joined(meta or [], "--meta", read_value), "--meta"),
        note=note,
        dry_run=dry_run,
    )
    session.output().show(answer, View(rows=[(_sentence(answer),)], ids=[answer.version]))


def _sentence(answer: Changed) -> str:
    said = ", ".join(_said(answer))
    if not answer.changed:
        return f"{answer.name} {answer.version} says so already: {said}"
    return f"{answer.name} {answer.version} {'would say' if answer.dry_run else 'says now'}: {said}"


def _said(answer: Changed) -> Iterator[str]:
    facts = answer.now["set"]
    for kind in ("metrics", "meta"):
        for name, value in facts.get(kind, {}).items():
            before = answer.now["before"][kind][name]
            yield f"{name}={_spelled(value)}" + (f" (was {_spelled(before)})" if before not in (None, value) else "")
    for kind in ("owner", "description"):
        if kind in facts:
            yield f'{kind} "{first_line(facts[kind], 60)}"'
    if answer.now["note"] is not None:
        yield f'note "{first_line(answer.now["note"], 60)}"'


def _spelled(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
