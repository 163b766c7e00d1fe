"""Owns holds: what keeps the bytes of a version whatever the rules of retention say."""

from __future__ import annotations

from typing import Any

from mlreg.answers.changed import Changed
from mlreg.bench import Bench
from mlreg.domain import decide
from mlreg.domain.events import Draft
from mlreg.domain.names import checked_words
from mlreg.domain.state import ModelState
from mlreg.errors import UsageError
from mlreg.resolve import Found, Wish, carry_out, joined_ref


def hold(bench: Bench, name: str, version: str | None, *, reason: str, dry_run: bool) -> Changed:
    """Keeps the bytes of a version until the hold is lifted."""
    why = checked_words(reason, "the reason")

    def wish(state: ModelState, found: Found) -> Draft | None:
        return decide.decide_hold(state, found.version, why)

    return _changed(bench, name, version, wish, {"reason": why}, dry_run=dry_run)


def lift_hold(bench: Bench, name: str, version: str | None, *, reason: str | None, dry_run: bool) -> Changed:
    """Leaves the bytes of a version to the rules again."""
    why = None if reason is None else checked_words(reason, "the reason")

    def wish(state: ModelState, found: Found) -> Draft | None:
        return decide.decide_release(state, found.version, why)

    return _changed(bench, name, version, wish, None, dry_run=dry_run)


def _changed(
    bench: Bench, name: str, version: str | None, wish: Wish, now: dict[str, Any] | None, *, dry_run: bool
) -> Changed:
    ref = joined_ref(name, version, bench.stages)
    if ref.selector is None:
        raise UsageError(f"which version of {ref.name}?", hint=f"name it, as in `mlreg hold {ref.name}@VERSION`")
    found, outcome = carry_out(bench, ref, wish, dry_run=dry_run)
    return Changed(
        verb="hold",
        name=ref.name,
        version=found.version,
        changed=outcome.draft is not None,
        event=outcome.number,
        at=outcome.at,
        now={"hold": now},
        notes=found.notes,
        dry_run=dry_run,
    )
