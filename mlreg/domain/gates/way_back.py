"""Owns the gate on the way back: the version that a rollback would return to is whole and serves today's consumers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from mlreg.domain.gates.base import Complain, Evidence, Reading, yes
from mlreg.domain.stages import Stages

_NEEDS = "a whole version to go back to, that serves today's callers"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A rollback would find a version that has its bytes, whose bytes verify, and whose signature serves."""

    KEY: ClassVar[str] = "way_back"

    @classmethod
    def parse(cls, value: Any, stages: Stages, complain: Complain) -> Self:
        """Returns the gate."""
        yes(value, cls.KEY, complain)
        return cls()

    def wants(self) -> Iterator[tuple[str, str]]:
        """Yields its need."""
        yield self.KEY, _NEEDS

    def read(self, evidence: Evidence) -> Iterator[Reading]:
        """Yields one reading; where nobody ever held the stage there is nothing to go back to, and it is open."""
        way = evidence.way_back()
        is_open = way.is_first or (way.version is not None and not way.faults)
        value = "the first to hold it" if way.is_first else way.version
        yield Reading(self.KEY, self.KEY, is_open, value, _NEEDS, [*way.faults])
