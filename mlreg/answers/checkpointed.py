"""What `checkpoint` answers, and `verify` where it is held against one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from mlreg.answers.base import Answer
from mlreg.answers.verified import Verified


class Head(NamedTuple):
    """The last event of a history: its number and its digest."""

    number: int
    digest: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Checkpointed(Answer):
    """A checkpoint: where all histories stood at a moment; `digest` is that of `heads`, `key` signed, or nobody.

    `file` is where it was written, None where it was not; `text` is what it holds.
    """

    schema: ClassVar[str] = "mlreg.checkpoint/1"
    repository: str
    at: str
    heads: Mapping[str, Head]
    digest: str
    key: str | None
    file: str | None
    text: str

    def facts(self) -> dict[str, Any]:
        return {
            "repository": self.repository,
            "at": self.at,
            "digest": self.digest,
            "signed": self.key is not None,
            "key": self.key,
            "histories": {name: head._asdict() for name, head in self.heads.items()},
            "file": self.file,
        }


class After(NamedTuple):
    """An event that came after a checkpoint, of the history with the folded name `history`."""

    history: str
    number: int
    kind: str
    version: str | None
    at: str
    actor: str

    def document(self) -> dict[str, Any]:
        """Returns the event as it stands in the document of `verify`."""
        return self._asdict()


@dataclass(frozen=True, kw_only=True, eq=False)
class VerifiedAgainst(Verified):
    """What `verify` found, among it what is not as the checkpoint `against` saw it; `after` is what came since."""

    against: Checkpointed
    trust: str
    after: Sequence[After]

    def facts(self) -> dict[str, Any]:
        return {
            **super().facts(),
            "against": {
                "file": self.against.file,
                "at": self.against.at,
                "digest": self.against.digest,
                "key": self.against.key,
                "trust": self.trust,
                "histories": len(self.against.heads),
            },
            "after": [event.document() for event in self.after],
        }
