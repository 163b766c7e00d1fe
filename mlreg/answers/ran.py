"""What `run` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mlreg.answers.base import Answer
from mlreg.answers.registered import Registered


@dataclass(frozen=True, kw_only=True, eq=False)
class Ran(Answer):
    """A command that ended well after `duration_s` seconds, and the versions that came of it."""

    schema: ClassVar[str] = "mlreg.run/1"
    command: Sequence[str]
    duration_s: float
    registered: Sequence[Registered]

    def facts(self) -> dict[str, Any]:
        return {
            "command": list(self.command),
            "exit_code": 0,
            "duration_s": self.duration_s,
            "registered": [version.facts() for version in self.registered],
            "warnings": list(self.notes),
        }
