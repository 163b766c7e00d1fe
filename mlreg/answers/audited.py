"""What `audit` answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.domain.audit import Audit


@dataclass(frozen=True, kw_only=True, eq=False)
class Audited(Answer):
    """What happened to a model in a period, on whose word, and with what evidence.

    `text` is the report in the format that was asked for, `file` where it was written (None: nowhere).
    """

    schema: ClassVar[str] = "mlreg.audit/1"
    audit: Audit
    format: str
    text: str
    file: str | None = None

    def facts(self) -> dict[str, Any]:
        return {**self.audit.document(), "file": self.file}
