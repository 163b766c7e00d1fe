"""Owns what an audit tells, whatever its form: facts at its head, and sections, each a table of plain texts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mlreg.domain.audit import Audit, Check, Deployment, Move
from mlreg.domain.events import ROLLED_BACK

YES, NO, UNKNOWN = "yes", "no", "nothing to say"
_REFUSED = {
    "lapsed": "from before a rollback or a change",
    "own-version": "by who registered the version",
    "said-again": "said again later",
}
_DAY = 10
_MINUTE = 16


class Section(NamedTuple):
    """A table: what it is called, what it says of itself, its columns and rows; `empty` where it has no rows."""

    title: str
    about: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    empty: str


def facts(audit: Audit) -> list[tuple[str, str]]:
    """Returns what stands at the head of a report."""
    top = audit.at_stage(audit.stages.top)
    holder = top[-1].span.version if top and top[-1].span.until is None else "nobody"
    return [
        ("period", f"{moment(audit.period.since)} to {moment(audit.period.until)} (UTC)"),
        (f"in {audit.stages.top} at its end", holder),
        ("deployments", str(len(audit.deployments))),
        ("approvals", approvals(audit)),
        ("forced moves", str(len(audit.forced))),
        ("signatures", audit.trust),
        ("repository", audit.repository),
        ("last event", f"{audit.head[0]}, {audit.head[1]}"),
        ("made at", f"{moment(audit.at)} (UTC)"),
    ]


def approvals(audit: Audit) -> str:
    """Returns how many approvals and rejections are valid, and what is wrong with the others."""
    refused = Counter(one.refusal.code for _, one in audit.approvals if one.refusal is not None)
    if not audit.approvals:
        return "none"
    valid = f"{len(audit.approvals) - refused.total()} of {len(audit.approvals)} valid"
    others = ", ".join(f"{count} {_REFUSED.get(code, code.replace('-', ' '))}" for code, count in refused.items())
    return f"{valid}; {others}" if others else valid


def sections(audit: Audit) -> list[Section]:
    """Returns the tables of a report, in order."""
    return [
        Section(
            "Compliance checkpoints",
            f"What auditors ask, of {audit.stages.top}, as the events and records answer it.",
            ("Checkpoint", "Answer", "What speaks against it"),
            [(check.text, answer(check), ", ".join(check.missing)) for check in audit.checks],
            "",
        ),
        Section(
            "Deployments",
            "Which version held which stage, from when to when (UTC), who put it there, whose approval was valid then.",
            ("Stage", "Version", "From", "To", "How", "By", "Approved by", "Reason", "Event"),
            [_deployment(one) for one in audit.deployments],
            "Nothing was deployed in this period.",
        ),
        Section(
            "Approvals",
            "Who said that a version may go to a stage. Valid is the last word of a person who did not register the "
            "version, signed with a key known here, not expired, and not from before a rollback.",
            ("Version", "For", "Decision", "By", "Key", "At", "Comment", "Valid"),
            list(_approvals(audit)),
            "Nobody approved or rejected a version.",
        ),
        Section(
            "Gates",
            "The conditions under which versions were moved, with their values, as the events state them.",
            ("Version", "To", "Gate", "Open", "Value", "Needs", "Policy", "Event"),
            list(_gates(audit)),
            "No event states a gate: no policy was asked.",
        ),
        Section(
            "Forced moves",
            "Moves that somebody insisted on against a rule.",
            ("Version", "To", "At", "By", "Reason", "Event"),
            [
                (
                    _text(one.event.version),
                    _text(one.stage),
                    moment(one.event.at),
                    one.event.actor,
                    _text(one.event.reason),
                    str(one.event.number),
                )
                for one in audit.forced
            ],
            "Nothing was forced.",
        ),
        Section(
            "Metrics",
            "What was stated of the versions, and when; what was stated after the registration is marked.",
            ("Metric", "Version", "Value", "At", "By", "When"),
            [
                (
                    name,
                    point.version,
                    _text(point.metric.shown()),
                    moment(point.at),
                    point.by,
                    "later" if point.late else "registered",
                )
                for name, points in audit.metrics.items()
                for point in points
            ],
            "No version states a metric.",
        ),
        Section(
            "Data sources",
            "What the versions were made of, as they state it.",
            ("Version", "Data", "Data set", "Features", "Experiment", "Made from", "Commit"),
            [_sources(one.version, one.sources()) for one in audit.subjects],
            "There is no version in this period.",
        ),
        Section(
            "Versions",
            "The versions of this report: where each stood at its end, who registered it, the digest of its record.",
            ("Version", "Stage", "Registered", "By", "Owner", "Record", "Files"),
            [
                (
                    one.version,
                    one.standing.stage,
                    moment(one.standing.registered.at),
                    one.standing.registered.actor,
                    _text(one.record.owner),
                    one.standing.record,
                    "here" if one.has_bytes else "not here",
                )
                for one in audit.subjects
            ],
            "There is no version in this period.",
        ),
        Section(
            "Events",
            "Every move in this period.",
            ("Event", "At", "What", "Version", "To", "By", "Reason"),
            [_move(one) for one in audit.moves],
            "Nothing moved in this period.",
        ),
    ]


def answer(check: Check) -> str:
    """Returns the answer to a question as a word."""
    return UNKNOWN if check.answer is None else YES if check.answer else NO


def moment(at: str | None) -> str:
    """Returns a timestamp as people read it: to the minute; None is how what has not ended ends."""
    return "still" if at is None else f"{at[:_DAY]} {at[_DAY + 1 : _MINUTE]}"


def line(text: str) -> str:
    """Returns `text` as one line of characters that can be seen: others are spelled out."""
    plain = " ".join(text.split())
    if plain.isprintable():
        return plain
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in plain)


def number(value: float | str) -> str:
    """Returns a metric's value in at most six digits."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def how(one: Deployment) -> str:
    """Returns in words how a deployment came about."""
    kind = "rolled back to" if one.span.event.kind == ROLLED_BACK else one.span.event.kind
    return f"{kind}, forced" if one.move.is_forced else kind


