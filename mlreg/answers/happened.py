"""What `history` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.domain.events import Event
    from mlreg.domain.spans import Span


@dataclass(frozen=True, kw_only=True, eq=False)
class EventListing(Answer):
    """What happened to a model, the oldest first."""

    schema: ClassVar[str] = "mlreg.history/1"
    name: str
    events: Sequence[Event]

    def facts(self) -> dict[str, Any]:
        return {"name": self.name, "events": [event.document() for event in self.events]}


@dataclass(frozen=True, kw_only=True, eq=False)
class Timeline(EventListing):
    """Who held a stage of a model from when to when, the oldest first; `events` are those that began it.

    `since` is where it begins, `now` where it ends.
    """

    stage: str
    tenures: Sequence[Span]
    since: str | None
    now: str

    def facts(self) -> dict[str, Any]:
        return {**super().facts(), "stage": self.stage, "tenures": [span.document() for span in self.tenures]}
