"""What `init` answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mlreg.answers.base import Answer


@dataclass(frozen=True, kw_only=True, eq=False)
class Initialised(Answer):
    """A repository at `path`, new or found."""

    schema: ClassVar[str] = "mlreg.init/1"
    path: str
    id: str
    created: bool

    def facts(self) -> dict[str, Any]:
        return {"path": self.path, "id": self.id, "created": self.created}