def _deployment(one: Deployment) -> Sequence[str]:
    span = one.span
    approvers = ", ".join(dict.fromkeys(said.approver for said in one.backing))
    return (
        one.stage, span.version, moment(span.since), moment(span.until), how(one), span.event.actor, approvers,
        _text(span.event.reason), str(span.event.number),
    )  # fmt: skip


def _approvals(audit: Audit) -> Iterator[Sequence[str]]:
    for version, one in audit.approvals:
        valid = YES if one.refusal is None else f"{NO}: {one.refusal.why}"
        key = one.key or "unsigned"
        yield version, one.stage, one.decision, one.approver, key, moment(one.at), _text(one.comment), valid


def _gates(audit: Audit) -> Iterator[Sequence[str]]:
    for move in audit.moves:
        for gate in move.gates:
            yield (
                _text(move.event.version), _text(move.stage), gate.gate, YES if gate.is_open else NO,
                _text(gate.value), _text(gate.needs), _text(move.policy), str(move.event.number),
            )  # fmt: skip


def _sources(version: str, stated: Mapping[str, Any]) -> Sequence[str]:
    dataset = stated.get("dataset", {})
    about = ", ".join(f"{name} {_text(value)}" for name, value in dataset.items())
    made = [stated.get("parent"), stated.get("variant_of"), *stated.get("depends_on", ())]
    return (
        version, _text(stated.get("data")), about, _text(stated.get("feature_set")), _text(stated.get("experiment")),
        ", ".join(filter(None, made)), _text(stated.get("commit")),
    )  # fmt: skip


def _move(one: Move) -> Sequence[str]:
    event = one.event
    kind = f"{event.kind}, forced" if one.is_forced else event.kind
    return (
        str(event.number), moment(event.at), kind, _text(event.version), _text(one.stage), event.actor,
        _text(event.reason),
    )  # fmt: skip


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
