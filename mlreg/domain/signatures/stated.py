"""Owns signatures as records hold them: read leniently where they were written before anybody checked them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlreg.domain.signatures.changes import Change, compare
from mlreg.domain.signatures.model import Field, by_name
from mlreg.domain.signatures.parsing import parse
from mlreg.errors import UsageError


def compare_stated(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> list[Change]:
    """Returns what changed between the signatures of two records; what cannot be read counts as breaking."""
    try:
        return compare(None if old is None else parse(old), None if new is None else parse(new))
    except UsageError as error:
        if old == new:
            return []
        reason = f"it cannot be judged what changed: {error.message}"
        return [Change("signature", "unreadable", True, reason, "major")]


def shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the signature of a record as people write it; as it stands where it cannot be read."""
    try:
        return parse(values).written()
    except UsageError:
        return dict(values)


def fields_of(values: Mapping[str, Any]) -> Mapping[str, Field]:
    """Returns the inputs that the signature of a record declares, by their names; none where it cannot be read."""
    try:
        return by_name(parse(values).inputs)
    except UsageError:
        return {}
