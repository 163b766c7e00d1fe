"""Owns what all answers are: a value with names, and the JSON document that `--json` prints of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """The base of all answers. `notes` are sentences for people, on what was assumed or is worth a warning."""

    schema: ClassVar[str] = "mlreg.answer/1"
    notes: Sequence[str] = ()
    dry_run: bool = False

    def facts(self) -> dict[str, Any]:
        """Returns the answer's own part of the document."""
        raise NotImplementedError

    def document(self) -> dict[str, Any]:
        """Returns the whole JSON document."""
        document = {"schema": self.schema, **self.facts()}
        return {**document, "dry_run": True} if self.dry_run else document
