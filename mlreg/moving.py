"""Owns what moves or marks a version: promote, rollback, archive, deprecate, tag."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from mlreg.bench import Bench
from mlreg.domain import decide
from mlreg.domain.events import ANNOUNCED, Draft
from mlreg.domain.names import checked_label, checked_model_name, checked_words
from mlreg.domain.refs import Ref
from mlreg.domain.semver import Version
from mlreg.domain.stages import ARCHIVED
from mlreg.domain.state import Deprecation, ModelState, Standing
from mlreg.domain.times import checked_date
from mlreg.errors import BlockedError, UsageError
from mlreg.journal import Outcome
from mlreg.lazy import LazyModule
from mlreg.resolve import Found, Wish, carry_out, joined_ref
from mlreg.store import layout

if TYPE_CHECKING:
    from mlreg import consumers, gating, ruling
    from mlreg.answers import changed, promoted, rolled_back
    from mlreg.domain.policies import Verdict
else:
    consumers = LazyModule("mlreg.consumers")
    gating = LazyModule("mlreg.gating")
    ruling = LazyModule("mlreg.ruling")
    changed = LazyModule("mlreg.answers.changed")
    promoted = LazyModule("mlreg.answers.promoted")
    rolled_back = LazyModule("mlreg.answers.rolled_back")

_SECTION = "policy"


def promote(
    bench: Bench,
    name: str,
    version: str | None,
    *,
    to: str,
    from_stage: str | None,
    expect: str | None,
    reason: str | None,
    force: bool,
    dry_run: bool,
) -> promoted.Promoted:
    """Moves a version to the stage `to`, if the gates of the policy for it are open or `force` is allowed.

    The version that it displaces goes to the archive. To the archive itself it goes as by `archive`.
    """
    if force and not reason:
        raise UsageError("to insist takes a reason", hint="say it with `--reason TEXT`")
    to_stage = bench.stages.parse(to)
    from_ = None if from_stage is None else bench.stages.parse(from_stage)
    ref = _promotable(joined_ref(name, version, bench.stages), from_, to_stage, bench)
    expected, why = _expected(expect), _reason(reason)
    gate = _Gate(bench, ref.name, to_stage, force=force) if _SECTION in bench.config.sections else None

    if to_stage == ARCHIVED and expected:
        raise UsageError("nobody holds the archive", hint="leave out `--expect`")

    def wish(state: ModelState, found: Found) -> Draft | None:
        if to_stage == ARCHIVED:
            return decide.decide_archiving(
                state, found.version, stages=bench.stages, from_=from_, force=force, reason=why
            )
        return decide.decide_promotion(
            state,
            found.version,
            to=to_stage,
            stages=bench.stages,
            from_=from_,
            expect=expected,
            reason=why,
            judged=None if gate is None else lambda standing: gate.judged(state, standing),
        )

    with nullcontext() if gate is None or dry_run else bench.repository.sharing():
        if gate is not None and not dry_run:
            gate.keep_text()
        found, outcome = carry_out(bench, ref, wish, dry_run=dry_run)
    effects = _effects(outcome)
    verdict = gate.verdict if gate is not None and outcome.draft else None
    return promoted.Promoted(
        name=ref.name,
        version=found.version,
        from_stage=effects.get("from", to_stage),
        to_stage=to_stage,
        replaced=effects.get("replaced"),
        changed=outcome.draft is not None,
        event=outcome.number,
        at=outcome.at,
        verdict=verdict,
        forced=bool(effects.get("forced")),
        notes=[
            *found.notes,
            *bench.end_notes(outcome.before, _left_in_place(outcome)),
            *(_broken_notes(bench, found) if outcome.draft else []),
        ],
        dry_run=dry_run,
    )


def rollback(
    bench: Bench, name: str, *, stage: str | None, expect: str | None, reason: str | None, dry_run: bool
) -> rolled_back.RolledBack:
    """Takes a stage back to the version before; a wish that depends on what one has seen."""
    seat = bench.stages.parse_held(stage) if stage else bench.stages.top
    state = bench.state(checked_model_name(name))
    wish = _rollback_wish(bench, seat, None, _expected(expect), _reason(reason))
    outcome = bench.journal.foresee(state, wish) if dry_run else bench.journal.commit_as_seen(state, name, wish)
    return _rolled_back(name, seat, outcome, reason=reason, notes=(), dry_run=dry_run)


def rollback_to(
    bench: Bench, name: str, version: str, *, stage: str | None, expect: str | None, reason: str | None, dry_run: bool
) -> rolled_back.RolledBack:
    """Takes a stage back, or forward again, to `version`."""
    seat = bench.stages.parse_held(stage) if stage else bench.stages.top
    ref = joined_ref(checked_model_name(name), version, bench.stages)
    expected, why = _expected(expect), _reason(reason)

    def wish(state: ModelState, found: Found) -> Draft | None:
        return _rollback_wish(bench, seat, found.version, expected, why)(state)

    found, outcome = carry_out(bench, ref, wish, dry_run=dry_run)
    return _rolled_back(name, seat, outcome, reason=reason, notes=found.notes, dry_run=dry_run)


def deprecate(
    bench: Bench, name: str, version: str | None, *, reason: str, end_of_life: str | None, dry_run: bool
) -> changed.Changed:
    """Marks a version as not to be used any more."""
    date = None if end_of_life is None else checked_date(end_of_life, "an end of life")
    deprecation = Deprecation(checked_words(reason, "the reason"), date)

    def wish(state: ModelState, found: Found) -> Draft | None:
        return decide.decide_deprecation(state, found.version, deprecation)

    now = {"deprecated": deprecation.document()}
    return _change(bench, "deprecate", name, version, wish, now=now, dry_run=dry_run)


def lift_deprecation(
    bench: Bench, name: str, version: str | None, *, reason: str | None, dry_run: bool
) -> changed.Changed:
    """Makes a deprecated version usable again."""

    def wish(state: ModelState, found: Found) -> Draft | None:
        return decide.decide_lifting(state, found.version, _reason(reason))

    return _change(bench, "deprecate", name, version, wish, now={"deprecated": None}, dry_run=dry_run)


def archive(
    bench: Bench, name: str, version: str | None, *, force: bool, reason: str | None, dry_run: bool
) -> changed.Changed:
    """Puts a version into the archive; production's holder only with `force` and a reason."""
    if force and not reason:
        raise UsageError("to insist takes a reason", hint="say it with `--reason TEXT`")

    def wish(state: ModelState, found: Found) -> Draft | None:
        return decide.decide_archiving(state, found.version, stages=bench.stages, force=force, reason=_reason(reason))

    return _change(bench, "archive", name, version, wish, now={"stage": ARCHIVED}, dry_run=dry_run)


