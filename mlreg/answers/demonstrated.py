"""What `demo` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from mlreg.answers.base import Answer


class Step(NamedTuple):
    """One command of a demonstration, as typed, with what it printed (empty where it printed to the terminal)."""

    command: str
    exit_code: int
    output: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Demonstrated(Answer):
    """A demonstration in the directory `path`; `kept` where it is still there."""

    schema: ClassVar[str] = "mlreg.demo/1"
    path: str
    kept: bool
    steps: Sequence[Step]

    def facts(self) -> dict[str, Any]:
        return {"path": self.path, "kept": self.kept, "steps": [step._asdict() for step in self.steps]}
