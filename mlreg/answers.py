"""Owns what the verbs answer: values with names, each with the JSON document that `--json` prints of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from mlreg.domain.compare import Comparison
from mlreg.domain.events import Event
from mlreg.domain.record import FileEntry, ModelVersion
from mlreg.domain.semver import Level
from mlreg.domain.stages import ARCHIVED
from mlreg.domain.state import ModelState, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The base of all answers. `notes` are sentences for people, on what was assumed or is worth a warning."""

    schema: ClassVar[str] = "mlreg.answer/1"
    notes: Sequence[str] = ()
    dry_run: bool = False

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        raise NotImplementedError

    def document(self) -> dict[str, Any]:
        """Returns the whole JSON document."""
        document = {"schema": self.schema, **self.facts()}
        return {**document, "dry_run": True} if self.dry_run else document


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised(Answer):
    """A repository at `path`, new or found."""

    schema: ClassVar[str] = "mlreg.init/1"
    path: str
    id: str
    created: bool

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        return {"path": self.path, "id": self.id, "created": self.created}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered(Answer):
    """A version, new (`created`) or found; `bump` says how its number came about, where it was not stated."""

    schema: ClassVar[str] = "mlreg.register/1"
    name: str
    version: str
    stage: str
    digest: str
    content_digest: str
    created: bool
    level: Level | None = None
    reasons: Sequence[str] = ()
    size_bytes: int = 0

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        return {
            "name": self.name,
            "version": self.version,
            "stage": self.stage,
            "digest": self.digest,
            "content_digest": self.content_digest,
            "created": self.created,
            "bump": {"level": self.level, "reasons": list(self.reasons)} if self.level else None,
            "size_bytes": self.size_bytes,
            "warnings": list(self.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLine:
    """One model of a listing."""

    state: ModelState
    tags: Sequence[str]

    def document(self) -> dict[str, Any]:
        """Returns the model as it stands in the document of `list`."""
        latest = self.state.latest()
        return {
            "name": self.state.spelling,
            "latest": str(latest.version) if latest else None,
            "versions": len(self.state.versions),
            "stages": self.state.holders(),
            "aliases": {},
            "tags": list(self.tags),
            "updated_at": self.state.updated_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Answer):
    """All models, sorted by name."""

    schema: ClassVar[str] = "mlreg.list/1"
    models: Sequence[ModelLine]

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        return {"models": [line.document() for line in self.models]}


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """One version of a listing."""

    standing: Standing
    record: ModelVersion

    def document(self) -> dict[str, Any]:
        """Returns the version as it stands in the document of `list NAME`."""
        standing = self.standing
        return {
            "version": str(standing.version),
            "stage": standing.stage,
            "metrics": shown_metrics(self.record),
            "registered_at": standing.registered.at,
            "registered_by": standing.registered.actor,
            "digest": standing.record,
            "tags": list(standing.tags),
            "deprecated": standing.deprecated.document() if standing.deprecated else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionListing(Answer):
    """All versions of a model, the greatest first."""

    schema: ClassVar[str] = "mlreg.list/1"
    name: str
    versions: Sequence[VersionLine]

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        return {"name": self.name, "versions": [line.document() for line in self.versions]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Info(Answer):
    """All that is known of one version, and where its model stands."""

    schema: ClassVar[str] = "mlreg.info/1"
    state: ModelState
    standing: Standing
    record: ModelVersion
    resolved_by: str
    has_stage: bool

    @property
    def promoted_at(self) -> str | None:
        """When the version came to the stage that it holds; None where it holds none."""
        return self.standing.moved.at if self.has_stage else None

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        standing, record = self.standing, self.record
        return {
            "name": record.name,
            "version": str(standing.version),
            "resolved_by": self.resolved_by,
            "stage": standing.stage,
            "digest": standing.record,
            "content_digest": standing.content,
            "framework": record.framework,
            "type": record.type,
            "metrics": shown_metrics(record),
            "params": dict(record.params),
            "features": list(record.features),
            "signature": dict(record.signature) if record.signature is not None else None,
            "environment": dict(record.captured.get("environment", {})),
            "files": [file_document(entry) for entry in record.files],
            "lineage": dict(record.lineage),
            "tags": list(standing.tags),
            "owner": record.owner,
            "description": record.description,
            "meta": dict(record.meta),
            "registered_at": standing.registered.at,
            "registered_by": standing.registered.actor,
            "promoted_at": self.promoted_at,
            "deprecated": standing.deprecated.document() if standing.deprecated else None,
            "model": {
                "latest": str(latest.version) if (latest := self.state.latest()) else None,
                "stages": self.state.holders(),
                "aliases": {},
                "versions": len(self.state.versions),
            },
            "requirements": list(record.requirements),
            "size_bytes": record.size_bytes,
            "updated_at": max(standing.registered.at, standing.moved.at),
            "promoted_by": standing.moved.actor if self.has_stage else None,
            "replaced_by": standing.replaced_by if standing.stage == ARCHIVED else None,
            "unknown": dict(record.unknown),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted(Answer):
    """A version at its stage; `event` is None where it stood there already, or in a dry run."""

    schema: ClassVar[str] = "mlreg.promote/1"
    name: str
    version: str
    from_stage: str | None
    to_stage: str
    replaced: str | None
    changed: bool
    event: int | None
    at: str | None

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        return {
            "name": self.name,
            "version": self.version,
            "from": self.from_stage,
            "to": self.to_stage,
            "replaced": self.replaced,
            "changed": self.changed,
            "event": self.event,
            "at": self.at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack(Answer):
    """A stage taken back (or forward again) from `left` to `version`; `skipped` are those passed over, and why."""

    schema: ClassVar[str] = "mlreg.rollback/1"
    name: str
    stage: str
    version: str
    left: str | None
    reason: str | None
    changed: bool
    event: int | None
    at: str | None
    skipped: Sequence[Mapping[str, str]] = ()

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        return {
            "name": self.name,
            "stage": self.stage,
            "from": self.left,
            "to": self.version,
            "version": self.version,
            "replaced": self.left,
            "reason": self.reason,
            "event": self.event,
            "at": self.at,
            "changed": self.changed,
            "skipped": [dict(entry) for entry in self.skipped],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed(Answer):
    """One version after a change of its tags, its deprecation or its place in the archive."""

    name: str
    version: str
    changed: bool
    event: int | None
    at: str | None
    verb: str
    now: Mapping[str, Any] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        return {
            "name": self.name,
            "version": self.version,
            **self.now,
            "changed": self.changed,
            "event": self.event,
            "at": self.at,
        }

    def document(self) -> dict[str, Any]:
        """Returns the whole JSON document."""
        document = {"schema": f"mlreg.{self.verb}/1", **self.facts()}
        return {**document, "dry_run": True} if self.dry_run else document


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared(Answer):
    """Versions held against each other."""

    schema: ClassVar[str] = "mlreg.compare/1"
    comparison: Comparison

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        return self.comparison.document()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventListing(Answer):
    """What happened to a model, the oldest first."""

    schema: ClassVar[str] = "mlreg.history/1"
    name: str
    events: Sequence[Event]

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        return {"name": self.name, "events": [event.document() for event in self.events]}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written. `object` is the key of the file."""

    code: str
    object: str
    message: str

    def document(self) -> dict[str, str]:
        """Returns the problem as it stands in the document of `verify`."""
        return {"code": self.code, "object": self.object, "message": self.message}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified(Answer):
    """What was looked at, and what is wrong with it."""

    schema: ClassVar[str] = "mlreg.verify/1"
    checked: Mapping[str, int]
    problems: Sequence[Problem]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        return {
            "ok": self.ok,
            "checked": dict(self.checked),
            "problems": [problem.document() for problem in self.problems],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedOut(Answer):
    """The files of a version, written below `path`."""

    schema: ClassVar[str] = "mlreg.checkout/1"
    name: str
    version: str
    path: str
    files: Sequence[FileEntry]

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        return {
            "name": self.name,
            "version": self.version,
            "path": self.path,
            "files": [file_document(entry) for entry in self.files],
        }


def shown_metrics(record: ModelVersion) -> dict[str, float | int | str]:
    """Returns the metrics of a version as JSON shows them, sorted by name."""
    return {name: metric.shown() for name, metric in sorted(record.metrics.items())}


def file_document(entry: FileEntry) -> dict[str, Any]:
    """Returns one file as JSON shows it."""
    return {
        "path": entry.path,
        "size_bytes": entry.size_bytes,
        "digest": entry.digest,
        "executable": entry.executable,
    }
