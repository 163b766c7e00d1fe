"""Owns the gate on consumers: none of those that have announced themselves wants something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from mlreg.domain.gates.base import Complain, Evidence, Reading, yes
from mlreg.domain.stages import Stages

_NEEDS = "to be what every known consumer wants"


@dataclass(frozen=True, slots=True)
class Served:
    """The version is what each consumer that the repository knows wants."""

    KEY: ClassVar[str] = "consumers"

    @classmethod
    def parse(cls, value: Any, stages: Stages, complain: Complain) -> Self:
        """Returns the gate."""
        yes(value, cls.KEY, complain)
        return cls()

    def wants(self) -> Iterator[tuple[str, str]]:
        """Yields its need."""
        yield self.KEY, _NEEDS

    def read(self, evidence: Evidence) -> Iterator[Reading]:
        """Yields one reading."""
        broken = evidence.broken()
        value = f"{len(broken)} broken" if broken else "none broken"
        yield Reading(self.KEY, self.KEY, not broken, value, _NEEDS, [*broken])
