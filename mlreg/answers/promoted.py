"""What `promote` answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.domain.policies import Verdict


@dataclass(frozen=True, kw_only=True, eq=False)
class Promoted(Answer):
    """A version at its stage; `event` is None where it stood there already, or in a dry run.

    `verdict` is what the gates of a policy said; None where there is no policy, or nothing was to be done.
    """

    schema: ClassVar[str] = "mlreg.promote/1"
    name: str
    version: str
    from_stage: str | None
    to_stage: str
    replaced: str | None
    changed: bool
    event: int | None
    at: str | None
    verdict: Verdict | None = None
    forced: bool = False

    def facts(self) -> dict[str, Any]:
        judged = self.verdict.effects(forced=False) if self.verdict else {}
        return {
            "name": self.name,
            "version": self.version,
            "from": self.from_stage,
            "to": self.to_stage,
            "replaced": self.replaced,
            "changed": self.changed,
            "event": self.event,
            "at": self.at,
            **judged,
            **({"forced": True} if self.forced else {}),
        }
