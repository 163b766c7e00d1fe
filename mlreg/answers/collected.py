"""What `gc` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from mlreg.answers.base import Answer
from mlreg.domain.retention import Reason


class Fate(NamedTuple):
    """What becomes of the bytes of a version: they stay for each of the reasons, or are dropped.

    Attributes:
        missed: Why nothing keeps it, where there is no reason to.
        freed_bytes: What goes from the disk with it.
        event: The number of the event that dropped it.
    """

    name: str
    version: str
    stage: str
    reasons: Sequence[Reason]
    missed: str | None = None
    freed_bytes: int = 0
    event: int | None = None

    def document(self) -> dict[str, Any]:
        """Returns the fate as it stands in the document of `gc`."""
        return {
            "name": self.name,
            "version": self.version,
            "stage": self.stage,
            "kept": bool(self.reasons),
            "reasons": [reason.document() for reason in self.reasons],
            "missed": self.missed,
            "freed_bytes": self.freed_bytes,
            "event": self.event,
        }


class Item(NamedTuple):
    """A file that nothing needs, and why."""

    object: str
    why: str
    size_bytes: int

    def document(self) -> dict[str, Any]:
        """Returns the file as it stands in the document of `gc`."""
        return self._asdict()


class Squeezed(NamedTuple):
    """A blob that takes less room than before."""

    digest: str
    before_bytes: int
    after_bytes: int

    def document(self) -> dict[str, Any]:
        """Returns the blob as it stands in the document of `gc`."""
        return self._asdict()


@dataclass(frozen=True, kw_only=True, eq=False)
class Collected(Answer):
    """What is kept and why, and what goes.

    Attributes:
        pruned: Whether it is done; else this is the plan.
        garbage: The files that go.
        left: Files that nothing refers to and that stay nevertheless, this time.
    """

    schema: ClassVar[str] = "mlreg.gc/1"
    pruned: bool
    versions: Sequence[Fate]
    garbage: Sequence[Item]
    left: Sequence[Item] = ()
    squeezed: Sequence[Squeezed] = ()

    @property
    def freed_bytes(self) -> int:
        """How many bytes fewer there are on the disk, or would be."""
        squeezed = sum(blob.before_bytes - blob.after_bytes for blob in self.squeezed)
        return sum(item.size_bytes for item in self.garbage) + squeezed

    def facts(self) -> dict[str, Any]:
        return {
            "pruned": self.pruned,
            "freed_bytes": self.freed_bytes,
            "versions": [fate.document() for fate in self.versions],
            "garbage": [item.document() for item in self.garbage],
            "left": [item.document() for item in self.left],
            "squeezed": [blob.document() for blob in self.squeezed],
        }
