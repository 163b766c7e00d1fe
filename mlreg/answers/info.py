"""What `info` answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer
from mlreg.answers.noted import noted
from mlreg.domain.stages import ARCHIVED
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlreg.domain.approvals import Approval
    from mlreg.domain.record import ModelVersion
    from mlreg.domain.signatures import stated
    from mlreg.domain.state import ModelState, Standing
else:
    stated = LazyModule("mlreg.domain.signatures.stated")


@dataclass(frozen=True, kw_only=True, eq=False)
class Info(Answer):
    """All that is known of one version, and where its model stands.

    `stored_bytes` is what its files take on the disk, without what they are stored against; None where any is not here.
    `approvals` are those that count, for its stage and those above.
    """

    schema: ClassVar[str] = "mlreg.info/1"
    state: ModelState
    standing: Standing
    record: ModelVersion
    resolved_by: str
    has_stage: bool
    ending: str | None = None
    stored_bytes: int | None = None
    approvals: Sequence[Approval] = ()

    @property
    def promoted_at(self) -> str | None:
        """When the version came to the stage that it holds; None where it holds none."""
        return self.standing.moved.at if self.has_stage else None

    def facts(self) -> dict[str, Any]:
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
            "metrics": record.shown_metrics(),
            "params": dict(record.params),
            "features": list(record.features),
            "signature": None if record.signature is None else stated.shown(record.signature),
            "environment": dict(sorted(record.captured.get("environment", {}).items())),
            "files": [entry.document() for entry in record.files],
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
                "aliases": dict(sorted(self.state.aliases.items())),
                "versions": len(self.state.versions),
            },
            "requirements": list(record.requirements),
            "size_bytes": record.size_bytes,
            "stored_bytes": self.stored_bytes,
            "hold": None if standing.held is None else {"reason": standing.held},
            "dropped": standing.dropped.document() if standing.dropped else None,
            "updated_at": max(standing.registered.at, standing.moved.at),
            "promoted_by": standing.moved.actor if self.has_stage else None,
            "replaced_by": standing.replaced_by if standing.stage == ARCHIVED else None,
            "unknown": dict(record.unknown),
            "notes": [noted(event) for event in standing.notes],
            "approvals": [approval.document() for approval in self.approvals],
            "dataset": dict(record.dataset),
            "git": dict(sorted(record.captured.get("git", {}).items())),
            "run": dict(sorted(record.captured.get("run", {}).items())),
        }
