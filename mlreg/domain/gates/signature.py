"""Owns the gate on the signature: that there is one, and that it breaks none of those who call the present holder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from mlreg.domain.gates.base import Complain, Evidence, Reading
from mlreg.domain.record import ModelVersion
from mlreg.domain.signatures import changes
from mlreg.domain.signatures.model import Signature
from mlreg.domain.signatures.parsing import parse
from mlreg.domain.stages import Stages
from mlreg.errors import UsageError

_CHOICES = {"declared": "a declared one", "compatible": "one that breaks no caller of the holder"}


@dataclass(frozen=True, slots=True)
class SignatureKept:
    """The version declares a signature (`declared`), and one that is compatible with the holder's (`compatible`)."""

    wanted: str
    KEY: ClassVar[str] = "signature"

    @classmethod
    def parse(cls, value: Any, stages: Stages, complain: Complain) -> Self:
        """Returns the gate that one of the words describes."""
        if not isinstance(value, str) or value not in _CHOICES:
            raise complain(cls.KEY, f"signature is none of {', '.join(_CHOICES)}", None)
        return cls(value)

    def wants(self) -> Iterator[tuple[str, str]]:
        """Yields its need."""
        yield self.KEY, _CHOICES[self.wanted]

    def read(self, evidence: Evidence) -> Iterator[Reading]:
        """Yields one reading."""
        value, details = self._found(evidence)
        is_open = value in ("declared", "compatible")
        yield Reading(self.KEY, self.KEY, is_open, value, _CHOICES[self.wanted], details)

    def _found(self, evidence: Evidence) -> tuple[str | None, list[str]]:
        try:
            new = _signature(evidence.record(evidence.standing))
        except UsageError as error:
            return "unreadable", [error.message]
        holder = evidence.holder
        if new is None:
            return None, ["none is declared"]
        if self.wanted == "declared" or holder is None:
            return "declared", []
        try:
            found = changes.compare(_signature(evidence.record(holder)), new)
        except UsageError as error:
            return "unreadable", [f"that of {holder.version}: {error.message}"]
        if changes.is_compatible(found):
            return "compatible", []
        return "breaking", [change.reason for change in found if change.breaking]


def _signature(record: ModelVersion) -> Signature | None:
    return None if record.signature is None else parse(record.signature)
