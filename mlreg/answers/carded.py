"""What `card` answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mlreg.answers.base import Answer


@dataclass(frozen=True, kw_only=True, eq=False)
class Card(Answer):
    """The card of a version: its text, and the file where it was written (None: nowhere)."""

    schema: ClassVar[str] = "mlreg.card/1"
    name: str
    version: str
    text: str
    file: str | None
    digest: str

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "file": self.file,
            "digest": self.digest,
            "text": self.text,
        }
