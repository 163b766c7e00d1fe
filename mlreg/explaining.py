"""Owns the account of one version: who put it where it stands, on what word, and how to get back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mlreg.answers.why import WayBack, Why
from mlreg.bench import Bench
from mlreg.domain import compare, decide
from mlreg.domain.ending import days_left, ending
from mlreg.domain.spans import spans
from mlreg.domain.state import ModelState, Standing
from mlreg.domain.why import Predecessor, predecessor, story
from mlreg.errors import MlregError
from mlreg.lazy import LazyModule
from mlreg.resolve import Found, find_shown, joined_ref

if TYPE_CHECKING:
    from mlreg import approving
else:
    approving = LazyModule("mlreg.approving")


def explain(bench: Bench, name: str, version: str | None) -> Why:
    """Tells why the version that the words mean stands where it stands; of a bare name, the one in production."""
    ref = joined_ref(name, version, bench.stages)
    found = find_shown(bench, ref)
    state, standing = found.state, found.standing
    record = bench.record(state, standing)
    told = story(bench.repository.history.about(state, found.version), found.version)
    before = predecessor(state, standing, told=told, parent=record.lineage.get("parent"))
    today = bench.journal.today()
    approvals, doubts = approving.standing_for(bench, state, standing) if found.version in state.said else ([], [])
    return Why(
        state=state,
        standing=standing,
        record=record,
        resolved_by=found.by,
        told=told,
        held=[
            (stage, span)
            for stage, seat in state.seats.items()
            for span in spans(seat)
            if span.version == found.version
        ],
        before=before,
        comparison=_comparison(bench, found, before),
        days_left=days_left(standing.deprecated, today),
        ending=ending(standing.deprecated, today),
        way_back=_way_back(bench, state, standing),
        approvals=approvals,
        notes=[*found.notes, *doubts, *_assumed(bench, found, is_bare=ref.selector is None)],
    )


def _assumed(bench: Bench, found: Found, *, is_bare: bool) -> list[str]:
    top = bench.stages.top
    if not is_bare or found.by == top:
        return []
    return [f"nothing of {found.name} is in {top}: this is its latest version"]


def _comparison(bench: Bench, found: Found, before: Predecessor | None) -> compare.Comparison | None:
    if before is None:
        return None
    pair = [before.standing, found.standing]
    records = [(str(standing.version), bench.record(found.state, standing)) for standing in pair]
    return compare.compare(records, directions=bench.config.directions)


def _way_back(bench: Bench, state: ModelState, standing: Standing) -> WayBack:
    version, stage = str(standing.version), standing.stage
    if state.holder(stage) == version:
        return _rollback(bench, state, stage, to=None)
    held = [stage for stage in reversed(bench.stages.order) if state.seat(stage).has_held(version)]
    return _rollback(bench, state, held[0], to=version) if held else _promotion(bench, state, standing)


def _rollback(bench: Bench, state: ModelState, stage: str, *, to: str | None) -> WayBack:
    words = [state.spelling, *(["--to", to] if to else []), *(["--stage", stage] if stage != bench.stages.top else [])]
    try:
        draft = decide.decide_rollback(
            state,
            stage,
            stages=bench.stages,
            has_bytes=partial(bench.has_bytes, state),
            to=to,
        )
    except MlregError as error:
        return WayBack(None, stage, None, error.message, error.hint)
    return WayBack(f"mlreg rollback {' '.join(words)}", stage, draft.effects["version"] if draft else to)


def _promotion(bench: Bench, state: ModelState, standing: Standing) -> WayBack:
    order, version = bench.stages.order, str(standing.version)
    above = order[order.index(standing.stage) + 1] if standing.stage in order else order[1]
    try:
        decide.decide_promotion(state, version, to=above, stages=bench.stages)
    except MlregError as error:
        return WayBack(None, above, None, error.message, error.hint)
    return WayBack(f"mlreg promote {state.spelling} {version} --to {above}", above, version)
