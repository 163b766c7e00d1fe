"""Owns sheets: what a search looks at, the facts of one version as one mapping of plain values.

The part of it that the record says is a *card*. A metric is a number, or a number and its base unit where it has one;
one that is not finite is not on it. `judged` has by metric what else scores ask for: its direction and the digest of
the data that it was measured on, where these were stated, and that it is `odd` where it is not finite.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mlreg.domain.metric import Metric

if TYPE_CHECKING:
    from mlreg.domain.listing import Brief
    from mlreg.domain.record import ModelVersion

Sheet = Mapping[str, Any]
FIELDS = (
    "name", "version", "stage", "owner", "framework", "type", "description", "tags", "deprecated", "size_bytes",
    "registered_at", "registered_by",
)  # fmt: skip
GROUPS = ("metrics", "params", "meta", "lineage", "dataset")
METRICS = "metrics."
JUDGED = "judged"
TEXT = "text"
_SEARCHED = ("name", "description", "notes", "tags", "owner", "framework", "type", "lineage", "meta", "params", "why")


def card_of(record: ModelVersion) -> dict[str, Any]:
    """Returns the part of a sheet that a record says."""
    facts: dict[str, Any] = {
        "framework": record.framework,
        "type": record.type,
        "owner": record.owner,
        "description": record.description,
        "size_bytes": record.size_bytes,
        "metrics": _numbers(record.metrics),
        "params": dict(record.params),
        "lineage": dict(record.lineage),
        "dataset": dict(record.dataset),
        "meta": dict(record.meta),
        "features": list(record.features),
        "commit": record.captured.get("git", {}).get("commit"),
        JUDGED: _judged(record.metrics),
    }
    return {name: value for name, value in facts.items() if value not in (None, {}, [])}


def sheet_of(name: str, brief: Brief, card: Mapping[str, Any]) -> Sheet:
    """Returns the sheet of a version of the model `name`."""
    sheet: dict[str, Any] = {
        **card,
        "name": name,
        "version": brief.version,
        "stage": brief.stage,
        "tags": list(brief.tags),
        "notes": list(brief.notes),
        "registered_at": brief.registered_at,
        "registered_by": brief.registered_by,
        "deprecated": brief.deprecated is not None,
        "why": brief.deprecated["reason"] if brief.deprecated else None,
    }
    for path, fact in brief.late.items():
        if path == "metrics":
            stated = {metric: Metric.parse(metric, raw) for metric, raw in fact.items()}
            for group, values in ((path, _numbers(stated)), (JUDGED, _judged(stated))):
                kept = {metric: value for metric, value in sheet.get(group, {}).items() if metric not in fact}
                sheet[group] = {**kept, **values}
        else:
            sheet[path] = {**sheet.get(path, {}), **fact} if isinstance(fact, dict) else fact
    return sheet


def shown_metrics(shown: Mapping[str, Any], late: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the metrics as they are shown, sorted by name: those of the record, and those stated late over them."""
    if "metrics" not in late:
        return shown
    stated = {name: Metric.parse(name, raw).shown() for name, raw in late["metrics"].items()}
    return dict(sorted({**shown, **stated}.items()))


def value_at(sheet: Sheet, path: str) -> Any:
    """Returns the value at `path`, such as `meta.team`; None where there is none, or a mapping.

    At `text` are all the words of the sheet that a search for words looks at, case-folded, with one space between them.
    """
    if path == TEXT:
        return " ".join(
            word for name in _SEARCHED for text in _texts(sheet.get(name)) for word in text.split()
        ).casefold()
    value = _found(sheet, path)
    return None if isinstance(value, dict) else value


def _found(facts: Any, path: str) -> Any:
    """Looks for names with dots in them too: `metrics.a.b` is `a.b` of the metrics, or `b` of `a` of them."""
    if not isinstance(facts, Mapping):
        return None
    if path in facts:
        return facts[path]
    dots = (at for at, character in enumerate(path) if character == ".")
    return next((found for at in dots if (found := _found(facts.get(path[:at]), path[at + 1 :])) is not None), None)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _judged(metrics: Mapping[str, Metric]) -> dict[str, Any]:
    judged = {}
    for name, metric in metrics.items():
        said = {"direction": metric.direction, "data": metric.extra.get("dataset_digest"), "odd": not metric.is_finite}
        if any(said.values()):
            judged[name] = {key: value for key, value in said.items() if value}
    return judged


def _numbers(metrics: Mapping[str, Metric]) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for name, metric in metrics.items():
        if metric.is_finite:
            number, base = metric.canonical()
            numbers[name] = [number, base] if base else number
    return numbers
