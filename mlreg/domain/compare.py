"""Owns what differs between versions, which of them each metric favours, and what follows from that."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from mlreg.domain.directions import direction_of
from mlreg.domain.metric import EXACT, Direction, Metric, Number, spelled
from mlreg.domain.record import ModelVersion
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.domain.signatures import stated
else:
    stated = LazyModule("mlreg.domain.signatures.stated")

Labelled = tuple[str, ModelVersion]
Verdict = Literal["deploy", "keep", "ab_test", "none"]
Outcome = Literal["improved", "declined", "tied", "unknown", "missing"]

OUTCOMES: Final[Sequence[Outcome]] = ("improved", "declined", "tied", "unknown", "missing")
SENTENCES: Final[Mapping[Verdict, str]] = {
    "deploy": "Recommend deploying newer version (70%+ metrics improved)",
    "keep": "Keep current version (metrics declined)",
    "ab_test": "Mixed results - conduct A/B test",
    "none": "No recommendation (no metric is known to be better or worse)",
}
_PCT_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class FeatureChanges:
    """The features that only the new version has, and those that only the old one had."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric over all versions that are compared.

    `values` and `texts` go by version, None where it has no such metric; `texts` is what was stated, where
    there are units, and the values are in `unit` where these compare. `difference`, `difference_pct` and
    `outcome` are of the leading candidate against the baseline; `best` is the place of the one best version.
    """

    name: str
    values: Sequence[Number | str | None]
    difference: Number | None
    difference_pct: float | None
    direction: Direction | None
    best: int | None
    outcome: Outcome
    unit: str | None = None
    texts: Sequence[str | None] | None = None
    note: str | None = None

    def document(self, labels: Sequence[str]) -> dict[str, Any]:
        """Returns the row as the JSON document of `compare` has it."""
        values: dict[str, Any] = dict(zip(labels, self.values, strict=True))
        facts = values | {
            "difference": self.difference,
            "difference_pct": self.difference_pct,
            "direction": self.direction,
            "better": None if self.best is None else labels[self.best],
        }
        if self.texts is not None:
            facts |= {"unit": self.unit, "text": dict(zip(labels, self.texts, strict=True))}
        return facts | ({"note": self.note} if self.note else {})


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between a baseline and its candidates.

    `versions[0]` is the baseline and `versions[leading]` the leading candidate, of which all but the values
    of the metrics speaks. `pairs` has one comparison for each candidate where there are more than one.
    """

    versions: Sequence[Labelled]
    leading: int
    metrics: Sequence[MetricRow]
    pairs: Sequence[Comparison] = ()

    @property
    def tally(self) -> Mapping[str, int]:
        """How many metrics came out how; every outcome is there."""
        counted = Counter(row.outcome for row in self.metrics)
        return {outcome: counted[outcome] for outcome in OUTCOMES}

    @property
    def verdict(self) -> Verdict:
        """What follows from the share of improved metrics; ties, unknown and missing ones do not count."""
        improved = self.tally["improved"]
        counted = improved + self.tally["declined"]
        if not counted:
            return "none"
        # in whole numbers, since 0.7 and 0.3 are not quite doubles
        if 10 * improved > 7 * counted:
            return "deploy"
        return "keep" if 10 * improved < 3 * counted else "ab_test"

    def document(self) -> dict[str, Any]:
        """Returns the comparison as `compare --json` prints it, without `schema`."""
        labels = [label for label, _ in self.versions]
        baseline, candidate = self.versions[0], self.versions[self.leading]
        facts = {
            "name": baseline[1].name,
            "versions_compared": labels,
            "metric_comparison": {row.name: row.document(labels) for row in self.metrics},
            "features": _features(baseline[1], candidate[1]),
            "params": _params(baseline, candidate),
            "signature": _signature(baseline[1].signature, candidate[1].signature),
            "files": _files(baseline, candidate),
            "recommendation": {"verdict": self.verdict, "text": SENTENCES[self.verdict], **self.tally},
            "candidate": candidate[0],
        }
        return {**facts, "comparisons": [pair.document() for pair in self.pairs]} if self.pairs else facts


