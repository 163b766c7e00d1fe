"""What `register` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.domain.semver import Level


@dataclass(frozen=True, kw_only=True, eq=False)
class Registered(Answer):
    """A version, new (`created`) or found; `bump` says how its number came about, where it was not stated."""

    schema: ClassVar[str] = "mlreg.register/1"
    name: str
    version: str
    stage: str
    digest: str
    content_digest: str
    created: bool
    level: Level | None = None
    reasons: Sequence[str] = ()
    size_bytes: int = 0

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "stage": self.stage,
            "digest": self.digest,
            "content_digest": self.content_digest,
            "created": self.created,
            "bump": {"level": self.level, "reasons": list(self.reasons)} if self.level else None,
            "size_bytes": self.size_bytes,
            "warnings": list(self.notes),
        }