def tag(bench: Bench, name: str, version: str | None, tags: Sequence[str], *, dry_run: bool) -> changed.Changed:
    """Adds tags to a version."""
    added = {checked_label(one, "a tag") for one in tags}

    def wish(state: ModelState, found: Found) -> Draft | None:
        return decide.decide_tags(state, found.version, add=added)

    return _change(bench, "tag", name, version, wish, now=None, dry_run=dry_run)


def untag(bench: Bench, name: str, version: str | None, tags: Sequence[str], *, dry_run: bool) -> changed.Changed:
    """Takes tags off a version; those that it does not have are no error."""
    removed = {checked_label(one, "a tag") for one in tags}

    def wish(state: ModelState, found: Found) -> Draft | None:
        return decide.decide_tags(state, found.version, remove=removed)

    return _change(bench, "tag", name, version, wish, now=None, dry_run=dry_run)


class _Gate:
    """What the policy for a model and a stage says of a promotion; `verdict` is the last word, on the newest state."""

    def __init__(self, bench: Bench, model: str, stage: str, *, force: bool) -> None:
        self.verdict: Verdict | None = None
        self._bench = bench
        self._stage = stage
        self._force = force
        self._known = ruling.in_force(bench, model, stage)

    def keep_text(self) -> None:
        """Keeps the text of the policy as a blob, before an event names it."""
        if self._known is not None:
            self._bench.repository.blobs.add_plain(io.BytesIO(self._known.text), "the policy")

    def judged(self, state: ModelState, standing: Standing) -> Mapping[str, Any]:
        """Returns what the event says of the verdict; nothing where there is no policy.

        Raises:
            BlockedError: A gate is shut, and force is not used or not allowed.
        """
        if self._known is None:
            return {}
        self.verdict = verdict = gating.verdict_of(self._bench, state, standing, self._known)
        if verdict.shut and not (self._force and verdict.allows_force):
            error = verdict.refusal(state.spelling, str(standing.version), self._stage)
            raise _not_by_force(error, self._stage) if self._force else error
        return verdict.effects(forced=self._force)


