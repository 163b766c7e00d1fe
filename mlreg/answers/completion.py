"""What `completion` answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mlreg.answers.base import Answer


@dataclass(frozen=True, kw_only=True, eq=False)
class Completion(Answer):
    """The script that makes `shell` complete the words of mlreg."""

    schema: ClassVar[str] = "mlreg.completion/1"
    shell: str
    script: str

    def facts(self) -> dict[str, Any]:
        return {"shell": self.shell, "script": self.script}
