"""Owns the gate on consumers: none of those that have announced themselves wants something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from mlreg.domain.gates.base import Demand, Evidence, Reading


@dataclass(frozen=True, slots=True)
class Served(Demand):
    """The version is what each consumer that the repository knows wants."""

    KEY: ClassVar[str] = "consumers"
    NEEDS: ClassVar[str] = "to be what every known consumer wants"

    def read(self, evidence: Evidence) -> Iterator[Reading]:
        """Yields one reading."""
        broken = evidence.broken()
        value = f"{len(broken)} broken" if broken else "none broken"
        yield Reading(self.KEY, self.KEY, not broken, value, self.NEEDS, [*broken])
