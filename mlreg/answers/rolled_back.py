"""What `rollback` answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mlreg.answers.base import Answer


@dataclass(frozen=True, kw_only=True, eq=False)
class RolledBack(Answer):
    """A stage taken back (or forward again) from `left` to `version`; `skipped` are those passed over, and why."""

    schema: ClassVar[str] = "mlreg.rollback/1"
    name: str
    stage: str
    version: str
    left: str | None
    reason: str | None
    changed: bool
    event: int | None
    at: str | None
    skipped: Sequence[Mapping[str, str]] = ()

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "stage": self.stage,
            "from": self.left,
            "to": self.version,
            "version": self.version,
            "replaced": self.left,
            "reason": self.reason,
            "event": self.event,
            "at": self.at,
            "changed": self.changed,
            "skipped": [dict(entry) for entry in self.skipped],
        }
