"""What `archive`, `deprecate` and `tag` answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlreg.answers.base import Answer


@dataclass(frozen=True, kw_only=True, eq=False)
class Changed(Answer):
    """One version after a change of its tags, its deprecation or its place in the archive."""

    name: str
    version: str
    changed: bool
    event: int | None
    at: str | None
    verb: str
    now: Mapping[str, Any] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            **self.now,
            "changed": self.changed,
            "event": self.event,
            "at": self.at,
        }

    def document(self) -> dict[str, Any]:
        """Returns the whole JSON document."""
        document = {"schema": f"mlreg.{self.verb}/1", **self.facts()}
        return {**document, "dry_run": True} if self.dry_run else document
