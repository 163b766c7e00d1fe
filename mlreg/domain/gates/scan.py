"""Owns the gate on the scan: loading none of the version's files runs foreign code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from mlreg.domain.gates.base import Complain, Evidence, Reading
from mlreg.domain.stages import Stages

_ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Scan:
    """Every file of the version is `allowed`."""

    wanted: str = _ALLOWED
    KEY: ClassVar[str] = "scan"

    @classmethod
    def parse(cls, value: Any, stages: Stages, complain: Complain) -> Self:
        """Returns the gate."""
        if value != _ALLOWED:
            raise complain(cls.KEY, "scan is not 'allowed'", 'write `scan = "allowed"`')
        return cls()

    def wants(self) -> Iterator[tuple[str, str]]:
        """Yields its need."""
        yield self.KEY, "every file allowed"

    def read(self, evidence: Evidence) -> Iterator[Reading]:
        """Yields one reading."""
        files = evidence.scan()
        bad = [file for file in files if file.verdict != _ALLOWED]
        value = f"{len(files) - len(bad)} of {len(files)} allowed"
        details = [f"{file.path}: {file.verdict}" + (f", {file.why}" if file.why else "") for file in bad]
        yield Reading(self.KEY, self.KEY, bool(files) and not bad, value, "every file allowed", details)