def compare(candidates: Sequence[Labelled], *, directions: Mapping[str, Direction] = {}) -> Comparison:
    """Returns what differs between the first version, the baseline, and the others.

    The leading candidate has the greatest number of improved less declined metrics, the last of several.

    Args:
        candidates: Two versions or more, each with the label under which it is shown.
        directions: The configured direction of metrics, by name.

    Raises:
        UsageError: There are fewer than two versions.
    """
    if len(candidates) < 2:
        raise UsageError("there is nothing to compare with", hint="name two versions or more")
    baseline, *others = candidates
    pairs = [_comparison([baseline, other], 1, directions) for other in others]
    if len(pairs) == 1:
        return pairs[0]
    leads = [pair.tally["improved"] - pair.tally["declined"] for pair in pairs]
    leading = max(range(len(leads)), key=lambda at: (leads[at], at)) + 1
    return replace(_comparison(candidates, leading, directions), pairs=tuple(pairs))


def feature_changes(old: Sequence[str], new: Sequence[str]) -> FeatureChanges:
    """Returns the features that were added to `old` and removed from it, without regard to their order."""
    return FeatureChanges(added=_without(new, old), removed=_without(old, new))


def _comparison(versions: Sequence[Labelled], leading: int, directions: Mapping[str, Direction]) -> Comparison:
    metrics = [version.metrics for _, version in versions]
    names = sorted({name for stated in metrics for name in stated})
    rows = (_row(name, [stated.get(name) for stated in metrics], leading, directions) for name in names)
    return Comparison(tuple(versions), leading, tuple(rows))


def _row(name: str, metrics: Sequence[Metric | None], leading: int, directions: Mapping[str, Direction]) -> MetricRow:
    old, new = metrics[0], metrics[leading]
    stated = {metric.direction for metric in (old, new) if metric and metric.direction}
    is_contradicted = len(stated) > 1 and name not in directions
    known = direction_of(name, stated=min(stated, default=None), configured=directions)
    direction = None if is_contradicted else known
    step = _step(old, new)
    bases = sorted(_bases(metrics))
    has_units = any(metric.unit for metric in metrics if metric)
    return MetricRow(
        name=name,
        values=tuple(_value(metric, is_mixed=len(bases) > 1) for metric in metrics),
        difference=_number(step, metrics),
        difference_pct=_percentage(step, old),
        direction=direction,
        best=_best(metrics, direction),
        outcome=_outcome(old, new, _best((old, new), direction), step),
        unit=bases[0] if has_units and len(bases) == 1 else None,
        texts=tuple(str(metric.shown()) if metric else None for metric in metrics) if has_units else None,
        note=_note(bases, is_contradicted=is_contradicted),
    )


def _bases(metrics: Sequence[Metric | None]) -> set[str]:
    """Returns the base units of the numbers; the unit of what is not finite does not matter.

    A ratio and a number without unit are both without dimension: 90% stands beside 0.91.
    """
    bases = {metric.exact()[1] for metric in metrics if metric and metric.is_finite}
    return {"ratio"} if bases == {"", "ratio"} else bases


def _step(old: Metric | None, new: Metric | None) -> Decimal | None:
    """Returns `new` - `old` without rounding, None where there is no such number."""
    if not (old and new and old.is_finite and new.is_finite) or len(_bases((old, new))) > 1:
        return None
    return EXACT.subtract(new.exact()[0], old.exact()[0])


def _percentage(step: Decimal | None, old: Metric | None) -> float | None:
    if not step or old is None:
        return None if step is None else 0.0
    base = old.exact()[0]
    share = _double(EXACT.divide(EXACT.multiply(step, Decimal(100)), base.copy_abs())) if base else None
    return None if share is None else round(share, _PCT_DIGITS) + 0.0


