"""What `history` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.domain.events import Event


@dataclass(frozen=True, kw_only=True, eq=False)
class EventListing(Answer):
    """What happened to a model, the oldest first."""

    schema: ClassVar[str] = "mlreg.history/1"
    name: str
    events: Sequence[Event]

    def facts(self) -> dict[str, Any]:
        return {"name": self.name, "events": [event.document() for event in self.events]}
