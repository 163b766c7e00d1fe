"""What `trust` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mlreg.answers.base import Answer
from mlreg.domain.vouching import Trusted


@dataclass(frozen=True, kw_only=True, eq=False)
class TrustListing(Answer):
    """What is trusted of a version; `content_digest` is that of its list of files, which the trust is of."""

    schema: ClassVar[str] = "mlreg.trust/1"
    name: str
    version: str
    content_digest: str
    trusted: Sequence[Trusted]

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "content_digest": self.content_digest,
            "globals": [one.document() for one in self.trusted],
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class AllTrusted(Answer):
    """What is trusted of each version of which something is."""

    schema: ClassVar[str] = "mlreg.trust-list/1"
    versions: Sequence[TrustListing]

    def facts(self) -> dict[str, Any]:
        return {"versions": [one.facts() for one in self.versions]}


@dataclass(frozen=True, kw_only=True, eq=False)
class TrustChange(Answer):
    """What is trusted of a version after somebody has added to it or taken from it (`change`)."""

    schema: ClassVar[str] = "mlreg.trust-change/1"
    name: str
    version: str
    content_digest: str
    change: str
    globals: Sequence[str]
    changed: bool
    event: int | None
    at: str | None

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "content_digest": self.content_digest,
            "change": self.change,
            "globals": list(self.globals),
            "changed": self.changed,
            "event": self.event,
            "at": self.at,
        }
