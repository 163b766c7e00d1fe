"""What documents show of a note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlreg.domain.events import Event


def noted(event: Event) -> dict[str, Any]:
    """Returns the note that `event` added, and who said it when."""
    return {"text": event.effects["note"], "at": event.at, "by": event.actor, "event": event.number}
