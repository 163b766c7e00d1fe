"""What `best` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.answers.promoted import Promoted
    from mlreg.domain.score import Formula, Row


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranked(Answer):
    """The versions of a model with their scores, the best first.

    `best` is None where no version can be it, `count` how many versions there are, `active` who holds the highest
    stage. Where a promotion was asked for, `promoted` is what came of it, and `gain` by how much the best is better
    than the holder was; both are None where nothing had to be moved, or there was no holder.
    """

    schema: ClassVar[str] = "mlreg.best/1"
    name: str
    formula: Formula
    best: str | None
    active: str | None
    rows: Sequence[Row]
    count: int
    promoted: Promoted | None = None
    gain: float | None = None

    def facts(self) -> dict[str, Any]:
        promoted = self.promoted
        return {
            "name": self.name,
            "best": self.best,
            "formula": self.formula.document(),
            "versions": self.count,
            "rows": [self._row(place, row) for place, row in enumerate(self.rows, 1)],
            "gain": self.gain,
            "promoted": promoted and {key: value for key, value in promoted.document().items() if key != "schema"},
        }

    def _row(self, place: int, row: Row) -> dict[str, Any]:
        sheet = row.sheet
        return {
            "rank": place if row.is_eligible else None,
            "model_id": f"{self.name}@{row.version}",
            "name": self.name,
            "version": row.version,
            "type": sheet.get("type"),
            "accuracy": _metric(row, "accuracy"),
            "auc": _metric(row, "auc", "roc_auc"),
            "f1_score": _metric(row, "f1_score", "f1"),
            "composite_score": row.score,
            "is_active": row.version == self.active,
            "training_date": sheet["registered_at"],
            "stage": sheet["stage"],
            "eligible": row.is_eligible,
            "objection": row.objection,
            "missing": list(row.missing),
            "bonus": row.bonus,
            "metrics": dict(row.metrics),
            "tied_with": list(row.tied),
            "data": dict(row.data),
            "same_data": row.same_data,
        }


def _metric(row: Row, *names: str) -> float | None:
    metrics = row.sheet.get("metrics", {})
    value = next((metrics[name] for name in names if name in metrics), None)
    number: float | None = value[0] if isinstance(value, list) else value
    return number
