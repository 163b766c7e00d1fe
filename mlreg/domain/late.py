"""Owns late facts: what may be stated of a version after its registration, and what that changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlreg.domain.metric import Metric
from mlreg.domain.names import checked_line, checked_words
from mlreg.domain.record import ModelVersion, with_late_facts
from mlreg.domain.values import plain_mapping


def late_facts(
    *, metrics: Mapping[str, Any], description: str | None, owner: str | None, meta: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns what was stated, checked as at registration, as it stands in events; what was not stated is left out.

    Raises:
        UsageError: One of the facts cannot be stored.
    """
    facts = {
        "description": None if description is None else checked_words(description, "the description"),
        "owner": None if owner is None else checked_line(owner, "an owner"),
        "metrics": {name: Metric.parse(name, value).stated() for name, value in metrics.items()},
        "meta": plain_mapping(meta, "the custom facts"),
    }
    return {name: value for name, value in facts.items() if value is not None and value != {}}


def completed(version: ModelVersion, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Returns `facts` with custom facts that are nested completed by their neighbours in `version`."""
    if "meta" not in facts:
        return dict(facts)
    return {**facts, "meta": {name: _over(version.meta.get(name), value) for name, value in facts["meta"].items()}}


def changes(version: ModelVersion, facts: Mapping[str, Any]) -> bool:
    """Whether `facts` say anything of `version` that it does not say already."""
    # True == 1 and they are different facts; the spelling knows
    return repr(with_late_facts(version, facts).stated()) != repr(version.stated())


def covered(version: ModelVersion, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what `version` says where `facts` say something: what they will cover."""
    stated = version.stated()
    return {
        name: {key: stated.get(name, {}).get(key) for key in value} if isinstance(value, Mapping) else stated.get(name)
        for name, value in facts.items()
    }


def not_finite(facts: Mapping[str, Any]) -> list[str]:
    """Returns the names of the metrics of late `facts` that are NaN or infinite, sorted."""
    metrics = facts.get("metrics", {})
    return sorted(name for name, value in metrics.items() if not Metric.parse(name, value).is_finite)


def _over(known: Any, value: Any) -> Any:
    if not isinstance(known, Mapping) or not isinstance(value, Mapping):
        return value
    return {**known, **{name: _over(known.get(name), item) for name, item in value.items()}}
