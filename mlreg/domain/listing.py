"""Owns what listings say: of a model, and of a version, without all that is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from mlreg.domain.state import ModelState, Standing


class Summary(NamedTuple):
    """What a listing says of a model after event `head`.

    `tags` are those on any of its versions, `ends` the dates after which holders of stages will not be there.
    """

    name: str
    head: int
    head_digest: str
    latest: str | None
    versions: int
    stages: Mapping[str, str]
    aliases: Mapping[str, str]
    tags: Sequence[str]
    updated_at: str
    ends: Mapping[str, str]

    def document(self) -> dict[str, Any]:
        """Returns the model as it stands in the document of `list`."""
        return {
            "name": self.name,
            "latest": self.latest,
            "versions": self.versions,
            "stages": self.stages,
            "aliases": self.aliases,
            "tags": self.tags,
            "updated_at": self.updated_at,
        }


class Brief(NamedTuple):
    """What the history says of a version: plain values. `record` is the digest of its record, `notes` are texts.

    `held` says why its bytes are never dropped, `dropped` why, when and by whom they were.
    """

    version: str
    stage: str
    registered_at: str
    registered_by: str
    record: str
    tags: Sequence[str]
    deprecated: Mapping[str, Any] | None
    late: Mapping[str, Any]
    notes: Sequence[str]
    held: str | None = None
    dropped: Mapping[str, str] | None = None


class VersionLine(NamedTuple):
    """One version of the model `name` in a listing, with its metrics as they are shown, and how near its end is."""

    name: str
    brief: Brief
    metrics: Mapping[str, Any]
    ending: str | None = None

    @property
    def version(self) -> str:
        """The version as text."""
        return self.brief.version

    def document(self) -> dict[str, Any]:
        """Returns the version as it stands in the document of `list NAME`."""
        brief = self.brief
        return {
            "version": brief.version,
            "stage": brief.stage,
            "metrics": self.metrics,
            "registered_at": brief.registered_at,
            "registered_by": brief.registered_by,
            "digest": brief.record,
            "tags": brief.tags,
            "deprecated": brief.deprecated,
            "dropped": brief.dropped,
        }


def summary_of(state: ModelState) -> Summary:
    """Returns what a listing says of a model that has events."""
    latest = state.latest()
    held = {version: state.versions[version].deprecated for version in state.holders().values()}
    return Summary(
        name=state.spelling,
        head=state.head,
        head_digest=state.head_digest or "",
        latest=str(latest.version) if latest else None,
        versions=len(state.versions),
        stages=state.holders(),
        aliases=dict(sorted(state.aliases.items())),
        tags=sorted(state.tags),
        updated_at=state.updated_at,
        ends={version: gone.end_of_life for version, gone in held.items() if gone and gone.end_of_life},
    )


def briefs_of(state: ModelState) -> list[Brief]:
    """Returns what the history says of each version of a model, the greatest first."""
    versions, unread = state.versions, state.versions.unread()
    names = versions.names_in_order()
    return [Brief(name, *unread[name]) if name in unread else brief_of(versions[name]) for name in names]


def brief_of(standing: Standing) -> Brief:
    """Returns what the history says of the version that stands so."""
    return Brief(
        version=str(standing.version),
        stage=standing.stage,
        registered_at=standing.registered.at,
        registered_by=standing.registered.actor,
        record=standing.record,
        tags=list(standing.tags),
        deprecated=standing.deprecated.document() if standing.deprecated else None,
        late=standing.late,
        notes=[event.effects["note"] for event in standing.notes],
        held=standing.held,
        dropped=standing.dropped.document() if standing.dropped else None,
    )
