"""What `docs` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from mlreg.answers.base import Answer


class Kept(NamedTuple):
    """A file: how many sections of it are ours, and whether they were not as the repository stands."""

    file: str
    sections: int
    changed: bool

    def document(self) -> dict[str, Any]:
        """Returns it as it stands in the document of `docs`."""
        return self._asdict()


@dataclass(frozen=True, kw_only=True, eq=False)
class Documented(Answer):
    """The files that were kept up to date, or looked at."""

    schema: ClassVar[str] = "mlreg.docs/1"
    files: Sequence[Kept]

    @property
    def stale(self) -> list[str]:
        """The files that were not as the repository stands."""
        return [one.file for one in self.files if one.changed]

    def facts(self) -> dict[str, Any]:
        return {"files": [one.document() for one in self.files], "stale": self.stale}
