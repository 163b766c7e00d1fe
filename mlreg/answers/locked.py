"""What `lock` and `outdated` answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from mlreg.answers.base import Answer
from mlreg.domain.lockfile import Pin


class Change(NamedTuple):
    """What becomes of a model in a lock: `before` and `now` are None where it is not there, `why` says what for."""

    name: str
    before: Pin | None
    now: Pin | None
    why: str | None = None

    def document(self) -> dict[str, Any]:
        """Returns it as it stands in the document of `lock`."""
        pin = self.now or self.before
        return {
            **(pin._asdict() if pin else {"name": self.name}),
            "before": self.before.version if self.before else None,
            "version": self.now.version if self.now else None,
            "why": self.why,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Locked(Answer):
    """What is locked in `file`; `stale` tells what is or was not as `mlreg.toml` wants it.

    `changed` says whether the file was written; `event` is the number of the event that announced it, or None.
    """

    schema: ClassVar[str] = "mlreg.lock/1"
    file: str
    models: Sequence[Change]
    stale: Sequence[str]
    changed: bool
    consumer: str | None = None
    event: int | None = None

    def facts(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "stale": list(self.stale),
            "changed": self.changed,
            "models": [change.document() for change in self.models],
            "consumer": self.consumer,
            "event": self.event,
        }


class Newer(NamedTuple):
    """A locked model: the newest version that is wanted, the latest that there is, whether what is locked goes."""

    name: str
    wanted: str
    locked: str
    newest: str | None
    latest: str | None
    deprecated: bool

    @property
    def status(self) -> str:
        """`current`; `outdated` where a newer one is wanted; `behind` where one is there that is not wanted."""
        if self.newest not in (None, self.locked):
            return "outdated"
        return "behind" if self.latest not in (None, self.locked) else "current"

    def document(self) -> dict[str, Any]:
        """Returns it as it stands in the document of `outdated`."""
        return {**self._asdict(), "status": self.status}


@dataclass(frozen=True, kw_only=True, eq=False)
class Outdated(Answer):
    """All that is locked, with what is newer."""

    schema: ClassVar[str] = "mlreg.outdated/1"
    models: Sequence[Newer]

    def facts(self) -> dict[str, Any]:
        return {"models": [one.document() for one in self.models]}
