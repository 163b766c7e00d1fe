"""What `list` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.domain.state import ModelState


@dataclass(frozen=True, kw_only=True, eq=False)
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Listing(Answer):
    """All models, sorted by name."""

    schema: ClassVar[str] = "mlreg.list/1"
    models: Sequence[ModelLine]

    def facts(self) -> dict[str, Any]:
        return {"models": [line.document() for line in self.models]}
