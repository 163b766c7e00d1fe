"""Owns the choice of a champion: the leaderboard of a model, and the promotion of the best by the usual gates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mlreg import moving, ranking
from mlreg.answers.ranked import Ranked
from mlreg.answers.registered import Registered
from mlreg.bench import Bench
from mlreg.domain.leaderboard import Leaderboard
from mlreg.domain.names import checked_model_name, few
from mlreg.domain.score import REWEIGHT, Formula, Row, gain, is_same_data
from mlreg.domain.selection import checked_limit
from mlreg.domain.state import ModelState
from mlreg.errors import BlockedError, MlregError, UsageError


def rank(bench: Bench, name: str, *, limit: int | None) -> Ranked:
    """Ranks the versions of a model by their scores."""
    most = checked_limit(limit)
    state = bench.state(checked_model_name(name))
    return _ranked(bench, state, ranking.ranked(bench, state), most)


def select(
    bench: Bench,
    name: str,
    stage: str,
    *,
    limit: int | None,
    min_gain: float | None,
    reason: str | None,
    dry_run: bool,
) -> Ranked:
    """Promotes the best version to `stage` if it is better than the holder by `min_gain`, as `promote` does."""
    most, seat = checked_limit(limit), bench.stages.parse_held(stage)
    state = bench.state(checked_model_name(name))
    board = ranking.ranked(bench, state)
    best, holder = _best_of(board), state.holder(seat)
    least = ranking.formula_of(bench, state.spelling).min_gain if min_gain is None else _checked_gain(min_gain)
    if best is None:
        raise ranking.no_best(bench, state, board)
    answer = replace(_ranked(bench, state, board, most), dry_run=dry_run)
    if holder == best.version:
        return _with_note(answer, f"{holder} is the best and holds {seat}")
    won = None
    if holder is not None:
        won = _gain(state, seat, best, board.row_of(holder))
        answer = replace(answer, gain=won)
        if won <= 0 or won < least:
            return _with_note(answer, f"{holder} stays: {best.version} is better by {won:.6g}, not by {least:g}")
    promoted = moving.promote(
        bench,
        state.spelling,
        best.version,
        to=seat,
        from_stage=None,
        expect=holder or "none",
        reason=reason or _reason(best, holder, won),
        force=False,
        dry_run=dry_run,
    )
    answer = replace(answer, promoted=promoted, notes=[*answer.notes, *promoted.notes])
    return answer if dry_run else _as_it_stands(answer, bench.state(state.spelling), bench.stages.top)


def select_after(bench: Bench, registered: Registered) -> Registered:
    """Promotes the best version where `auto_select` of the formula says so, and tells it; what cannot be is a note."""
    wanted = ranking.formula_of(bench, registered.name).auto_select
    if wanted is None or not registered.created or registered.dry_run:
        return registered
    stage = bench.stages.top if wanted is True else wanted
    try:
        chosen = select(bench, registered.name, stage, limit=1, min_gain=None, reason=None, dry_run=False)
    except MlregError as error:
        note = f"the best was not promoted to {stage}: {error.message}"
        return replace(registered, notes=[*registered.notes, note])
    moved = chosen.promoted
    if moved is None:
        return replace(registered, notes=[*registered.notes, *chosen.notes[-1:]])
    return replace(
        registered,
        stage=moved.to_stage if moved.version == registered.version else registered.stage,
        notes=[*registered.notes, f"{moved.version} is the best by score and went to {moved.to_stage}"],
    )


def _ranked(bench: Bench, state: ModelState, board: Leaderboard, limit: int | None) -> Ranked:
    formula, shown = ranking.formula_of(bench, state.spelling), board.rows(limit)
    way = None if board.best_version() else ranking.way_to_a_best(bench, state, board)
    return Ranked(
        name=state.spelling,
        formula=formula,
        best=board.best_version(),
        active=state.holder(bench.stages.top),
        rows=shown,
        count=len(board.places),
        notes=list(_notes(formula, shown, way)),
    )


def _as_it_stands(answer: Ranked, state: ModelState, top: str) -> Ranked:
    """Returns a leaderboard with the stages that the versions have now."""
    rows = [row._replace(sheet={**row.sheet, "stage": state.versions[row.version].stage}) for row in answer.rows]
    return replace(answer, rows=rows, active=state.holder(top))


def _notes(formula: Formula, rows: Sequence[Row], way: str | None) -> Iterator[str]:
    if not rows or not rows[0].is_eligible:
        yield f"no version can be the best: {way or 'the rows say why'}"
        return
    best = rows[0]
    if best.tied:
        yield f"{best.version} has the same score as {few(best.tied)}: the greatest version stands first"
    if others := [row.version for row in rows if row.score is not None and row.same_data is False]:
        yield f"measured on other data than {best.version}: {few(others)}"
    if stretched := [row.version for row in rows if row.missing and row.score is not None]:
        yield f"scored without some metrics, as `missing = {REWEIGHT!r}` wants: {few(stretched)}"
    beyond = {name for row in rows for name, value in row.metrics.items() if value > 1 and name not in formula.ranges}
    # what falls is brought below 1 by its scale; the score of such a row is not what shows it
    if best.score is not None and best.score > best.bonus and beyond:
        yield f"{', '.join(sorted(beyond))} is above 1: give it a range in `[score]`"


def _best_of(board: Leaderboard) -> Row | None:
    best = board.best_version()
    return board.row_of(best) if best else None


def _gain(state: ModelState, seat: str, best: Row, holder: Row) -> float:
    by_hand = f"move it with `mlreg promote {state.spelling} {best.version} --to {seat}`"
    if holder.score is None or best.score is None:
        raise BlockedError(
            f"{state.spelling} {holder.version}, which holds {seat}, has no score: {holder.objection}",
            hint=f"state its metrics with `mlreg set`, or {by_hand}",
            code="not-comparable",
            facts={"best": best.version, "holder": holder.version, "stage": seat},
        )
    if is_same_data(best, holder) is False:
        raise BlockedError(
            f"{state.spelling} {best.version} and {holder.version}, which holds {seat}, are measured on other data",
            hint=f"measure both on the same, or {by_hand}",
            code="not-comparable",
            facts={"best": best.version, "holder": holder.version, "stage": seat},
        )
    return gain(best.score, holder.score)


def _checked_gain(value: float) -> float:
    if not math.isfinite(value) or value < 0:
        raise UsageError(f"{value} is not a gain", hint="write a number from 0, as in `--min-gain 0.01`")
    return value


def _reason(best: Row, holder: str | None, won: float | None) -> str:
    against = f", {won:.6g} more than {holder}" if holder else ""
    return f"best by score: {best.score:.6g}{against}"


def _with_note(answer: Ranked, note: str) -> Ranked:
    return replace(answer, notes=[*answer.notes, note])
