"""What `promote` answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mlreg.answers.base import Answer


@dataclass(frozen=True, kw_only=True, eq=False)
class Promoted(Answer):
    """A version at its stage; `event` is None where it stood there already, or in a dry run."""

    schema: ClassVar[str] = "mlreg.promote/1"
    name: str
    version: str
    from_stage: str | None
    to_stage: str
    replaced: str | None
    changed: bool
    event: int | None
    at: str | None

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "from": self.from_stage,
            "to": self.to_stage,
            "replaced": self.replaced,
            "changed": self.changed,
            "event": self.event,
            "at": self.at,
        }
