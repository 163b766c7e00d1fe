"""Owns the record: the facts of one version, written once.

A record holds what was *stated* (by whoever registered), the digests of the files, and what was *captured* (the
environment). Who and when are of the event. Two registrations are the same when what was stated and the files are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from mlreg.domain.metric import Metric
from mlreg.domain.semver import Version
from mlreg.errors import IntegrityError, UsageError

RECORD_FORMAT = 1
LINEAGE_KEYS = ("parent", "variant_of", "data", "feature_set", "experiment", "increment", "depends_on")
DATASET_KEYS = ("version", "rows", "size_bytes", "digest")
_OWN_KEYS = frozenset(
    {
        "format", "model", "version", "framework", "type", "owner", "description", "tags", "metrics", "params",
        "features", "signature", "requirements", "lineage", "dataset", "meta", "files", "captured",
    }
)  # fmt: skip


class FileEntry(NamedTuple):
    """One file of a version: `path` relative with `/`, `digest` `sha256:…` of its bytes.

    `role` says what the file is to the version, where that was stated: `model`, `scaler`, `tokenizer`, `config` …
    """

    path: str
    digest: str
    size_bytes: int
    executable: bool = False
    role: str | None = None

    def facts(self) -> dict[str, Any]:
        """Returns the entry as it stands in a record; `executable` and `role` only where it is and has one."""
        facts: dict[str, Any] = {"path": self.path, "digest": self.digest, "size_bytes": self.size_bytes}
        if self.executable:
            facts["executable"] = True
        return {**facts, "role": self.role} if self.role else facts

    def document(self) -> dict[str, Any]:
        """Returns the entry as JSON shows it."""
        return {
            "path": self.path,
            "size_bytes": self.size_bytes,
            "digest": self.digest,
            "executable": self.executable,
            "role": self.role,
        }


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """The facts of one version of a model.

    `files` is sorted by path. `lineage` has some of `LINEAGE_KEYS`, each a text but `depends_on`, a list
    of versions as `model@version`; `dataset` has some of `DATASET_KEYS`.
    `signature` is what was declared, `None` where nothing was. `unknown` keeps the fields of a newer mlreg.
    """

    name: str
    version: Version
    files: Sequence[FileEntry] = ()
    framework: str | None = None
    type: str | None = None
    owner: str | None = None
    description: str | None = None
    tags: Sequence[str] = ()
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    features: Sequence[str] = ()
    signature: Mapping[str, Any] | None = None
    requirements: Sequence[str] = ()
    lineage: Mapping[str, Any] = field(default_factory=dict)
    dataset: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    captured: Mapping[str, Any] = field(default_factory=dict)
    unknown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """The size of all files together."""
        return sum(entry.size_bytes for entry in self.files)

    def shown_metrics(self) -> dict[str, float | int | str]:
        """Returns the metrics as JSON shows them, sorted by name."""
        return {name: metric.shown() for name, metric in sorted(self.metrics.items())}

    def stated(self) -> dict[str, Any]:
        """Returns what was stated and the files, without name and version: what makes two registrations the same."""
        facts: dict[str, Any] = {
            "framework": self.framework,
            "type": self.type,
            "owner": self.owner,
            "description": self.description,
            "tags": sorted(self.tags),
            "metrics": {name: metric.stated() for name, metric in sorted(self.metrics.items())},
            "params": dict(self.params),
            "features": list(self.features),
            "signature": self.signature,
            "requirements": list(self.requirements),
            "lineage": {key: self.lineage[key] for key in LINEAGE_KEYS if key in self.lineage},
            "dataset": dict(self.dataset),
            "meta": dict(self.meta),
            "files": [entry.facts() for entry in self.files],
        }
        return {key: value for key, value in facts.items() if value not in (None, [], {})}

    def facts(self) -> dict[str, Any]:
        """Returns the whole record as JSON-compatible values, in the order in which a person reads it."""
        facts = {"format": RECORD_FORMAT, "model": self.name, "version": str(self.version), **self.stated()}
        if self.captured:
            facts["captured"] = dict(self.captured)
        return {**facts, **self.unknown}

    def manifest(self) -> list[dict[str, Any]]:
        """Returns the files as the value whose digest is the version's `content_digest`."""
        return [entry.facts() for entry in self.files]


def version_from_facts(facts: Any, *, source: str) -> ModelVersion:
    """Returns the version that `facts`, the values of a record, tells of; `source` names the record in errors.

    Raises:
        IntegrityError: A field that every record has is missing or of another type.
    """
    try:
        return ModelVersion(
            name=_text(facts["model"]),
            version=Version.parse(_text(facts["version"])),
            files=_files(facts.get("files", [])),
            framework=_optional_text(facts.get("framework")),
            type=_optional_text(facts.get("type")),
            owner=_optional_text(facts.get("owner")),
            description=_optional_text(facts.get("description")),
            tags=_texts(facts.get("tags", [])),
            metrics={
                str(name): Metric.parse(str(name), raw) for name, raw in _mapping(facts.get("metrics", {})).items()
            },
            params=_mapping(facts.get("params", {})),
            features=_texts(facts.get("features", [])),
            signature=None if facts.get("signature") is None else _mapping(facts["signature"]),
            requirements=_texts(facts.get("requirements", [])),
            lineage=_lineage(_mapping(facts.get("lineage", {}))),
            dataset=_mapping(facts.get("dataset", {})),
            meta=_mapping(facts.get("meta", {})),
            captured=_mapping(facts.get("captured", {})),
            unknown={key: value for key, value in facts.items() if key not in _OWN_KEYS},
        )
    except (KeyError, TypeError, AttributeError, UsageError) as error:
        raise IntegrityError(
            f"the record {source} is not one that mlreg wrote: {error}", hint="look at `mlreg verify`"
        ) from error


def with_late_facts(version: ModelVersion, late: Mapping[str, Any]) -> ModelVersion:
    """Returns `version` with the facts that were stated after its registration."""
    if not late:
        return version
    metrics = {name: Metric.parse(name, raw) for name, raw in late.get("metrics", {}).items()}
    return replace(
        version,
        description=late.get("description", version.description),
        owner=late.get("owner", version.owner),
        signature=late.get("signature", version.signature),
        metrics={**version.metrics, **metrics},
        meta={**version.meta, **late.get("meta", {})},
    )


def differing_facts(one: ModelVersion, other: ModelVersion) -> list[str]:
    """Returns the names of the stated facts in which two versions differ, `files` included.

    A metric is its number and its unit, however they are written.
    """
    left, right = (
        {**version.stated(), "metrics": {name: metric.meant() for name, metric in version.metrics.items()}}
        for version in (one, other)
    )
    return [key for key in sorted(left.keys() | right.keys()) if _spelled(left.get(key)) != _spelled(right.get(key))]


def _spelled(facts: Any) -> str:
    # True == 1 and 1 == 1.0, but who stated one of them as a parameter did not state the other
    return json.dumps(facts, sort_keys=True)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _optional_text(value: Any) -> str | None:
    return None if value is None else _text(value)


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise TypeError(f"{values!r} is not a list")
    return tuple(_text(value) for value in values)


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not a mapping")
    return value


def _lineage(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: list(_texts(value)) if key == "depends_on" else _text(value) for key, value in values.items()}


def _files(values: Iterable[Any]) -> tuple[FileEntry, ...]:
    return tuple(
        FileEntry(
            path=_text(entry["path"]),
            digest=_text(entry["digest"]),
            size_bytes=int(entry["size_bytes"]),
            executable=bool(entry.get("executable", False)),
            role=_optional_text(entry.get("role")),
        )
        for entry in values
    )
