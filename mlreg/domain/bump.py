"""Owns the level by which a version follows another: what its features ask for, and what it states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mlreg.domain.compare import feature_changes
from mlreg.domain.names import quoted
from mlreg.domain.record import ModelVersion
from mlreg.domain.semver import Level, Version

_LEVELS: Final[Sequence[Level]] = ("patch", "minor", "major")
_MAX_REASONS: Final = 10


def bump_level(baseline: ModelVersion | None, candidate_features: Sequence[str]) -> tuple[Level, list[str]]:
    """Returns the level by which a version with `candidate_features` follows `baseline`, and the reasons.

    The feature list alone decides: one removed is major, one added is minor, the same features are patch.
    """
    if baseline is None:
        return "patch", ["there is no release below"]
    if not baseline.features:
        return "patch", [f"{baseline.version} declares no features"]
    if not candidate_features:
        return "patch", ["no features are declared"]
    changes = feature_changes(baseline.features, candidate_features)
    reasons = [f"feature {quoted(name)} was removed" for name in changes.removed]
    reasons += [f"feature {quoted(name)} was added" for name in changes.added]
    level: Level = "major" if changes.removed else "minor" if changes.added else "patch"
    return level, _capped(reasons) or [f"the features are those of {baseline.version}"]


def understates(stated: Version, baseline: Version, needed: Level) -> bool:
    """Returns whether `stated`, as the version after `baseline`, says less than `needed`."""
    return _LEVELS.index(_step(stated, baseline)) < _LEVELS.index(needed)


def _step(stated: Version, baseline: Version) -> Level:
    if stated.major != baseline.major:
        return "major"
    return "minor" if stated.minor != baseline.minor else "patch"


def _capped(reasons: Sequence[str]) -> list[str]:
    more = len(reasons) - _MAX_REASONS
    return [*reasons[:_MAX_REASONS], *([f"and {more} more"] if more > 0 else [])]
