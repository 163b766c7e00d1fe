"""What `list NAME` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.domain.listing import VersionLine


@dataclass(frozen=True, kw_only=True, eq=False)
class VersionListing(Answer):
    """All versions of a model, the greatest first."""

    schema: ClassVar[str] = "mlreg.list/1"
    name: str
    versions: Sequence[VersionLine]

    def facts(self) -> dict[str, Any]:
        return {"name": self.name, "versions": [line.document() for line in self.versions]}
