"""Owns what looks and changes nothing: list, info, history, compare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from mlreg.bench import Bench
from mlreg.domain.names import checked_model_name
from mlreg.domain.times import moment_since, timestamp
from mlreg.errors import MlregError, UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import approving, resolve
    from mlreg.answers import compared, found, happened, info, listed, versions
    from mlreg.domain import compare, events, selection, spans
    from mlreg.domain import ending as endings
    from mlreg.domain import query as queries
    from mlreg.domain.events import Event
    from mlreg.domain.listing import Summary, VersionLine
    from mlreg.domain.query import Wishes
    from mlreg.domain.record import ModelVersion
    from mlreg.domain.state import ModelState
else:
    approving = LazyModule("mlreg.approving")
    resolve = LazyModule("mlreg.resolve")
    compared = LazyModule("mlreg.answers.compared")
    found = LazyModule("mlreg.answers.found")
    happened = LazyModule("mlreg.answers.happened")
    info = LazyModule("mlreg.answers.info")
    listed = LazyModule("mlreg.answers.listed")
    versions = LazyModule("mlreg.answers.versions")
    compare = LazyModule("mlreg.domain.compare")
    events = LazyModule("mlreg.domain.events")
    selection = LazyModule("mlreg.domain.selection")
    endings = LazyModule("mlreg.domain.ending")
    queries = LazyModule("mlreg.domain.query")
    spans = LazyModule("mlreg.domain.spans")

_METRICS = "metrics."


def list_models(bench: Bench) -> listed.Listing:
    """Lists all models, sorted by name, with where they stand; those that are damaged are its faults."""
    summaries, faults = bench.repository.overview()
    return listed.Listing(models=summaries, notes=_ends(bench, summaries), faults=faults)


def list_versions(bench: Bench, name: str) -> versions.VersionListing:
    """Lists the versions of a model, the greatest first."""
    state = bench.state(checked_model_name(name))
    return versions.VersionListing(name=state.spelling, versions=bench.lines(state))


def find_versions(bench: Bench, name: str | None, wishes: Wishes, *, ending: bool) -> found.Found:
    """Finds the versions that are as wished, in that order; `ending`: of them those whose end is near or past.

    These stand in the order of their ends where no other is wished for.
    """
    stage = wishes.get("stage")
    known: Wishes = {**wishes, "stage": bench.stages.parse(stage)} if stage else wishes
    query = queries.Query.parse(model=None if name is None else checked_model_name(name), **known)
    lines, faults = bench.search(replace(query, limit=None) if ending else query)
    if ending:
        near = [line for line in lines if line.ending]
        lines = (near if query.sort else sorted(near, key=_end))[: query.limit]
    return found.Found(
        name=query.model,
        versions=lines,
        today=bench.journal.today(),
        faults=faults,
        metrics_asked=[path.removeprefix(_METRICS) for path in query.paths if path.startswith(_METRICS)],
    )


def tell_all(bench: Bench, name: str, version: str | None) -> info.Info:
    """Tells all of the version that `name` and `version`, or the reference `name`, mean."""
    found = resolve.find_shown(bench, resolve.joined_ref(name, version, bench.stages))
    record = bench.record(found.state, found.standing)
    is_judged = found.version in found.state.said
    approvals, notes = approving.standing_for(bench, found.state, found.standing) if is_judged else ([], [])
    return info.Info(
        state=found.state,
        standing=found.standing,
        record=record,
        stored_bytes=_stored_bytes(bench, record),
        resolved_by=found.by,
        has_stage=found.state.holder(found.standing.stage) == found.version,
        ending=bench.ending(found.standing.deprecated),
        approvals=approvals,
        notes=[*found.notes, *notes],
    )


def tell_history(
    bench: Bench, name: str, *, since: str | None, kinds: Sequence[str], limit: int | None
) -> happened.EventListing:
    """Tells what happened to a model, the oldest first; of many the newest `limit`."""
    moment = None if since is None else moment_since(since, bench.journal.now())
    state = bench.state(checked_model_name(name))
    return happened.EventListing(
        name=state.spelling, events=_chosen(bench, state, since=moment, kinds=kinds, limit=limit)
    )


def tell_tenures(
    bench: Bench, name: str, *, stage: str | None, since: str | None, limit: int | None
) -> happened.Timeline:
    """Tells who held a stage of a model from when to when, the oldest first; of many the newest `limit`."""
    now = bench.journal.now()
    moment = None if since is None else moment_since(since, now)
    most = selection.checked_limit(limit)
    seat = bench.stages.parse_held(stage) if stage else bench.stages.top
    state = bench.state(checked_model_name(name))
    held = [span for span in spans.spans(state.seat(seat)) if not (moment and span.until and span.until <= moment)]
    shown = held if most is None else held[-most:]
    return happened.Timeline(
        name=state.spelling,
        events=[span.event for span in shown],
        stage=seat,
        tenures=shown,
        since=moment,
        now=timestamp(now),
    )


def hold_against(bench: Bench, references: Sequence[str]) -> compared.Compared:
    """Holds versions against the first of them; the references may be of several models."""
    if len(references) < 2:
        raise UsageError("two versions are compared", hint="write `mlreg compare NAME A B`")
    found = [resolve.find_shown(bench, resolve.joined_ref(text, None, bench.stages)) for text in references]
    labels = [one.version for one in found]
    if len({one.name for one in found}) > 1 or len(set(labels)) < len(labels):
        labels = [f"{one.name}@{one.version}" for one in found]
    records = [bench.record(one.state, one.standing) for one in found]
    comparison = compare.compare(list(zip(labels, records, strict=True)), directions=bench.config.directions)
    notes = [note for one in found for note in (*one.notes, *bench.end_notes(one.state, [one.standing]))]
    return compared.Compared(comparison=comparison, notes=notes)


def _stored_bytes(bench: Bench, record: ModelVersion) -> int | None:
    """Returns what the files of a version take on the disk; None where one is not here, or cannot be looked at."""
    try:
        kept = [bench.repository.blobs.stored(digest) for digest in {entry.digest for entry in record.files}]
    except (MlregError, OSError):
        return None
    return sum(one.stored_bytes for one in kept if one) if all(kept) else None


def _chosen(
    bench: Bench, state: ModelState, *, since: str | None, kinds: Sequence[str], limit: int | None
) -> list[Event]:
    """Returns the events that are wanted; of the newest of a long history only these are read."""
    history = bench.repository.history
    if selection.checked_limit(limit) is None or since is not None or not {*kinds} <= {*events.KINDS}:
        return selection.chosen(history.events(state.spelling), since=since, kinds=kinds, limit=limit)
    wanted = (event for event in history.backwards(state) if not kinds or event.kind in kinds)
    return [*islice(wanted, limit)][::-1]


def _ends(bench: Bench, summaries: Iterable[Summary]) -> list[str]:
    ending = [summary for summary in summaries if summary.ends]
    if not ending:
        return []
    today = bench.journal.today()
    return [note for summary in ending for note in endings.holder_notes(summary, today)]


def _end(line: VersionLine) -> str:
    return (line.brief.deprecated or {}).get("end_of_life") or ""
