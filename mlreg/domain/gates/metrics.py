"""Owns the gates on metrics: against a bound, and against the version that holds the stage.

A bound that is met exactly opens. What is missing, NaN or infinite, in other units or of unknown direction, shuts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple, Self

from mlreg.domain.directions import known_direction
from mlreg.domain.gates.base import Complain, Evidence, Reading, table
from mlreg.domain.metric import EXACT, Direction, Metric
from mlreg.domain.stages import Stages
from mlreg.domain.state import Standing
from mlreg.errors import UsageError

KEY = "metrics"
_SAYS = {
    "min": "at least {}",
    "max": "at most {}",
    "min_gain": "better by at least {}",
    "max_loss": "worse by at most {}",
}
_DATA = "dataset_digest"


class Bound(NamedTuple):
    """One bound: its `key`, the number in its base unit; a share is of the holder's value, 0.02 for `2%`."""

    key: str
    text: str
    number: Decimal
    unit: str
    is_share: bool = False

    @property
    def needs(self) -> str:
        """What has to be, without the holder's name."""
        return _SAYS[self.key].format(self.text)

    @property
    def is_relative(self) -> bool:
        """Whether it is held against the holder of the stage."""
        return self.key in ("min_gain", "max_loss")


@dataclass(frozen=True, slots=True)
class Metrics:
    """The bounds on each metric."""

    bounds: Mapping[str, tuple[Bound, ...]]
    KEY: ClassVar[str] = KEY

    @classmethod
    def parse(cls, value: Any, stages: Stages, complain: Complain) -> Self:
        """Returns the gates that the table `metrics` describes; a metric that is `false` has none."""
        if not isinstance(value, dict):
            raise complain(KEY, f"{KEY} is not a table", f"write `{KEY}.auc = {{ min = 0.9 }}`")
        return cls({name: _bounds(name, one, complain) for name, one in value.items() if one is not False})

    def wants(self) -> Iterator[tuple[str, str]]:
        """Yields each metric with each of its bounds."""
        for name, bounds in self.bounds.items():
            for bound in bounds:
                against = " than the holder" if bound.is_relative else ""
                yield name, bound.needs.replace(" by", f"{against} by") if against else bound.needs

    def read(self, evidence: Evidence) -> Iterator[Reading]:
        """Yields a reading for each bound."""
        metrics = evidence.record(evidence.standing).metrics
        for name, bounds in self.bounds.items():
            metric = metrics.get(name)
            for bound in bounds:
                yield _reading(name, bound, metric, evidence)


def _reading(name: str, bound: Bound, metric: Metric | None, evidence: Evidence) -> Reading:
    holder = evidence.holder if bound.is_relative else None
    needs = bound.needs.replace(" by", f" than {holder.version} by") if holder else bound.needs
    value = None if metric is None else metric.shown()
    fault = _fault(metric)
    if fault is None and metric is not None and not bound.is_relative:
        fault = _outside(metric, bound)
    elif fault is None and metric is not None and holder is not None:
        fault = _behind(name, metric, bound, holder, evidence)
    if fault is None:
        first = bound.is_relative and holder is None
        return Reading(name, KEY, True, value, needs, [f"nobody holds {evidence.stage}"] if first else [])
    return Reading(name, KEY, False, value, needs, [fault] if fault else [])


def _fault(metric: Metric | None) -> str | None:
    if metric is None:
        return "the metric is missing"
    return None if metric.is_finite else "it is not finite"


def _outside(metric: Metric, bound: Bound) -> str | None:
    """Returns why the metric does not meet an absolute bound, an empty text where the numbers say it."""
    number, unit = metric.exact()
    if unit != bound.unit:
        return _units(unit, bound.unit)
    is_met = number >= bound.number if bound.key == "min" else number <= bound.number
    return None if is_met else ""


def _behind(name: str, metric: Metric, bound: Bound, holder: Standing, evidence: Evidence) -> str | None:
    """Returns why the metric does not stand against that of the holder."""
    other = evidence.record(holder).metrics.get(name)
    if other is None or not other.is_finite:
        return f"{holder.version}, which holds {evidence.stage}, has {'none' if other is None else other.shown()}"
    (new, unit), (old, old_unit) = metric.exact(), other.exact()
    if unit != old_unit or (not bound.is_share and bound.unit not in ("", unit)):
        return _units(unit, old_unit if unit != old_unit else bound.unit)
    if metric.extra.get(_DATA) != other.extra.get(_DATA) and _DATA in metric.extra and _DATA in other.extra:
        return f"it was measured on other data than that of {holder.version}"
    direction = _direction(name, metric, other, evidence.directions)
    if direction is None:
        return f"nobody says which way it is better: `mlreg config set metrics.{name}.direction up`"
    if bound.is_share and bound.key == "min_gain" and not old:
        return f"{holder.version} has 0, and a share of 0 says nothing"
    gain = EXACT.subtract(new, old) if direction == "up" else EXACT.subtract(old, new)
    amount = EXACT.multiply(bound.number, old.copy_abs()) if bound.is_share else bound.number
    is_met = gain >= amount if bound.key == "min_gain" else -gain <= amount
    return None if is_met else f"{holder.version} has {other.shown()}"


def _direction(name: str, one: Metric, other: Metric, configured: Mapping[str, Direction]) -> Direction | None:
    """Returns which way the metric is better, None where nobody says so or two say different things.

    A candidate's own word alone must not turn a loss into a gain.
    """
    if name in configured:
        return configured[name]
    said = {way for way in (one.direction, other.direction, known_direction(name)) if way is not None}
    return said.pop() if len(said) == 1 else None


def _units(one: str, other: str) -> str:
    return f"the units do not compare: {one or 'none'} and {other or 'none'}"


def _bounds(name: str, value: Any, complain: Complain) -> tuple[Bound, ...]:
    stated = table(value, name, tuple(_SAYS), complain)
    if not stated:
        raise complain(name, f"metrics.{name} states no bound", f"known are {', '.join(_SAYS)}")
    return tuple(_bound(key, stated[key], name, complain) for key in _SAYS if key in stated)


def _bound(key: str, value: Any, name: str, complain: Complain) -> Bound:
    relative = key in ("min_gain", "max_loss")
    is_share = relative and isinstance(value, str) and value.strip().endswith("%")
    try:
        metric = Metric.parse(name, value)
    except UsageError as error:
        raise complain(key, f"metrics.{name}.{key} is not a number", error.hint) from error
    if not metric.is_finite:
        raise complain(key, f"metrics.{name}.{key} is not finite", None)
    number, unit = metric.exact()
    if relative and number < 0:
        raise complain(key, f"metrics.{name}.{key} is less than nothing", None)
    return Bound(key, str(metric.shown()), number, "" if is_share else unit, is_share)
