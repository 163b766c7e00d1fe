"""What `scan` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.scanning.report import Report


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """A file and what was found in it. `reference` is the version that it is of, None for one outside."""

    report: Report
    reference: str | None = None

    @property
    def trust(self) -> list[str]:
        """The commands that would trust it for what it is; none where trust does not help."""
        of = self.reference or "NAME@VERSION"
        return [f"mlreg trust add {of} --global {name}" for name in self.report.to_trust]

    def document(self) -> dict[str, Any]:
        """Returns the file as it stands in the document of `scan`."""
        return {**self.report.document(), "trust": self.trust}


@dataclass(frozen=True, kw_only=True, eq=False)
class Scanned(Answer):
    """Files, and whether loading each would run foreign code."""

    schema: ClassVar[str] = "mlreg.scan/1"
    files: Sequence[ScannedFile]

    @property
    def ok(self) -> bool:
        """Whether all files are allowed."""
        return all(file.report.is_allowed for file in self.files)

    def facts(self) -> dict[str, Any]:
        return {"files": [file.document() for file in self.files]}