def _not_by_force(error: BlockedError, stage: str) -> BlockedError:
    error.hint = f"the policy for {stage} allows no force: `allow_force = true` in config.toml would"
    return error


def _broken_notes(bench: Bench, found: Found) -> list[str]:
    """Returns a sentence for each consumer that the repository knows and that does not want the version."""
    history = bench.repository.history
    if not any(event.kind == ANNOUNCED for event in history.events(layout.REPOSITORY)):
        return []
    return consumers.broken_notes(bench, found.name, found.version)


def _promotable(ref: Ref, from_: str | None, to: str, bench: Bench) -> Ref:
    if ref.selector is not None:
        return ref
    if from_ is None:
        raise UsageError(
            f"which version of {ref.name} shall be promoted?",
            hint=f"name it, as in `mlreg promote {ref.name} VERSION --to {to}`",
        )
    return joined_ref(ref.name, from_, bench.stages)


def _left_in_place(outcome: Outcome) -> list[Standing]:
    """Returns the holders of stages that a promotion left where they were."""
    moved = {_effects(outcome).get("version"), _effects(outcome).get("replaced")}
    state = outcome.before
    return [state.versions[version] for version in state.holders().values() if version not in moved]


def _rollback_wish(
    bench: Bench, seat: str, to: str | None, expect: str | None, reason: str | None
) -> Callable[[ModelState], Draft | None]:
    def wish(state: ModelState) -> Draft | None:
        return decide.decide_rollback(
            state,
            seat,
            stages=bench.stages,
            has_bytes=partial(bench.has_bytes, state),
            to=to,
            expect=expect,
            reason=reason,
        )

    return wish


def _rolled_back(
    name: str, seat: str, outcome: Outcome, *, reason: str | None, notes: Sequence[str], dry_run: bool
) -> rolled_back.RolledBack:
    effects, holder = _effects(outcome), outcome.before.holder(seat)
    return rolled_back.RolledBack(
        name=name,
        stage=seat,
        version=str(effects.get("version", holder)),
        left=effects.get("replaced", holder),
        reason=reason,
        changed=outcome.draft is not None,
        event=outcome.number,
        at=outcome.at,
        skipped=effects.get("skipped", ()),
        notes=notes,
        dry_run=dry_run,
    )


def _change(
    bench: Bench,
    verb: str,
    name: str,
    version: str | None,
    wish: Wish,
    *,
    now: Mapping[str, Any] | None,
    dry_run: bool,
) -> changed.Changed:
    ref = joined_ref(name, version, bench.stages)
    if ref.selector is None:
        raise UsageError(f"which version of {ref.name}?", hint=f"name it, as in `mlreg {verb} {ref.name}@VERSION`")
    found, outcome = carry_out(bench, ref, wish, dry_run=dry_run)
    tags = _effects(outcome).get("tags", sorted(found.standing.tags))
    return changed.Changed(
        verb=verb,
        name=ref.name,
        version=found.version,
        changed=outcome.draft is not None,
        event=outcome.number,
        at=outcome.at,
        now={"tags": tags} if now is None else now,
        notes=found.notes,
        dry_run=dry_run,
    )


def _effects(outcome: Outcome) -> Mapping[str, Any]:
    return outcome.draft.effects if outcome.draft else {}


def _expected(text: str | None) -> str | None:
    return text if text is None or text == "none" else str(Version.parse_loose(text))


def _reason(text: str | None) -> str | None:
    return None if text is None else checked_words(text, "the reason")
