"""`mlreg audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.audited import Audited
from mlreg.cli import verbatim
from mlreg.cli.options import DryRun
from mlreg.cli.output import View
from mlreg.domain import telling
from mlreg.domain.audit import Audit
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

_STYLES = {telling.YES: "green", telling.NO: "bold red"}
_RANKS = {"Record": 3, "Policy": 3, "Event": 2, "Key": 1, "Owner": 1}
_LEASTS = {
    "By": 12,
    "Approved by": 12,
    "Reason": 14,
    "Comment": 12,
    "Valid": 12,
    "Checkpoint": 24,
    "What speaks against it": 20,
}

EXAMPLES = """\b
Examples:
  mlreg audit fraud-detector
  mlreg audit fraud-detector --from 2026-01-01 --to 2026-03-31 --format html -o q1.html
  mlreg audit fraud-detector --from 90d --format csv > audit.csv
  mlreg audit fraud-detector --json"""


def run(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model.")],
    since: Annotated[
        str | None, typer.Option("--from", metavar="WHEN", help="From then on: 90d, 2026-01-01. Default: all of it.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Up to the end of that UTC day, or a time.")
    ] = None,
    format: Annotated[
        str | None,
        typer.Option("--format", metavar="markdown|json|csv|html", help="The form of the report. Default: markdown."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there, in place of what is there.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Report what happened to a model, for who must account for it.

    All of it is what events and records state, each checked against its digest.
    """
    session = ctx.obj
    answer = session.registry().audit(
        name, since=since, until=until, format=format or "markdown", file=output, dry_run=dry_run
    )
    view = _written(answer)
    if output is None:
        view = verbatim.view_of(answer.text) if format else _view(answer)
    session.output().show(answer, view)


def _view(answer: Audited) -> View:
    return verbatim.view_of(answer.text, ids=_versions(answer))._replace(draw=lambda on: _draw(on, answer.audit))


def _versions(answer: Audited) -> list[str]:
    return list(dict.fromkeys(one.span.version for one in answer.audit.deployments))


def _written(answer: Audited) -> View:
    known = [check.answer for check in answer.audit.checks if check.answer is not None]
    would = "would be " if answer.dry_run else ""
    count = f"{len(answer.audit.deployments)} deployments, {sum(known)} of {len(known)} checkpoints met"
    sentence = f"{would}written to {answer.file}: {count}"
    return View(rows=[(sentence,)], ids=_versions(answer))


def _draw(on: screen.Screen, audit: Audit) -> None:
    on.line(f"audit of {audit.name}", "bold")
    on.facts(telling.facts(audit))
    for section in telling.sections(audit):
        on.line()
        on.line(section.title, "bold")
        if section.rows:
            columns = [
                screen.Column(column, least=_LEASTS.get(column, 0), rank=_RANKS.get(column, 0))
                for column in section.columns
            ]
            on.table(columns, [[_cell(text) for text in row] for row in section.rows])
        else:
            on.line(section.empty, "dim")


def _cell(text: str) -> Any:
    return screen.styled(text, _STYLES[text]) if text in _STYLES else text
