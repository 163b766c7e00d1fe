"""What `signature` and `validate` answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.domain.semver import Level
    from mlreg.domain.signatures.changes import Change
    from mlreg.domain.signatures.checking import Checked
    from mlreg.domain.signatures.model import Signature


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown(Answer):
    """The signature of a version; None where it declares none."""

    schema: ClassVar[str] = "mlreg.signature/1"
    name: str
    version: str
    signature: Signature | None
    stated: Mapping[str, Any] | None
    features: Sequence[str] = ()

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "signature": self.signature.written() if self.signature else self.stated,
            "fields": self.signature.facts() if self.signature else None,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Held(Answer):
    """Two signatures held against each other: what changed, and the level that it asks for."""

    schema: ClassVar[str] = "mlreg.signature-check/1"
    old: str
    new: str
    compatible: bool
    bump: Level
    changes: Sequence[Change]

    def facts(self) -> dict[str, Any]:
        return {
            "old": self.old,
            "new": self.new,
            "compatible": self.compatible,
            "bump": self.bump,
            "changes": [change.document() for change in self.changes],
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Inferred(Answer):
    """The signature that data, or the file of a model, say they have."""

    schema: ClassVar[str] = "mlreg.signature-infer/1"
    signature: Signature
    sources: Sequence[str]
    path: str | None = None

    def facts(self) -> dict[str, Any]:
        return {
            "sources": list(self.sources),
            "signature": self.signature.written(),
            "path": self.path,
            "warnings": list(self.notes),
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class SignatureSet(Answer):
    """A version whose signature was declared late."""

    schema: ClassVar[str] = "mlreg.signature-set/1"
    name: str
    version: str
    signature: Signature
    changed: bool
    event: int | None
    at: str | None

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "signature": self.signature.written(),
            "changed": self.changed,
            "event": self.event,
            "at": self.at,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Validated(Answer):
    """A table held against a signature: how many rows, and what is wrong with which."""

    schema: ClassVar[str] = "mlreg.validate/1"
    source: str
    data: str
    checked: Checked

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.checked.counts

    def facts(self) -> dict[str, Any]:
        return {
            "valid": self.ok,
            "signature": self.source,
            "data": self.data,
            "rows": self.checked.rows,
            "error_count": self.checked.counts.total(),
            "counts": dict(sorted(self.checked.counts.items())),
            "errors": [finding.document() for finding in self.checked.findings],
        }
