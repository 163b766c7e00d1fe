"""Owns what looks and changes nothing: list, info, history, compare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlreg.bench import Bench
from mlreg.domain.names import checked_model_name
from mlreg.domain.state import ModelState
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import resolve
    from mlreg.answers import compared, happened, info, listed, versions
    from mlreg.domain import compare
else:
    resolve = LazyModule("mlreg.resolve")
    compared = LazyModule("mlreg.answers.compared")
    happened = LazyModule("mlreg.answers.happened")
    info = LazyModule("mlreg.answers.info")
    listed = LazyModule("mlreg.answers.listed")
    versions = LazyModule("mlreg.answers.versions")
    compare = LazyModule("mlreg.domain.compare")


def list_models(bench: Bench) -> listed.Listing:
    """Lists all models, sorted by name, with where they stand."""
    history = bench.repository.history
    states = [history.state(model) for model in history.models()]
    lines = [listed.ModelLine(state=state, tags=_tags_of(state)) for state in states if state.head]
    return listed.Listing(models=sorted(lines, key=lambda line: line.state.spelling.lower()))


def list_versions(bench: Bench, name: str) -> versions.VersionListing:
    """Lists the versions of a model, the greatest first."""
    state = bench.state(checked_model_name(name))
    lines = [
        versions.VersionLine(standing=standing, record=bench.record(state, standing)) for standing in state.in_order()
    ]
    return versions.VersionListing(name=state.spelling, versions=lines)


def tell_all(bench: Bench, name: str, version: str | None) -> info.Info:
    """Tells all of the version that `name` and `version`, or the reference `name`, mean."""
    found = resolve.find_shown(bench, resolve.joined_ref(name, version, bench.stages))
    return info.Info(
        state=found.state,
        standing=found.standing,
        record=bench.record(found.state, found.standing),
        resolved_by=found.by,
        has_stage=found.state.holder(found.standing.stage) == found.version,
        notes=found.notes,
    )


def tell_history(bench: Bench, name: str) -> happened.EventListing:
    """Tells what happened to a model, the oldest first."""
    state = bench.state(checked_model_name(name))
    return happened.EventListing(name=state.spelling, events=list(bench.repository.history.events(name)))


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
    return compared.Compared(comparison=comparison, notes=[note for one in found for note in one.notes])


def _tags_of(state: ModelState) -> list[str]:
    return sorted({tag for standing in state.versions.values() for tag in standing.tags})
