"""What `why` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from mlreg.answers.base import Answer
from mlreg.answers.noted import noted
from mlreg.domain.stages import ARCHIVED

if TYPE_CHECKING:
    from mlreg.domain.approvals import Approval
    from mlreg.domain.compare import Comparison
    from mlreg.domain.events import Event
    from mlreg.domain.record import ModelVersion
    from mlreg.domain.spans import Span
    from mlreg.domain.state import ModelState, Standing
    from mlreg.domain.why import Predecessor


class WayBack(NamedTuple):
    """How to go back from where a version stands: `command` leads to `version` at `stage`.

    Where there is no way, `command` and `version` are None, `obstacle` says why, and `hint` what to type instead.
    """

    command: str | None
    stage: str
    version: str | None
    obstacle: str | None = None
    hint: str | None = None

    def document(self) -> dict[str, Any]:
        """Returns it as it stands in the document of `why`."""
        return self._asdict()


@dataclass(frozen=True, kw_only=True, eq=False)
class Why(Answer):
    """Why a version stands where it stands.

    `told` are the events that are about it, `held` the times in which it held a stage, by stage, `approvals` those that
    count, for its stage and those above.
    """

    schema: ClassVar[str] = "mlreg.why/1"
    state: ModelState
    standing: Standing
    record: ModelVersion
    resolved_by: str
    told: Sequence[Event]
    held: Sequence[tuple[str, Span]]
    before: Predecessor | None
    comparison: Comparison | None
    days_left: int | None
    ending: str | None
    way_back: WayBack
    approvals: Sequence[Approval] = ()

    @property
    def holds(self) -> bool:
        """Whether the version is the one holder of its stage."""
        return self.state.holder(self.standing.stage) == str(self.standing.version)

    @property
    def replaced(self) -> str | None:
        """The version whose place it took when it came to where it stands."""
        moved = self.standing.moved
        return moved.effects.get("replaced") if moved.version == str(self.standing.version) else None

    @property
    def deprecated(self) -> dict[str, Any] | None:
        """Why the version should not be used any more, who said so and when; None where nobody did."""
        if self.standing.deprecated is None:
            return None
        event = next((event for event in reversed(self.told) if event.effects.get("deprecated")), None)
        word = {"at": event.at, "by": event.actor, "event": event.number} if event else {}
        return {**self.standing.deprecated.document(), **word}

    def facts(self) -> dict[str, Any]:
        standing, record, moved = self.standing, self.record, self.standing.moved
        version = str(standing.version)
        compared = self.comparison.document() if self.comparison else None
        return {
            "name": record.name,
            "version": version,
            "resolved_by": self.resolved_by,
            "stage": standing.stage,
            "holds": self.holds,
            "since": moved.at,
            "by": moved.actor,
            "reason": moved.reason,
            "event": moved.document(),
            "replaced": self.replaced,
            "replaced_by": standing.replaced_by if standing.stage == ARCHIVED else None,
            "registered_at": standing.registered.at,
            "registered_by": standing.registered.actor,
            "digest": standing.record,
            "lineage": dict(record.lineage),
            "owner": record.owner,
            "description": record.description,
            "tags": list(standing.tags),
            "aliases": sorted(alias for alias, known in self.state.aliases.items() if known == version),
            "metrics": record.shown_metrics(),
            "compared_with": self._compared_with(),
            "metric_comparison": compared["metric_comparison"] if compared else {},
            "recommendation": compared["recommendation"] if compared else None,
            "deprecated": self.deprecated,
            "days_left": self.days_left,
            "notes": [noted(event) for event in standing.notes],
            "approvals": [approval.document() for approval in self.approvals],
            "held": [{"stage": stage, **span.document()} for stage, span in self.held],
            "story": [event.document() for event in self.told],
            "way_back": self.way_back.document(),
        }

    def _compared_with(self) -> dict[str, Any] | None:
        return {"version": str(self.before.standing.version), "because": self.before.because} if self.before else None
