"""What `du` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from mlreg.answers.base import Answer


class Room(NamedTuple):
    """The room that one version takes.

    Attributes:
        logical_bytes: What its files hold.
        stored_bytes: What it added to the disk: of what versions share, the first has it.
        freed_bytes: What would go from the disk if its bytes were dropped: what no other version needs.
        is_dropped: Whether they were.
    """

    version: str
    logical_bytes: int
    stored_bytes: int
    freed_bytes: int
    is_dropped: bool

    def document(self) -> dict[str, Any]:
        """Returns the version as it stands in the document of `du`."""
        return {
            "version": self.version,
            "logical_bytes": self.logical_bytes,
            "stored_bytes": self.stored_bytes,
            "freed_bytes": self.freed_bytes,
            "dropped": self.is_dropped,
        }


class Shelf(NamedTuple):
    """The room that one model takes, the greatest version first."""

    name: str
    versions: Sequence[Room]

    @property
    def logical_bytes(self) -> int:
        """What the files of all versions hold."""
        return sum(room.logical_bytes for room in self.versions)

    @property
    def stored_bytes(self) -> int:
        """What the model added to the disk."""
        return sum(room.stored_bytes for room in self.versions)

    def document(self) -> dict[str, Any]:
        """Returns the model as it stands in the document of `du`."""
        return {
            "name": self.name,
            "logical_bytes": self.logical_bytes,
            "stored_bytes": self.stored_bytes,
            "versions": [room.document() for room in self.versions],
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Occupied(Answer):
    """The room that models take: those that were asked for.

    Attributes:
        garbage_bytes: What is of no version, as texts of policies; None where one model was asked for: it is nobody's.
    """

    schema: ClassVar[str] = "mlreg.du/1"
    models: Sequence[Shelf]
    garbage_bytes: int | None = None

    @property
    def logical_bytes(self) -> int:
        """What the files hold."""
        return sum(shelf.logical_bytes for shelf in self.models)

    @property
    def stored_bytes(self) -> int:
        """What they take on the disk, without garbage."""
        return sum(shelf.stored_bytes for shelf in self.models)

    def facts(self) -> dict[str, Any]:
        return {
            "logical_bytes": self.logical_bytes,
            "stored_bytes": self.stored_bytes,
            "garbage_bytes": self.garbage_bytes,
            "models": [shelf.document() for shelf in self.models],
        }
