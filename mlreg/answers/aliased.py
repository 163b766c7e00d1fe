"""What `alias` answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mlreg.answers.base import Answer


@dataclass(frozen=True, kw_only=True, eq=False)
class AliasListing(Answer):
    """The aliases of a model."""

    schema: ClassVar[str] = "mlreg.alias/1"
    name: str
    aliases: Mapping[str, str]

    def facts(self) -> dict[str, Any]:
        return {"name": self.name, "aliases": dict(sorted(self.aliases.items()))}


@dataclass(frozen=True, kw_only=True, eq=False)
class Aliased(AliasListing):
    """An alias after a change: `version` is what it points at now, `before` what it pointed at; None is nothing."""

    alias: str
    version: str | None
    before: str | None
    changed: bool
    event: int | None
    at: str | None

    def facts(self) -> dict[str, Any]:
        return {
            **super().facts(),
            "alias": self.alias,
            "version": self.version,
            "before": self.before,
            "changed": self.changed,
            "event": self.event,
            "at": self.at,
        }
