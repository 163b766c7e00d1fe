"""Owns which version of a model is the best: scores out of the facts that the repository has."""

from __future__ import annotations

from collections.abc import Sequence, Set

from mlreg.bench import Bench
from mlreg.domain.events import ROLLED_BACK
from mlreg.domain.listing import Brief, briefs_of
from mlreg.domain.score import Candidate, Formula, Formulas, Row, best_of, rank
from mlreg.domain.sheet import sheet_of
from mlreg.domain.stages import ARCHIVED
from mlreg.domain.state import ModelState, Standing
from mlreg.errors import NotFoundError

SECTION = "score"


def formula_of(bench: Bench, model: str) -> Formula:
    """Returns how the scores of a model are made."""
    formulas: Formulas = bench.config.sections.get(SECTION) or Formulas()
    return formulas.of(model)


def ranked(bench: Bench, state: ModelState) -> list[Row]:
    """Returns the versions of a model with their scores, the best first: see `mlreg.domain.score.rank`.

    Neither a pre-release nor what is deprecated, was rolled back or has lost its bytes can be the best.

    Raises:
        IntegrityError: A record that has to be read is damaged.
    """
    briefs = briefs_of(state)
    said = bench.repository.cards.said(state.spelling, briefs)
    undone = _rolled_back(state)
    candidates = [
        Candidate(sheet_of(state.spelling, brief, one.card), _objection(brief, undone))
        for brief, one in zip(briefs, said, strict=True)
    ]
    return rank(candidates, formula_of(bench, state.spelling), directions=bench.config.directions)


def find_best(bench: Bench, state: ModelState) -> Standing:
    """Returns the version of a model with the best score.

    Raises:
        NotFoundError: None of them can be the best.
    """
    rows = ranked(bench, state)
    best = best_of(rows)
    if best is None:
        raise no_best(state, rows)
    return state.versions[best.version]


def no_best(state: ModelState, rows: Sequence[Row]) -> NotFoundError:
    """Returns the error that none of the versions can be the best."""
    return NotFoundError(
        f"no version of {state.spelling} can be the best: {_why(rows)}",
        hint=f"see why with `mlreg best {state.spelling}`; `[score]` of the configuration says what is weighed",
        facts={"model": state.spelling, "objections": {row.version: row.objection for row in rows[:10]}},
        code="no-best",
    )


def _why(rows: Sequence[Row]) -> str:
    whys = dict.fromkeys(str(row.objection) for row in rows)
    return next(iter(whys)) if len(whys) == 1 else "every one lacks something"


def _rolled_back(state: ModelState) -> set[str]:
    """Returns the versions that a rollback took from a stage and that have not come back to it."""
    undone: set[str] = set()
    for seat in state.seats.values():
        before: str | None = None
        for tenure in seat.tenures:
            if tenure.event.kind == ROLLED_BACK and before is not None:
                undone.add(before)
            undone.discard(tenure.holder or "")
            before = tenure.holder
    return undone


def _objection(brief: Brief, undone: Set[str]) -> str | None:
    if brief.deprecated is not None:
        return "deprecated"
    if brief.dropped is not None:
        return "its bytes were dropped"
    if "-" in brief.version.partition("+")[0]:
        return "a pre-release"
    if brief.stage == ARCHIVED and brief.version in undone:
        return "rolled back"
    return None
