"""What `compare` answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.domain.compare import Comparison


@dataclass(frozen=True, kw_only=True, eq=False)
class Compared(Answer):
    """Versions held against each other."""

    schema: ClassVar[str] = "mlreg.compare/1"
    comparison: Comparison

    def facts(self) -> dict[str, Any]:
        return self.comparison.document()
