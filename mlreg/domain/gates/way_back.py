"""Owns the gate on the way back: the version that a rollback would return to is whole and serves today's consumers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from mlreg.domain.gates.base import Demand, Evidence, Reading


@dataclass(frozen=True, slots=True)
class Rehearsed(Demand):
    """A rollback would find a version that has its bytes, whose bytes verify, and whose signature serves."""

    KEY: ClassVar[str] = "way_back"
    NEEDS: ClassVar[str] = "a whole version to go back to, that serves today's callers"

    def read(self, evidence: Evidence) -> Iterator[Reading]:
        """Yields one reading; where nobody ever held the stage there is nothing to go back to, and it is open."""
        way = evidence.way_back()
        is_open = way.is_first or (way.version is not None and not way.faults)
        value = "the first to hold it" if way.is_first else way.version
        yield Reading(self.KEY, self.KEY, is_open, value, self.NEEDS, [*way.faults])
