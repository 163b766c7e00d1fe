"""What `list` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.domain.listing import Summary


@dataclass(frozen=True, kw_only=True, eq=False)
class Listing(Answer):
    """All models, sorted by name."""

    schema: ClassVar[str] = "mlreg.list/1"
    models: Sequence[Summary]

    def facts(self) -> dict[str, Any]:
        return {"models": [line.document() for line in self.models]}