def _best(metrics: Sequence[Metric | None], direction: Direction | None) -> int | None:
    """Returns the position of the one best metric of two or more; what is not finite never is."""
    present = [metric for metric in metrics if metric]
    numbers = {at: metric.exact()[0] for at, metric in enumerate(metrics) if metric and metric.is_finite}
    if direction is None or len(present) < 2 or not numbers or len(_bases(metrics)) > 1:
        return None
    top = max(numbers.values()) if direction == "up" else min(numbers.values())
    winners = [at for at, number in numbers.items() if number == top]
    return winners[0] if len(winners) == 1 else None


def _outcome(old: Metric | None, new: Metric | None, best: int | None, step: Decimal | None) -> Outcome:
    if old is None or new is None:
        return "missing"
    if best is None:
        return "tied" if step == 0 else "unknown"
    return "improved" if best else "declined"


def _value(metric: Metric | None, *, is_mixed: bool) -> Number | str | None:
    if metric is None or is_mixed:
        return metric.shown() if metric else None
    return _number(metric.exact()[0], [metric]) if metric.is_finite else spelled(metric.value)


def _number(number: Decimal | None, sources: Iterable[Metric | None]) -> Number | None:
    """Returns `number` as JSON can have it, whole where it is and those that it comes from were stated so."""
    is_stated_whole = all(isinstance(metric.value, int) for metric in sources if metric)
    if number is None or not is_stated_whole or number != number.to_integral_value():
        return _double(number)
    return int(number)


def _double(number: Decimal | None) -> float | None:
    return None if number is None or math.isinf(float(number)) else float(number)


def _note(bases: Sequence[str], *, is_contradicted: bool) -> str | None:
    notes = [f"the units do not compare: {', '.join(base or 'none' for base in bases)}"] if len(bases) > 1 else []
    if is_contradicted:
        notes.append("the versions state opposite directions")
    return "; ".join(notes) or None


def _without(names: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    there = frozenset(others)
    return tuple(name for name in dict.fromkeys(names) if name not in there)


def _features(old: ModelVersion, new: ModelVersion) -> dict[str, Any]:
    changes = feature_changes(old.features, new.features)
    before, after = _inputs(old), _inputs(new)
    return {
        "added": list(changes.added),
        "removed": list(changes.removed),
        "modified": [name for name in before if name in after and before[name] != after[name]],
        "reordered": _without(old.features, changes.removed) != _without(new.features, changes.added),
    }


def _inputs(version: ModelVersion) -> Mapping[str, Any]:
    return {} if version.signature is None else stated.fields_of(version.signature)


def _params(old: Labelled, new: Labelled) -> dict[str, Any]:
    before, after = old[1].params, new[1].params
    return {
        name: {old[0]: before.get(name), new[0]: after.get(name)}
        for name in sorted(before.keys() | after.keys(), key=str)
        if not _is_same(before.get(name), after.get(name))
    }


def _signature(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns what changed, and whether callers of the old can call the new one; None where nothing was promised."""
    if old is None and new is None:
        return {"compatible": None, "changes": []}
    found = stated.compare_stated(old, new)
    compatible = None if old is None else not any(change.breaking for change in found)
    return {"compatible": compatible, "changes": [change.document() for change in found]}


def _files(old: Labelled, new: Labelled) -> dict[str, Any]:
    before, after = ({entry.path: entry for entry in version.files} for _, version in (old, new))
    return {
        "added": sorted(after.keys() - before.keys()),
        "removed": sorted(before.keys() - after.keys()),
        "changed": sorted(path for path in before.keys() & after.keys() if before[path] != after[path]),
        "size_bytes": {label: version.size_bytes for label, version in (old, new)},
    }


def _is_same(old: Any, new: Any) -> bool:
    # True == 1 and nan != nan; the spelling knows better
    return (old == new and isinstance(old, bool) == isinstance(new, bool)) or repr(old) == repr(new)
