"""What `doctor` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from mlreg.answers.base import Answer


class Finding(NamedTuple):
    """Something that is wrong, or (`is_advice`) works and could be better; `fix` is the command that mends it."""

    code: str
    object: str
    message: str
    fix: str | None
    is_advice: bool = False

    def document(self) -> dict[str, Any]:
        """Returns it as it stands in the document of `doctor`."""
        return {"code": self.code, "object": self.object, "message": self.message, "fix": self.fix}


class Check(NamedTuple):
    """One thing that was looked at: what it is like in a few words, and what was found."""

    name: str
    summary: str
    findings: Sequence[Finding] = ()

    @property
    def state(self) -> str:
        """`ok`, `advice` or `wrong`."""
        if not self.findings:
            return "ok"
        return "advice" if all(finding.is_advice for finding in self.findings) else "wrong"


@dataclass(frozen=True, kw_only=True, eq=False)
class Diagnosis(Answer):
    """What is wrong with an installation and a repository; `repository` is None where there is none."""

    schema: ClassVar[str] = "mlreg.doctor/1"
    repository: str | None
    checks: Sequence[Check]

    @property
    def problems(self) -> list[Finding]:
        """What is wrong."""
        return [finding for check in self.checks for finding in check.findings if not finding.is_advice]

    @property
    def advice(self) -> list[Finding]:
        """What could be better."""
        return [finding for check in self.checks for finding in check.findings if finding.is_advice]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; advice may be there."""
        return not self.problems

    def facts(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "repository": self.repository,
            "checks": [{"check": check.name, "state": check.state, "summary": check.summary} for check in self.checks],
            "problems": [finding.document() for finding in self.problems],
            "advice": [finding.document() for finding in self.advice],
        }
