"""What `lineage` answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.domain.lineage import Lineage, Registered


@dataclass(frozen=True, kw_only=True, eq=False)
class Traced(Answer):
    """Where a version comes from and what came of it; `registered` is how it came to be known."""

    schema: ClassVar[str] = "mlreg.lineage/1"
    lineage: Lineage
    registered: Registered

    def facts(self) -> dict[str, Any]:
        return self.lineage.document()
