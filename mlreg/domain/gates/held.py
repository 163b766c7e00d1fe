"""Owns the gate on earlier stages: the version must have held them, where that is said for how long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from mlreg.domain.gates.base import Complain, Evidence, Reading, span, words
from mlreg.domain.stages import Stages
from mlreg.domain.state import Seat
from mlreg.domain.times import moment_since, timestamp
from mlreg.errors import UsageError


@dataclass(frozen=True, slots=True)
class Held:
    """The version has held each of `stages`, for so long altogether; None: however short."""

    stages: Mapping[str, str | None]
    KEY: ClassVar[str] = "held"

    @classmethod
    def parse(cls, value: Any, stages: Stages, complain: Complain) -> Self:
        """Returns the gate that a list of stages, or a table of stages with times, describes."""
        if isinstance(value, dict) and value:
            stated: dict[str, str | None] = {name: span(least, name, complain) for name, least in value.items()}
        else:
            stated = dict.fromkeys(words(value, cls.KEY, complain))
        try:
            return cls({stages.parse_held(name): least for name, least in stated.items()})
        except UsageError as error:
            raise complain(cls.KEY, error.message, error.hint) from error

    def wants(self) -> Iterator[tuple[str, str]]:
        """Yields each stage."""
        for stage, least in self.stages.items():
            yield f"{self.KEY} {stage}", _needs(stage, least)

    def read(self, evidence: Evidence) -> Iterator[Reading]:
        """Yields a reading for each stage."""
        version = str(evidence.standing.version)
        for stage, least in self.stages.items():
            seat = evidence.state.seat(stage)
            has = seat.has_held(version)
            lasted = _lasted(seat, version, timestamp(evidence.now)) if has else timedelta()
            is_long = least is None or timestamp(evidence.now - lasted) <= moment_since(least, evidence.now)
            value = f"for {_hours(lasted)}" if has else "never"
            yield Reading(f"{self.KEY} {stage}", self.KEY, has and is_long, value, _needs(stage, least))


def _needs(stage: str, least: str | None) -> str:
    return f"to have held {stage}" + (f" for {least}" if least else "")


def _lasted(seat: Seat, version: str, now: str) -> timedelta:
    """Returns how long `version` held the stage altogether."""
    tenures = [*seat.tenures]
    ends = [*(tenure.moment for tenure in tenures[1:]), now]
    spans = (
        datetime.fromisoformat(end) - datetime.fromisoformat(tenure.moment)
        for tenure, end in zip(tenures, ends, strict=True)
        if tenure.holder == version and end > tenure.moment
    )
    return sum(spans, timedelta())


def _hours(lasted: timedelta) -> str:
    minutes = int(lasted.total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    if minutes < 60:
        return f"{minutes} min"
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min"
