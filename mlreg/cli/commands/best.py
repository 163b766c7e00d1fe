"""`mlreg best`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.ranked import Ranked
from mlreg.cli.options import DryRun, Reason
from mlreg.cli.output import View
from mlreg.cli.text import ago, number
from mlreg.domain.names import few
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg best fraud-detector
  mlreg best fraud-detector --limit 3 --json
  mlreg best fraud-detector --promote production --min-gain 0.01
  mlreg checkout fraud-detector@best"""


def run(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model.")],
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="So many rows at most.")] = 10,
    promote: Annotated[
        str | None,
        typer.Option("--promote", metavar="STAGE", help="Promote the best, if it is better than the holder."),
    ] = None,
    min_gain: Annotated[
        float | None,
        typer.Option("--min-gain", metavar="X", help="By how much, at least. Default: as configured."),
    ] = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> None:
    """Rank the versions of a model by their scores.

    What a score is made of, and by how much the best must be better, says [score] of the configuration.
    """
    session = ctx.obj
    answer = session.registry().best(
        name, limit=limit, promote=promote, min_gain=min_gain, reason=reason, dry_run=dry_run
    )
    facts = answer.document()
    view = View(
        rows=map(_row, facts["rows"]),
        ids=[answer.best] if answer.best else [],
        draw=lambda on: _draw(on, answer, facts),
    )
    output = session.output()
    output.show(answer, view)
    if answer.promoted is not None and answer.promoted.changed:
        output.remark(f"{name} {answer.promoted.version} went to {answer.promoted.to_stage}")


def _row(row: Mapping[str, Any]) -> Sequence[Any]:
    metrics = ",".join(f"{name}={value}" for name, value in row["metrics"].items())
    return (
        row["rank"], row["version"], row["composite_score"], row["stage"], metrics, row["type"], row["training_date"],
        row["objection"] or _remark(row),
    )  # fmt: skip


def _draw(on: screen.Screen, answer: Ranked, facts: Mapping[str, Any]) -> None:
    weights = answer.formula.weights
    columns = (
        screen.Column("rank", is_number=True),
        screen.Column("version"),
        screen.Column("score", is_number=True),
        screen.Column("stage", least=12),
        *(screen.Column(name, is_number=True, rank=10 + at) for at, name in enumerate(weights)),
        screen.Column("registered", rank=2),
        screen.Column("remarks", least=16, rank=1),
    )
    on.table(columns, [_cells(row, [*weights]) for row in facts["rows"]])
    if answer.count > len(answer.rows):
        on.line(f"{answer.count - len(answer.rows)} more: see `--limit`", "dim")
    said = " + ".join(f"{weight:g} {name}" for name, weight in weights.items())
    on.line(f"score = {said}", "dim")


def _cells(row: Mapping[str, Any], weights: Sequence[str]) -> Sequence[Any]:
    return (
        row["rank"] or "-",
        screen.styled(row["version"], "bold"),
        "-" if row["composite_score"] is None else f"{row['composite_score']:.4f}",
        screen.badge(row["stage"]),
        *(number(row["metrics"].get(name, "-")) for name in weights),
        ago(row["training_date"]),
        row["objection"] or _remark(row),
    )


def _remark(row: Mapping[str, Any]) -> str:
    remarks = [
        f"tied with {few(row['tied_with'])}" if row["tied_with"] else "",
        "other data" if row["same_data"] is False else "",
        f"without {', '.join(row['missing'])}" if row["missing"] else "",
        f"x {row['bonus']:g} as an ensemble" if row["bonus"] != 1 else "",
    ]
    return "; ".join(filter(None, remarks))
