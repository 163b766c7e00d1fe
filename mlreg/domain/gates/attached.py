"""Owns the gate on evidence: results that are attached to the version, and that say that it passed.

They are custom facts: `mlreg set REF --meta evidence.ab_test=passed`, or a table with `passed = true` and what else
is worth keeping.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from mlreg.domain.gates.base import Complain, Evidence, Reading, words
from mlreg.domain.stages import Stages

_PASSED = "passed"


@dataclass(frozen=True, slots=True)
class Attached:
    """Each kind of evidence is attached, and passed."""

    kinds: tuple[str, ...]
    KEY: ClassVar[str] = "evidence"

    @classmethod
    def parse(cls, value: Any, stages: Stages, complain: Complain) -> Self:
        """Returns the gate that a list of kinds describes."""
        return cls(words(value, cls.KEY, complain))

    def wants(self) -> Iterator[tuple[str, str]]:
        """Yields each kind."""
        for kind in self.kinds:
            yield kind, "to be attached and passed"

    def read(self, evidence: Evidence) -> Iterator[Reading]:
        """Yields a reading for each kind."""
        known = evidence.record(evidence.standing).meta.get(self.KEY)
        version = f"{evidence.state.spelling}@{evidence.standing.version}"
        for kind, needs in self.wants():
            found = known.get(kind) if isinstance(known, Mapping) else None
            is_open = _passed(found)
            value = None if found is None else _PASSED if is_open else "not passed"
            hint = f"attach it: `mlreg set {version} --meta {self.KEY}.{kind}={_PASSED}`"
            yield Reading(kind, self.KEY, is_open, value, needs, [hint] if found is None else [])


def _passed(found: Any) -> bool:
    if isinstance(found, Mapping):
        found = found.get(_PASSED)
    return found is True or (isinstance(found, str) and found.lower() in (_PASSED, "true"))
