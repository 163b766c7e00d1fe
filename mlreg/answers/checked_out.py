"""What `checkout` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.domain.record import FileEntry


@dataclass(frozen=True, kw_only=True, eq=False)
class CheckedOut(Answer):
    """The files of a version, written below `path`."""

    schema: ClassVar[str] = "mlreg.checkout/1"
    name: str
    version: str
    path: Path
    files: Sequence[FileEntry]

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "path": str(self.path),
            "files": [entry.document() for entry in self.files],
        }
