"""What `signature lint` and `explain` answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mlreg.answers.base import Answer
from mlreg.domain.findings import Finding, Kind, fails


@dataclass(frozen=True, kw_only=True, eq=False)
class Linted(Answer):
    """Files with signatures, and what is wrong with them; `held` has by file the versions it was held against."""

    schema: ClassVar[str] = "mlreg.signature-lint/1"
    files: Sequence[str]
    held: Mapping[str, Sequence[str]]
    findings: Sequence[Finding]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; a note or a warning is not."""
        return not fails(self.findings)

    def facts(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "files": [{"path": file, "held_against": list(self.held.get(file, ()))} for file in self.files],
            "findings": [finding.document() for finding in self.findings],
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Explained(Answer):
    """What codes mean, by code."""

    schema: ClassVar[str] = "mlreg.explain/1"
    kinds: Mapping[str, Kind]

    def facts(self) -> dict[str, Any]:
        return {"codes": [{"code": code, **kind._asdict()} for code, kind in self.kinds.items()]}
