"""What `list` answers where it searches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer
from mlreg.domain.ending import days_left
from mlreg.domain.state import Deprecation

if TYPE_CHECKING:
    from mlreg.domain.listing import VersionLine


@dataclass(frozen=True, kw_only=True, eq=False)
class Found(Answer):
    """The versions that a search found, in its order; `name` is the only model that was looked at, or None.

    `metrics_asked` are those that decided: what a table should show first.
    """

    schema: ClassVar[str] = "mlreg.list/1"
    name: str | None
    versions: Sequence[VersionLine]
    today: date
    metrics_asked: Sequence[str] = ()

    def facts(self) -> dict[str, Any]:
        name = {} if self.name is None else {"name": self.name}
        return {**name, "versions": [self._line(line) for line in self.versions]}

    def _line(self, line: VersionLine) -> dict[str, Any]:
        gone = line.brief.deprecated
        left = days_left(Deprecation(**gone), self.today) if gone else None
        return {"name": line.name, **line.document(), "days_left": left}
