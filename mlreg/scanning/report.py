"""Owns what a scan says of a file: findings, and the verdict that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlreg.scanning.codes import ALLOWED, CODES, NEEDS_TRUST, VERDICTS

FINDINGS_MAX = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason for a verdict.

    Attributes:
        code: One of `codes.CODES`.
        message: What was found, one line, with the thing named.
        offset: Where, in bytes from the beginning of the file, or of the member that the message names.
        subject: The global that would have to be trusted, as `package.Class`; None where that does not help.
    """

    code: str
    message: str
    offset: int | None = None
    subject: str | None = None

    @property
    def verdict(self) -> str:
        """The verdict that this alone leads to."""
        return CODES[self.code].verdict

    def document(self) -> dict[str, Any]:
        """Returns the finding as it stands in the document of `scan`."""
        return {"code": self.code, "message": self.message, "offset": self.offset, "global": self.subject}


@dataclass(frozen=True, slots=True)
class Report:
    """What a file is, whether loading it would run foreign code, and why.

    Attributes:
        path: What the caller calls the file.
        format: What its content is, such as `joblib`; `unknown` where nothing was recognised.
        findings: The reasons, in the order in which they were found.
        reads: The names of files beside it that have its values.
    """

    path: str
    format: str
    findings: Sequence[Finding] = ()
    reads: Sequence[str] = ()

    @property
    def verdict(self) -> str:
        """The worst of the verdicts of the findings; `allowed` without any."""
        return max((finding.verdict for finding in self.findings), key=VERDICTS.index, default=ALLOWED)

    @property
    def is_allowed(self) -> bool:
        """Whether loading it runs nothing but what mlreg knows to be harmless."""
        return self.verdict == ALLOWED

    @property
    def to_trust(self) -> list[str]:
        """The globals that somebody would have to trust for it to load, sorted; empty where trust does not help."""
        if self.verdict != NEEDS_TRUST:
            return []
        return sorted({finding.subject for finding in self.findings if finding.subject})

    def document(self) -> dict[str, Any]:
        """Returns the report as it stands in the document of `scan`."""
        reasons = [finding.document() for finding in self.findings]
        return {"path": self.path, "format": self.format, "verdict": self.verdict, "reasons": reasons}


class Halt(Exception):
    """Ends the scan of a file: what follows cannot be understood, or is not worth it.

    Args:
        code: One of `codes.CODES`.
        message: What was found.
        offset: Where; None where the whole file is meant.
    """

    def __init__(self, code: str, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.finding = Finding(code, message, offset)


class Findings:
    """What was found so far in one file and in what it holds; each thing is said once, and not without end."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Finding] = {}

    def add(self, code: str, message: str, offset: int | None = None, *, subject: str | None = None) -> None:
        """Adds a finding, unless the same was found before.

        Raises:
            Halt: There are so many that more would tell nothing.
        """
        self.take(Finding(code, message, offset, subject))

    def take(self, finding: Finding) -> None:
        """Adds `finding`, unless the same was found before; what changes the verdict is never left out."""
        if len(self._found) < FINDINGS_MAX or (finding.verdict != ALLOWED and not self._has(finding.verdict)):
            self._found.setdefault((finding.code, finding.message), finding)

    def all(self) -> list[Finding]:
        """Returns all findings, in the order in which they were found."""
        return list(self._found.values())

    def _has(self, verdict: str) -> bool:
        return any(finding.verdict == verdict for finding in self._found.values())
