"""What `list NAME` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.domain.record import ModelVersion
    from mlreg.domain.state import Standing


@dataclass(frozen=True, kw_only=True, eq=False)
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
            "metrics": self.record.shown_metrics(),
            "registered_at": standing.registered.at,
            "registered_by": standing.registered.actor,
            "digest": standing.record,
            "tags": list(standing.tags),
            "deprecated": standing.deprecated.document() if standing.deprecated else None,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class VersionListing(Answer):
    """All versions of a model, the greatest first."""

    schema: ClassVar[str] = "mlreg.list/1"
    name: str
    versions: Sequence[VersionLine]

    def facts(self) -> dict[str, Any]:
        return {"name": self.name, "versions": [line.document() for line in self.versions]}
