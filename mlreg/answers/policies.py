"""What `policy` answers: the policies in force, what their gates say of a version, and of past promotions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from mlreg.answers.base import Answer

if TYPE_CHECKING:
    from mlreg.domain.gates.base import Reading
    from mlreg.domain.policies import Verdict


class InForceRow(NamedTuple):
    """One gate: for which models and at which stage; `policy` is the digest of the text, where it is of one model."""

    models: str
    stage: str
    gate: str
    kind: str
    needs: str
    allow_force: bool
    policy: str | None

    def document(self) -> dict[str, Any]:
        """Returns the row as it stands in JSON."""
        return self._asdict()


@dataclass(frozen=True, kw_only=True, eq=False)
class PolicyShown(Answer):
    """The gates that there are: of every table of the configuration, or those that hold for the model `name`."""

    schema: ClassVar[str] = "mlreg.policy/1"
    name: str | None
    rows: Sequence[InForceRow]

    def facts(self) -> dict[str, Any]:
        return {"name": self.name, "gates": [row.document() for row in self.rows]}


@dataclass(frozen=True, kw_only=True, eq=False)
class VersionJudged(Answer):
    """What every gate says of a version; `verdict` is None where there is no policy."""

    schema: ClassVar[str] = "mlreg.policy-verdict/1"
    name: str
    version: str
    stage: str
    verdict: Verdict | None

    @property
    def readings(self) -> Sequence[Reading]:
        """What the gates say."""
        return self.verdict.readings if self.verdict else ()

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "version": self.version,
            "to": self.stage,
            "open": all(reading.is_open for reading in self.readings),
            "allow_force": self.verdict is not None and self.verdict.allows_force,
            "policy": self.verdict.policy if self.verdict else None,
            "gates": [reading.document() for reading in self.readings],
        }


class Replayed(NamedTuple):
    """A past promotion under another policy: `shut` are the gates that would have stopped it.

    `rolled_back` says whether the tenure that it began ended by a rollback.
    """

    name: str
    version: str
    stage: str
    event: int
    at: str
    shut: Sequence[Reading]
    rolled_back: bool

    @property
    def is_stopped(self) -> bool:
        """Whether it would have been stopped."""
        return bool(self.shut)

    def document(self) -> dict[str, Any]:
        """Returns it as it stands in JSON."""
        return {
            "name": self.name,
            "version": self.version,
            "to": self.stage,
            "event": self.event,
            "at": self.at,
            "stopped": self.is_stopped,
            "rolled_back": self.rolled_back,
            "gates": [reading.document() for reading in self.shut],
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class PolicyTested(Answer):
    """All past promotions to stages that a policy is about, the oldest first, model by model."""

    schema: ClassVar[str] = "mlreg.policy-test/1"
    config: str
    promotions: Sequence[Replayed]

    def count(self, *, stopped: bool, rolled_back: bool) -> int:
        """Returns how many promotions are of this kind."""
        return sum((one.is_stopped, one.rolled_back) == (stopped, rolled_back) for one in self.promotions)

    def facts(self) -> dict[str, Any]:
        return {
            "config": self.config,
            "promotions": [one.document() for one in self.promotions],
            "stopped": {
                "rolled_back": self.count(stopped=True, rolled_back=True),
                "kept": self.count(stopped=True, rolled_back=False),
            },
            "passed": {
                "rolled_back": self.count(stopped=False, rolled_back=True),
                "kept": self.count(stopped=False, rolled_back=False),
            },
        }
