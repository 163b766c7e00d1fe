"""Owns scores: how good a version is as one number, and how versions rank by it.

A score is the weighted sum of some metrics, each on a scale on which more is better: see `Formula.scaled`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, NoReturn

from mlreg.domain.directions import direction_of
from mlreg.domain.metric import Direction
from mlreg.domain.sheet import JUDGED, Sheet

INELIGIBLE: Final = "ineligible"
REWEIGHT: Final = "reweight"
ENSEMBLE: Final = "ensemble"
USUAL_WEIGHTS: Final[Mapping[str, float]] = MappingProxyType(
    {"accuracy": 0.4, "auc": 0.3, "f1": 0.2, "data_quality": 0.1}
)
_KEYS: Final = ("weights", "ranges", "missing", "ensemble_bonus", "min_gain", "auto_select", "auto_select_best")
_OTHER_NAME: Final = "_score"
_DIGITS: Final = 12
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
Fail = Callable[[str, str], Exception]
DirectionOf = Callable[[str, Direction | None], Direction | None]


@dataclass(frozen=True, slots=True)
class Formula:
    """How a score is made; the usual one is the weighted mean of four metrics.

    Attributes:
        weights: By metric, positive, 1 together; a metric `f1` may also be called `f1_score`.
        ranges: By metric the value that counts 0 and the value that counts 1.
        missing: Without one of the metrics a version is `ineligible`, or the weights of the others are stretched.
        ensemble_bonus: What the score of an ensemble is multiplied by; 1 is none.
        min_gain: By how much the best must be better to be promoted in place of a holder.
        auto_select: The stage to which the best goes by itself when a version was registered; True for the highest,
            None for nothing of the kind.
        source: Where it is described: `default`, `score`, or the pattern of the model in `score.models`.
    """

    weights: Mapping[str, float] = field(default_factory=lambda: USUAL_WEIGHTS)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    missing: str = INELIGIBLE
    ensemble_bonus: float = 1.0
    min_gain: float = 0.01
    auto_select: str | Literal[True] | None = None
    source: str = "default"

    def document(self) -> dict[str, Any]:
        """Returns it as it stands in the document of `best`."""
        return {
            "source": self.source,
            "weights": dict(self.weights),
            "ranges": {name: list(ends) for name, ends in self.ranges.items()},
            "missing": self.missing,
            "ensemble_bonus": self.ensemble_bonus,
            "min_gain": self.min_gain,
            "auto_select": self.auto_select,
        }

    def scaled(self, metric: str, value: float, direction: Direction | None) -> float:
        """Returns `value` on a scale on which more is better.

        With a range: how far it is from its 0 to its 1, cut off at both. Without one a metric that falls is
        1 / (1 + value), and any other counts as it is.
        """
        if metric in self.ranges:
            zero, one = self.ranges[metric]
            return min(max((value - zero) / (one - zero), 0.0), 1.0)
        return 1 / (1 + value) if direction == "down" else value


@dataclass(frozen=True, slots=True)
class Formulas:
    """The formula of a repository, and others for models whose names match a pattern; the first that matches counts."""

    usual: Formula = Formula()
    by_pattern: Mapping[str, Formula] = field(default_factory=dict)

    def of(self, model: str) -> Formula:
        """Returns the formula for a model."""
        return next((one for pattern, one in self.by_pattern.items() if fnmatchcase(model, pattern)), self.usual)


class Candidate(NamedTuple):
    """A version as a score sees it: its sheet, and why it is not to be chosen, where that is so."""

    sheet: Sheet
    objection: str | None = None


class Row(NamedTuple):
    """A version with its score.

    Attributes:
        score: None where there is none: `objection` says why.
        objection: Why it cannot be the best, or None.
        missing: Metrics that it does not have and without which it was scored.
        bonus: What its score was multiplied by.
        metrics: The values that were weighed, by the names of the weights, in their base units.
        data: The digests of the data on which the metrics were measured, as far as that was stated.
        tied: The versions with the same score.
        same_data: Whether it was measured on the data of the first row; None where one of them does not say.
    """

    sheet: Sheet
    score: float | None
    objection: str | None = None
    missing: Sequence[str] = ()
    bonus: float = 1.0
    metrics: Mapping[str, float] = _NOTHING
    data: Mapping[str, str] = _NOTHING
    tied: Sequence[str] = ()
    same_data: bool | None = None

    @property
    def version(self) -> str:
        """The version as text."""
        return str(self.sheet["version"])

    @property
    def is_eligible(self) -> bool:
        """Whether it could be the best."""
        return self.score is not None and self.objection is None


def rank(candidates: Iterable[Candidate], formula: Formula, *, directions: Mapping[str, Direction]) -> list[Row]:
    """Returns the versions with their scores: those that could be the best first, the greatest score first.

    Equals stay in the order of `candidates`, so give the greatest version first. NaN and infinities are never weighed:
    who has one has no score. Who is tied with whom is not told yet: see `mlreg.domain.leaderboard`.
    """
    known = cache(lambda name, stated: direction_of(name, stated=stated, configured=directions))
    rows = [_scored(candidate, formula, known) for candidate in candidates]
    rows.sort(key=lambda row: (row.is_eligible, -math.inf if row.score is None else row.score), reverse=True)
    return rows


def gain(new: float, old: float) -> float:
    """Returns by how much a score is better, without the dust of binary fractions."""
    return round(new - old, _DIGITS)


def is_same_data(one: Row, other: Row) -> bool | None:
    """Whether two versions were measured on the same data, metric by metric; None where nothing is stated of either."""
    shared = one.data.keys() & other.data.keys()
    return all(one.data[metric] == other.data[metric] for metric in shared) if shared else None


def parse_formulas(table: Mapping[str, Any], fail: Fail) -> Formulas:
    """Returns the formulas that the section `[score]` of a configuration describes.

    Args:
        fail: Makes the error that something is wrong at a key.

    Raises:
        UsageError: A key or a value means nothing; made by `fail`.
    """
    reader = _Reader(fail)
    usual = reader.formula(Formula(source="score"), {key: value for key, value in table.items() if key != "models"})
    models = table.get("models", {})
    if not isinstance(models, dict):
        raise fail("models", 'score.models is not a table of patterns, as in `[score.models."fraud-*"]`')
    by_pattern = {}
    for pattern, own in models.items():
        if not isinstance(own, dict):
            raise fail(pattern, f"score.models.{pattern} is not a table")
        by_pattern[pattern] = reader.formula(replace(usual, source=pattern), own)
    return Formulas(usual, by_pattern)


def _scored(candidate: Candidate, formula: Formula, direction: DirectionOf) -> Row:
    sheet, judged = candidate.sheet, candidate.sheet.get(JUDGED, _NOTHING)
    names = {weight: name for weight in formula.weights if (name := _name_in(sheet, weight)) is not None}
    values = {weight: _number(sheet, name) for weight, name in names.items()}
    data = {weight: digest for weight, name in names.items() if (digest := judged.get(name, _NOTHING).get("data"))}
    metrics = {weight: value for weight, value in values.items() if value is not None}
    missing = [weight for weight in formula.weights if weight not in names]
    row = Row(sheet, None, candidate.objection, missing, metrics=metrics, data=data)
    if len(metrics) < len(names):
        odd = (name for weight, name in names.items() if weight not in metrics)
        return _unscored(row, f"{', '.join(odd)} is not finite")
    if missing and (formula.missing == INELIGIBLE or not names):
        return _unscored(row, f"without {', '.join(missing)}")
    scaled = {}
    for weight, value in metrics.items():
        way = direction(names[weight], judged.get(names[weight], _NOTHING).get("direction"))
        if way == "down" and value < 0 and weight not in formula.ranges:
            return _unscored(row, f"{weight} is below 0 and has no range")
        scaled[weight] = formula.scaled(weight, value, way)
    share = math.fsum(formula.weights[weight] for weight in scaled)
    bonus = formula.ensemble_bonus if _is_ensemble(sheet) else 1.0
    score = math.fsum(formula.weights[weight] * value for weight, value in scaled.items()) / share * bonus
    return row._replace(score=round(score, _DIGITS), bonus=bonus)


def _unscored(row: Row, why: str) -> Row:
    return row._replace(objection=row.objection or why)


def _name_in(sheet: Sheet, weight: str) -> str | None:
    """Returns what the metric of a weight is called in a sheet; one that is not finite is there too."""
    metrics, judged = sheet.get("metrics", {}), sheet.get(JUDGED, {})
    names = (weight, weight + _OTHER_NAME)
    return next((name for name in names if name in metrics or judged.get(name, {}).get("odd")), None)


def _number(sheet: Sheet, name: str) -> float | None:
    value: Any = sheet.get("metrics", {}).get(name)
    number: float | None = value[0] if isinstance(value, list) else value
    return number


def _is_ensemble(sheet: Sheet) -> bool:
    return sheet.get("meta", {}).get("is_ensemble") is True or str(sheet.get("type", "")).casefold() == ENSEMBLE


class _Reader:
    """Reads formulas, and says where one is wrong."""

    def __init__(self, fail: Fail) -> None:
        self._fail = fail

    def formula(self, base: Formula, table: Mapping[str, Any]) -> Formula:
        """Returns `base` with what `table` says."""
        for key in table:
            if key not in _KEYS:
                self._wrong(key, f"{key!a} means nothing in a score: known are {', '.join(_KEYS)}")
        return replace(
            base,
            weights=self._weights(table["weights"]) if "weights" in table else base.weights,
            ranges=self._ranges(table["ranges"]) if "ranges" in table else base.ranges,
            missing=self._missing(table.get("missing", base.missing)),
            ensemble_bonus=self._number("ensemble_bonus", table.get("ensemble_bonus", base.ensemble_bonus), least=1),
            min_gain=self._number("min_gain", table.get("min_gain", base.min_gain), least=0),
            auto_select=self._auto_select(table, base.auto_select),
        )

    def _weights(self, table: Any) -> dict[str, float]:
        if not isinstance(table, dict) or not table:
            self._wrong("weights", "the weights are not a table of metrics, as in `{ accuracy = 0.7, f1 = 0.3 }`")
        weights = {name: self._number(name, value) for name, value in table.items()}
        for name, weight in weights.items():
            if weight <= 0:
                self._wrong(name, f"the weight of {name} is not more than 0: a direction says which way it is better")
        if abs(math.fsum(weights.values()) - 1) > 10**-9:
            self._wrong("weights", f"the weights are {math.fsum(weights.values()):.6g} together, not 1")
        return weights

    def _ranges(self, table: Any) -> dict[str, tuple[float, float]]:
        if not isinstance(table, dict):
            self._wrong("ranges", "the ranges are not a table of metrics, as in `{ latency = [0.2, 0.0] }`")
        return {name: self._ends(name, ends) for name, ends in table.items()}

    def _ends(self, name: str, ends: Any) -> tuple[float, float]:
        if not isinstance(ends, list) or len(ends) != 2 or ends[0] == ends[1]:
            self._wrong(name, f"the range of {name} is not two values: the one that counts 0 and the one that counts 1")
        zero, one = (self._number(name, end) for end in ends)
        return zero, one

    def _missing(self, word: Any) -> str:
        if word not in (INELIGIBLE, REWEIGHT):
            self._wrong("missing", f"score.missing is neither {INELIGIBLE!r} nor {REWEIGHT!r}")
        return str(word)

    def _auto_select(self, table: Mapping[str, Any], base: str | Literal[True] | None) -> str | Literal[True] | None:
        if "auto_select" in table and "auto_select_best" in table:
            self._wrong("auto_select_best", "score.auto_select says it already")
        if "auto_select" in table:
            if not isinstance(table["auto_select"], str):
                self._wrong("auto_select", 'score.auto_select is not a stage, as in `auto_select = "production"`')
            return str(table["auto_select"])
        if not isinstance(table.get("auto_select_best", False), bool):
            self._wrong("auto_select_best", "score.auto_select_best is neither true nor false")
        if "auto_select_best" in table:
            return True if table["auto_select_best"] else None
        return base

    def _number(self, key: str, value: Any, *, least: float = -math.inf) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < least:
            self._wrong(key, f"{key} is not a number{'' if least == -math.inf else f' of {least:g} or more'}")
        return float(value)

    def _wrong(self, key: str, what: str) -> NoReturn:
        raise self._fail(key, what)
