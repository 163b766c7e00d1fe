"""What `verify` answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mlreg.answers.base import Answer

BYTES_MISSING = "blob-missing"


@dataclass(frozen=True)
class Problem:
    """Something that is not as it was written. `object` is the key of the file."""

    code: str
    object: str
    message: str

    def document(self) -> dict[str, str]:
        """Returns the problem as it stands in the document of `verify`."""
        return {"code": self.code, "object": self.object, "message": self.message}


@dataclass(frozen=True, kw_only=True, eq=False)
class Verified(Answer):
    """What was looked at, and what is wrong with it; `mended` are files that were put in order, if they should."""

    schema: ClassVar[str] = "mlreg.verify/1"
    checked: Mapping[str, int]
    problems: Sequence[Problem]
    mended: Sequence[str] | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def only_missing(self) -> bool:
        """Whether nothing is wrong but that bytes are not here: they may never have been fetched."""
        return all(problem.code == BYTES_MISSING for problem in self.problems)

    def facts(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "checked": dict(self.checked),
            "problems": [problem.document() for problem in self.problems],
            **({} if self.mended is None else {"mended": list(self.mended)}),
        }
