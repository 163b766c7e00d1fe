"""What `export` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from mlreg.answers.base import Answer


class Written(NamedTuple):
    """A file that was written: its path, below the directory where that is one, its size and digest."""

    path: str
    size_bytes: int
    digest: str


class Left(NamedTuple):
    """A version that was left out, and why."""

    ref: str
    why: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Exported(Answer):
    """What was handed on: `form` is the layout or the format, `place` the directory or the file (None: nowhere).

    `text` is the document, where it is one.
    """

    schema: ClassVar[str] = "mlreg.export/1"
    form: str
    place: str | None
    versions: Sequence[str]
    files: Sequence[Written]
    left: Sequence[Left] = ()
    text: str | None = None

    def facts(self) -> dict[str, Any]:
        return {
            "form": self.form,
            "place": self.place,
            "versions": list(self.versions),
            "files": [one._asdict() for one in self.files],
            "left_out": [one._asdict() for one in self.left],
        }
