"""Owns audits: gathers what the events and records of a model say of a period, and writes the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mlreg.adapters import load
from mlreg.adapters.surroundings import files
from mlreg.answers.audited import Audited
from mlreg.bench import Bench
from mlreg.domain import approvals, audit, state
from mlreg.domain.approvals import Approval, Trust
from mlreg.domain.audit import Audit, Check, Deployment, Period, Subject
from mlreg.domain.directions import direction_of
from mlreg.domain.events import APPROVED, ROLLED_BACK, Event
from mlreg.domain.names import checked_model_name
from mlreg.domain.record import with_late_facts
from mlreg.domain.state import ModelState, Standing
from mlreg.domain.times import moment_of, moment_since, timestamp
from mlreg.errors import MissingError, NotFoundError, UsageError
from mlreg.trusting import PathLike, SshNotary, trust_of

_SIGNATURES = "signatures were not checked"


class _Court(NamedTuple):
    """Judges what was said of versions: whose word counts, at which moment."""

    repository: str
    trust: Trust
    notary: SshNotary
    now: str

    def hear(self, model: str, standing: Standing, told: Sequence[Event], at: str | None = None) -> list[Approval]:
        """Returns what was said of a version, in order, as it counts now, or at a moment of the past."""
        if not any("approval" in event.effects for event in told):
            return []
        subject = approvals.Subject(self.repository, model, str(standing.version), standing.record, None)
        return approvals.standing(told, subject, self.trust, self.notary, at or self.now).in_order


def tell(
    bench: Bench, name: str, *, since: str | None, until: str | None, format: str, file: PathLike | None, dry_run: bool
) -> Audited:
    """Makes the report on a model and writes it to `file`, in place of what is there.

    Raises:
        NotFoundError: There is no such model, or not yet in that period.
        UsageError: There is no such format, or the period ends before it begins.
        IntegrityError: An event or a record is damaged: there is no report on what nobody can be sure of.
    """
    render = load("audits", format).render
    found, notes = _audit(bench, name, since=since, until=until)
    text = render(found)
    if file is not None and not dry_run:
        files.write(Path(file), text.encode())
    return Audited(
        audit=found, format=format, text=text, file=None if file is None else str(file), notes=notes, dry_run=dry_run
    )


def _audit(bench: Bench, name: str, *, since: str | None, until: str | None) -> tuple[Audit, list[str]]:
    now = bench.journal.now()
    model = bench.state(checked_model_name(name)).spelling
    period = _period(since, until, timestamp(now), moment_since(since, now) if since else "")
    events = list(_up_to(period.until, bench.repository.history.events(model)))
    if not events:
        raise NotFoundError(
            f"{model} was not there yet at {period.until}", hint=f"see when it began with `mlreg history {model}`"
        )
    period = period._replace(since=period.since or min(event.at for event in events))
    ended = state.fold(events)
    repository = bench.repository.id()
    court, notes = _court(bench, repository, events, min(period.until, timestamp(now)))
    told = _stories(events)
    held = [
        _backed(one, ended, told[one.span.version], court) for one in audit.deployments(ended, period, bench.stages)
    ]
    chosen = {one.span.version for one in held}
    subjects = [
        _subject(bench, ended, standing, told[str(standing.version)], court)
        for standing in ended.in_order()
        if str(standing.version) in chosen or period.holds(standing.registered.at)
    ]
    within = [event for event in events if period.holds(event.at)]
    metrics = audit.stated_metrics(subjects, events, period)
    found = Audit(
        name=model,
        repository=repository,
        period=period,
        at=timestamp(now),
        head=(ended.head, ended.head_digest or ""),
        stages=bench.stages,
        deployments=held,
        moves=audit.moves(within, bench.stages),
        subjects=subjects,
        metrics=metrics,
        directions={
            name: direction_of(name, stated=points[-1].metric.direction, configured=bench.config.directions)
            for name, points in metrics.items()
        },
        checks=[_whole(ended), *audit.checks(held, subjects, bench.stages)],
        trust=_trust(court, notes),
    )
    return found, notes


def _period(since: str | None, until: str | None, now: str, begin: str) -> Period:
    end = moment_of(until) if until else now
    if begin > end:
        hint = "swap `--from` and `--to`" if until else "say with `--from` a time that is over"
        raise UsageError(f"it ends before it begins: {since} to {until or 'now'}", hint=hint)
    return Period(begin, end)


def _up_to(end: str, events: Iterable[Event]) -> Iterator[Event]:
    """Yields the events up to the first after which it is later than `end`: clocks go backwards, histories do not."""
    moment = ""
    for event in events:
        moment = max(moment, event.at)
        if moment > end:
            return
        yield event


def _court(bench: Bench, repository: str, events: Sequence[Event], now: str) -> tuple[_Court | None, list[str]]:
    """Returns who judges what was said; None where nothing was, or `ssh-keygen` is missing: then a note says so."""
    if not any("approval" in event.effects for event in events):
        return None, []
    try:
        notary = SshNotary()
        return _Court(repository, trust_of(bench, notary), notary, now), []
    except MissingError as error:
        return None, [f"{_SIGNATURES}: {error.message}"]


def _trust(court: _Court | None, notes: Sequence[str]) -> str:
    if court is None:
        return notes[0] if notes else "nothing is signed"
    if court.trust.obstacle:
        return court.trust.obstacle[1]
    if court.trust.takes_unsigned:
        return "unsigned"
    return "anchored" if court.trust.is_anchored else "unanchored"


def _subject(
    bench: Bench, ended: ModelState, standing: Standing, told: Sequence[Event], court: _Court | None
) -> Subject:
    written = bench.written(ended, standing)
    return Subject(
        standing=standing,
        record=with_late_facts(written, standing.late),
        written=written,
        approvals=court.hear(ended.spelling, standing, told) if court else _unheard(told),
        has_bytes=standing.dropped is None and bench.repository.blobs.has_all(written.files),
    )


def _stories(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Returns by version the events that are about it, or by which another took its place."""
    found: dict[str, list[Event]] = {}
    for event in events:
        for version in {event.version, event.effects.get("replaced")} - {None}:
            found.setdefault(str(version), []).append(event)
    return found


def _backed(one: Deployment, ended: ModelState, told: Sequence[Event], court: _Court | None) -> Deployment:
    """Returns a deployment with the approvals that counted when it began: what came later is no ground for it."""
    move = one.span.event
    if court is None or move.kind == ROLLED_BACK:
        return one
    before = [event for event in told if event.number < move.number]
    heard = court.hear(ended.spelling, ended.versions[one.span.version], before, at=move.at)
    backing = [said for said in heard if said.refusal is None and (said.decision, said.stage) == ("approve", one.stage)]
    return one._replace(backing=backing)


def _unheard(told: Iterable[Event]) -> list[Approval]:
    """Returns what was said of a version, none of which counts: nobody has checked the signatures."""
    refusal = approvals.Refusal("unchecked", _SIGNATURES)
    return [
        Approval(
            event=event.number,
            decision="approve" if event.kind == APPROVED else "reject",
            approver=event.actor,
            stage=str(event.effects["approval"].get("stage")),
            at=event.at,
            expires=event.effects["approval"].get("expires"),
            comment=event.reason,
            key=event.effects["approval"].get("key"),
            refusal=refusal,
        )
        for event in told
        if isinstance(event.effects.get("approval"), dict)
    ]


def _whole(ended: ModelState) -> Check:
    events = "1 event" if ended.head == 1 else f"{ended.head} events, each with the digest of the one before"
    return Check("history", True, f"the history is whole: {events}")
