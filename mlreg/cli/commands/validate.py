"""`mlreg validate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg import signatures
from mlreg.answers.signatures import Validated
from mlreg.cli.options import OutputFormat
from mlreg.cli.output import View
from mlreg.domain.signatures.checking import Finding
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
  mlreg validate fraud-detector@production payload.json
  mlreg validate signature.yaml train.csv --limit 20
  head -1000 events.csv | mlreg validate fraud-detector -
  mlreg validate fraud-detector@^3 batch.parquet --extra --json"""


def run(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="REF", help="A version, or a file with a signature.")],
    words: Annotated[
        list[str], typer.Argument(metavar="[VERSION] DATA", help="CSV, JSON, JSONL, Parquet, npz; - is standard input.")
    ],
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="So many are told; all are counted.")] = 100,
    extra: Annotated[bool, typer.Option("--extra", help="Pass over columns that the signature does not have.")] = False,
    format: Annotated[
        str | None, typer.Option("--format", metavar="csv|json|npz|parquet", help="What the data are.")
    ] = None,
    output_format: OutputFormat = None,
) -> None:
    """Check that data are what a model takes: each row, each column.

    Whatever is not is told with its row and column, and the exit code is 1.
    """
    session = ctx.obj
    *version, data = words
    if len(version) > 1:
        raise UsageError("one table is checked at a time", hint=f"write `mlreg validate {reference} DATA`")
    reference = "@".join([reference, *version])
    answer = signatures.validate(
        lambda ref: session.registry().signature(ref), reference, data, limit=limit, extra=extra, format=format
    )
    output = session.output()
    view = View(
        rows=[_row(finding) for finding in answer.checked.findings] or [(_summary(answer),)],
        ids=[_place(finding) for finding in answer.checked.findings],
        draw=lambda on: _draw(on, answer),
        findings=lambda: findings.of_validated(answer),
    )
    output.show(answer, view)
    if not answer.ok:
        hidden = answer.checked.counts.total() - len(answer.checked.findings)
        output.remark(f"{_summary(answer)}" + (f"; {hidden} more are not shown: see `--limit`" if hidden else ""))
        raise typer.Exit(1)


def _row(finding: Finding) -> Sequence[Any]:
    return finding.row, finding.column, finding.code, finding.message


def _place(finding: Finding) -> str:
    return f"{'' if finding.row is None else finding.row}:{finding.column}"


def _summary(answer: Validated) -> str:
    rows = f"{answer.checked.rows} row{'' if answer.checked.rows == 1 else 's'}"
    if answer.ok:
        return f"valid: {rows}"
    counts = ", ".join(f"{count} {code}" for code, count in answer.checked.counts.most_common())
    return f"not valid: {counts} in {rows}"


def _draw(on: screen.Screen, answer: Validated) -> None:
    if answer.ok:
        on.line(_summary(answer), "green")
        return
    columns = (
        screen.Column("row", is_number=True),
        screen.Column("column", least=12),
        screen.Column("what"),
        screen.Column("why", least=24),
    )
    rows = (
        (
            "all" if finding.row is None else finding.row,
            finding.column,
            screen.styled(finding.code, "bold red"),
            finding.message,
        )
        for finding in answer.checked.findings
    )
    on.table(columns, [*rows])
