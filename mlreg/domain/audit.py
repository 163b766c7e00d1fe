"""Owns what an audit tells of one model in a period: all of it out of its events and records, nothing guessed.

A report is of how things stood at the end of the period. What an event states of the policy that let it through, its
gates and their values, is told as it was stated; events without any say so by having none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

from mlreg.domain.approvals import Approval
from mlreg.domain.events import ARCHIVED, DEPRECATED, DEPRECATION_LIFTED, DROPPED, PROMOTED, ROLLED_BACK, Event
from mlreg.domain.metric import Direction, Metric
from mlreg.domain.record import ModelVersion
from mlreg.domain.spans import Span, spans
from mlreg.domain.stages import Stages
from mlreg.domain.state import ModelState, Standing

_MOVES = (PROMOTED, ROLLED_BACK, ARCHIVED, DEPRECATED, DEPRECATION_LIFTED, DROPPED)
_SOURCES = ("data", "feature_set", "experiment", "increment", "parent", "variant_of")


class Period(NamedTuple):
    """From `since` to `until`, both timestamps."""

    since: str
    until: str

    def holds(self, moment: str) -> bool:
        """Whether `moment` is in it."""
        return self.since <= moment <= self.until


class Gate(NamedTuple):
    """One condition of a policy as an event states it: whether it was open, and on what value."""

    gate: str
    is_open: bool
    value: Any = None
    needs: Any = None

    def document(self) -> dict[str, Any]:
        """Returns the gate as documents show it."""
        return {"gate": self.gate, "open": self.is_open, "value": self.value, "needs": self.needs}


class Move(NamedTuple):
    """An event by which a version went somewhere; `policy` is the digest of the policy that let it."""

    event: Event
    policy: str | None
    gates: Sequence[Gate]
    is_forced: bool

    @property
    def stage(self) -> str | None:
        """Where the version went, or (of a rollback) which stage went back."""
        paths = self.event.effects.get("paths")
        to = self.event.effects.get("to")
        return to if isinstance(to, str) else next(iter(paths), None) if isinstance(paths, Mapping) else None

    def document(self) -> dict[str, Any]:
        """Returns the move as documents show it."""
        event = self.event
        return {
            "event": event.number,
            "kind": event.kind,
            "version": event.version,
            "from": event.effects.get("from"),
            "to": self.stage,
            "replaced": event.effects.get("replaced"),
            "at": event.at,
            "by": event.actor,
            "reason": event.reason,
            "digest": event.digest,
            "policy": self.policy,
            "forced": self.is_forced,
            "gates": [gate.document() for gate in self.gates],
        }


class Deployment(NamedTuple):
    """A time in the period in which a version held a stage, the move that began it, and the approvals behind that.

    `backing` are the approvals for the stage that counted at the moment of the move.
    """

    stage: str
    span: Span
    move: Move
    backing: Sequence[Approval] = ()

    def document(self) -> dict[str, Any]:
        """Returns the deployment as documents show it."""
        return {
            "stage": self.stage,
            **self.span.document(),
            "policy": self.move.policy,
            "forced": self.move.is_forced,
            "gates": [gate.document() for gate in self.move.gates],
            "approved_by": [{"approver": one.approver, "key": one.key, "event": one.event} for one in self.backing],
        }


class Point(NamedTuple):
    """What somebody stated of a metric of a version, and when; `late` is after its registration."""

    at: str
    version: str
    metric: Metric
    by: str
    late: bool

    def document(self) -> dict[str, Any]:
        """Returns the point as documents show it."""
        return {
            "at": self.at, "version": self.version, "value": self.metric.shown(), "by": self.by, "late": self.late,
        }  # fmt: skip


class Subject(NamedTuple):
    """A version that the report is about: how it stood at the end, its facts, and what was said of it."""

    standing: Standing
    record: ModelVersion
    written: ModelVersion
    approvals: Sequence[Approval]
    has_bytes: bool

    @property
    def version(self) -> str:
        """The version as text."""
        return str(self.standing.version)

    def sources(self) -> dict[str, Any]:
        """Returns what it states of where it comes from; only what it states."""
        found = {key: self.record.lineage[key] for key in _SOURCES if key in self.record.lineage}
        depends_on = self.record.lineage.get("depends_on")
        commit = self.record.captured.get("git")
        return {
            **found,
            **({"depends_on": list(depends_on)} if depends_on else {}),
            **({"dataset": dict(self.record.dataset)} if self.record.dataset else {}),
            **({"commit": commit["commit"]} if isinstance(commit, Mapping) and "commit" in commit else {}),
        }

    def document(self) -> dict[str, Any]:
        """Returns the version as documents show it."""
        standing = self.standing
        return {
            "version": self.version,
            "stage": standing.stage,
            "registered_at": standing.registered.at,
            "registered_by": standing.registered.actor,
            "digest": standing.record,
            "content_digest": standing.content,
            "owner": self.record.owner,
            "metrics": self.record.shown_metrics(),
            "sources": self.sources(),
            "deprecated": standing.deprecated.document() if standing.deprecated else None,
            "replaced_by": standing.replaced_by,
            "has_bytes": self.has_bytes,
            "approvals": [approval.document() for approval in self.approvals],
        }


class Check(NamedTuple):
    """A question that auditors ask: `answer` None where nothing says, `missing` names what speaks against it."""

    check: str
    answer: bool | None
    text: str
    missing: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        """Returns the check as documents show it."""
        return {"check": self.check, "ok": self.answer, "text": self.text, "missing": list(self.missing)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """All that is told of a model.

    Attributes:
        head: The number and the digest of the last event of the period, by which a checkpoint can be held against it.
        deployments: Who held which stage, the highest stage first, in it the oldest first.
        subjects: The versions that were registered or held a stage in the period, the greatest first.
        metrics: By name what was stated of them, the oldest first; `directions` says which way each is better.
        trust: How far signatures count: `anchored`, `unanchored`, or why they do not.
    """

    name: str
    repository: str
    period: Period
    at: str
    head: tuple[int, str]
    stages: Stages
    deployments: Sequence[Deployment]
    moves: Sequence[Move]
    subjects: Sequence[Subject]
    metrics: Mapping[str, Sequence[Point]]
    directions: Mapping[str, Direction | None]
    checks: Sequence[Check]
    trust: str

    @property
    def approvals(self) -> list[tuple[str, Approval]]:
        """What was said of the versions, the oldest first, each with its version."""
        said = [(one.version, approval) for one in self.subjects for approval in one.approvals]
        return sorted(said, key=lambda pair: pair[1].event)

    @property
    def forced(self) -> list[Move]:
        """The moves that somebody insisted on."""
        return [move for move in self.moves if move.is_forced]

    def at_stage(self, stage: str) -> list[Deployment]:
        """Returns the deployments at `stage`, the oldest first."""
        return [deployment for deployment in self.deployments if deployment.stage == stage]

    def document(self) -> dict[str, Any]:
        """Returns the audit as JSON shows it."""
        return {
            "name": self.name,
            "repository": self.repository,
            "period": {"since": self.period.since, "until": self.period.until},
            "at": self.at,
            "head": {"number": self.head[0], "digest": self.head[1]},
            "trust": self.trust,
            "deployments": [one.document() for one in self.deployments],
            "moves": [one.document() for one in self.moves],
            "versions": [one.document() for one in self.subjects],
            "approvals": [{"version": version, **one.document()} for version, one in self.approvals],
            "metrics": {name: [point.document() for point in points] for name, points in self.metrics.items()},
            "forced": [one.event.number for one in self.forced],
            "checkpoints": [check.document() for check in self.checks],
        }


def move_of(event: Event, stages: Stages) -> Move:
    """Returns what `event` states of a move, and of the policy that let it through."""
    effects = event.effects
    policy, stated = effects.get("policy"), effects.get("gates")
    gates = [gate for one in stated for gate in _gate(one)] if isinstance(stated, list | tuple) else []
    # to take the holder of the highest stage away takes `--force`
    emptied = event.kind == ARCHIVED and stages.top in (effects.get("paths") or {})
    is_forced = effects.get("forced") is True or emptied
    return Move(event, policy if isinstance(policy, str) else None, gates, is_forced)


def moves(events: Iterable[Event], stages: Stages) -> list[Move]:
    """Returns the events by which a version went somewhere, those that registered it at a stage of one holder too."""
    return [
        move_of(event, stages)
        for event in events
        if event.kind in _MOVES or (event.effects.get("paths") and event.version is not None)
    ]


def deployments(state: ModelState, period: Period, stages: Stages) -> list[Deployment]:
    """Returns who held which stage in the period; stages that the configuration does not know any more stand last."""
    known = [stage for stage in reversed(stages.order) if stage in state.seats]
    return [
        Deployment(stage, span, move_of(span.event, stages))
        for stage in [*known, *(stage for stage in state.seats if stage not in known)]
        for span in spans(state.seat(stage))
        if span.since <= period.until and (span.until is None or span.until >= period.since)
    ]


def stated_metrics(subjects: Iterable[Subject], events: Iterable[Event], period: Period) -> dict[str, Sequence[Point]]:
    """Returns by metric what was stated of `subjects` up to the end of the period, sorted by name."""
    found: dict[str, list[Point]] = {}
    versions = {one.version: one for one in subjects}
    for one in versions.values():
        registered = one.standing.registered
        for name, metric in one.written.metrics.items():
            found.setdefault(name, []).append(Point(registered.at, one.version, metric, registered.actor, False))
    for event in events:
        facts = event.effects.get("set")
        if event.version in versions and isinstance(facts, Mapping):
            for name, raw in facts.get("metrics", {}).items():
                point = Point(event.at, event.version, Metric.parse(name, raw), event.actor, True)
                found.setdefault(name, []).append(point)
    return {name: sorted(found[name], key=lambda point: point.at) for name in sorted(found)}


def plotted(points: Sequence[Point]) -> tuple[list[tuple[Point, float]], str]:
    """Returns the points that have a place on an axis, and the unit of the axis: the stated one where it is one."""
    finite = [point for point in points if point.metric.is_finite]
    units = {point.metric.unit or "" for point in finite}
    if len(units) == 1:
        return [(point, float(point.metric.value)) for point in finite], units.pop()
    placed = [(point, *point.metric.canonical()) for point in finite]
    bases = {base for _, _, base in placed}
    if len(bases) > 1:  # of several dimensions: what cannot stand on one axis is in the table only
        return [], ""
    return [(point, value) for point, value, _ in placed if isfinite(value)], bases.pop() if bases else ""


def checks(audit_of: Sequence[Deployment], subjects: Sequence[Subject], stages: Stages) -> Iterator[Check]:
    """Yields the questions of compliance with their answers: of the highest stage, as events and records state them."""
    top = [one for one in audit_of if one.stage == stages.top]
    served = {one.span.version for one in top}
    those = [one for one in subjects if one.version in served]
    began = [one for one in top if one.move.event.kind != ROLLED_BACK]
    stage = stages.top
    yield _all("reason", f"every move to {stage} says why", [_at(one) for one in top if not one.span.event.reason], top)
    unruled = [_at(one) for one in began if not one.move.policy]
    yield _all("policy", f"every promotion to {stage} was decided by a policy", unruled, began)
    shut = [_at(one) for one in began if any(not gate.is_open for gate in one.move.gates)]
    gated = [one for one in began if one.move.gates]
    yield _all("gates", f"every gate of the promotions to {stage} was open", shut, gated)
    yield _all("forced", f"nothing was forced into {stage}", [_at(one) for one in top if one.move.is_forced], top)
    unsaid = [_at(one) for one in began if not one.backing]
    yield _all("approved", f"every promotion to {stage} had a valid approval", unsaid, began)
    unknown = [one.version for one in those if not (one.record.lineage.get("data") or one.record.dataset)]
    yield _all("data", f"every version in {stage} states its data", unknown, those)
    owned = [one.version for one in those if not one.record.owner]
    yield _all("owner", f"every version in {stage} has an owner", owned, those)
    gone = [one.version for one in those if not one.has_bytes]
    yield _all("bytes", f"every version that was in {stage} can be brought back", gone, those)


def _all(check: str, text: str, missing: Sequence[str], of: Sequence[Any]) -> Check:
    return Check(check, not missing if of else None, text, list(dict.fromkeys(missing)))


def _at(one: Deployment) -> str:
    return f"{one.span.version} (event {one.span.event.number})"


def _gate(facts: Any) -> Iterator[Gate]:
    if not isinstance(facts, Mapping):
        return
    name, is_open = facts.get("gate"), facts.get("open")
    if isinstance(name, str) and isinstance(is_open, bool):
        yield Gate(name, is_open, facts.get("value"), facts.get("needs"))
