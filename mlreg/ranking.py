"""Owns which version of a model is the best: scores out of the facts that the repository has."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence, Set
from hashlib import sha256

from mlreg.bench import Bench
from mlreg.domain.events import ROLLED_BACK
from mlreg.domain.leaderboard import Leaderboard
from mlreg.domain.listing import Brief, briefs_of
from mlreg.domain.metric import Direction
from mlreg.domain.score import REWEIGHT, Candidate, Formula, Formulas, rank
from mlreg.domain.sheet import sheet_of
from mlreg.domain.stages import ARCHIVED
from mlreg.domain.state import ModelState, Standing
from mlreg.errors import NotFoundError
from mlreg.store import settings
from mlreg.version import __version__

SECTION = "score"
_LOOKED_AT = 10
_REWEIGHT = f"mlreg config set {SECTION}.missing {REWEIGHT}"


def formula_of(bench: Bench, model: str) -> Formula:
    """Returns how the scores of a model are made."""
    formulas: Formulas = bench.config.sections.get(SECTION) or Formulas()
    return formulas.of(model)


def ranked(bench: Bench, state: ModelState) -> Leaderboard:
    """Returns the versions of a model in the order of their scores: see `mlreg.domain.score.rank`.

    Neither a pre-release nor what is deprecated, was rolled back or has lost its bytes can be the best.

    Raises:
        IntegrityError: A record that has to be read is damaged.
    """
    formula, directions = formula_of(bench, state.spelling), bench.config.directions
    stamp = _stamp(state, formula, directions)
    known = bench.repository.rankings.read(state.spelling, stamp)
    if known is not None:
        return known
    briefs = briefs_of(state)
    said = bench.repository.cards.said(state.spelling, briefs)
    undone = _rolled_back(state)
    candidates = [
        Candidate(sheet_of(state.spelling, brief, one.card), _objection(brief, undone))
        for brief, one in zip(briefs, said, strict=True)
    ]
    return bench.repository.rankings.keep(state.spelling, stamp, rank(candidates, formula, directions=directions))


def find_best(bench: Bench, state: ModelState) -> Standing:
    """Returns the version of a model with the best score.

    Raises:
        NotFoundError: None of them can be the best.
    """
    board = ranked(bench, state)
    best = board.best_version()
    if best is None:
        raise no_best(bench, state, board)
    return state.versions[best]


def no_best(bench: Bench, state: ModelState, board: Leaderboard) -> NotFoundError:
    """Returns the error that none of the versions can be the best."""
    whys = dict.fromkeys(str(place.objection) for place in board.places)
    return NotFoundError(
        f"no version of {state.spelling} can be the best: {_why([*whys])}",
        hint=way_to_a_best(bench, state, board) or f"see why with `mlreg best {state.spelling}`",
        facts={"model": state.spelling, "objections": {one.version: one.objection for one in board.places[:10]}},
        code="no-best",
    )


def way_to_a_best(bench: Bench, state: ModelState, board: Leaderboard) -> str | None:
    """Returns what to type so that there is a best version, None where what is weighed is not what is missing."""
    row = next((row for row in board.rows(_LOOKED_AT) if row.missing), None)
    if row is None:
        return None
    lacking = f"mlreg set {state.spelling} {row.version} --metric {shlex.quote(row.missing[0])}=VALUE"
    known = [*row.metrics, *sorted(row.sheet.get("metrics", {}))]
    if formula_of(bench, state.spelling).source == "default" and known:
        key = shlex.quote(settings.spelled((SECTION, "weights", known[0])))
        return f"say what is weighed, as in `mlreg config set {key} 1`, or state what is missing: `{lacking}`"
    return f"state it: `{lacking}`" + (f", or weigh the others: `{_REWEIGHT}`" if row.metrics else "")


def _why(whys: Sequence[str]) -> str:
    return whys[0] if len(whys) == 1 else "every one lacks something"


def _stamp(state: ModelState, formula: Formula, directions: Mapping[str, Direction]) -> str:
    """Returns all that scores depend on: the history, the formula, the directions, and the program that knows more."""
    how = json.dumps([formula.document(), dict(directions), __version__], sort_keys=True)
    return f"{state.head_digest} {sha256(how.encode()).hexdigest()}"


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
