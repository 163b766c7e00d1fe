"""Owns the level by which a version follows another: what its signature and its features ask for, what it states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlreg.domain.compare import feature_changes
from mlreg.domain.names import few, quoted
from mlreg.domain.record import ModelVersion
from mlreg.domain.semver import Level, Version
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.domain.signatures import changes, stated
    from mlreg.domain.signatures.changes import Change
else:
    changes = LazyModule("mlreg.domain.signatures.changes")
    stated = LazyModule("mlreg.domain.signatures.stated")

_LEVELS: Final[Sequence[Level]] = ("patch", "minor", "major")
_MAX_REASONS: Final = 10
_EACH: Final = 3


@dataclass(frozen=True, slots=True)
class Needed:
    """What a version asks for after its baseline.

    `level` and `reasons` are of its features and its signature together; `promised` is the level that its signature
    asks for, None where it declares none: only that can refuse a version. `changes` are those of the signature.
    """

    level: Level
    reasons: Sequence[str]
    promised: Level | None = None
    changes: Sequence[Change] = ()


def needed(baseline: ModelVersion, new: ModelVersion) -> Needed:
    """Returns the level by which `new` follows `baseline`.

    The greater of what the features and the signature ask for. A signature that is not declared any more is a promise
    taken back, which is major.
    """
    level, reasons = bump_level(baseline, new.features)
    if baseline.signature is None and new.signature is None:
        return Needed(level, reasons)
    found = stated.compare_stated(baseline.signature, new.signature)
    promised = changes.level_of(found)
    said = [change.reason for change in found if change.level == promised]
    if _LEVELS.index(promised) < _LEVELS.index(level):
        said, greater = list(reasons), level
    else:
        greater = promised
        own = reasons if level == promised != "patch" else []
        said = _capped([*said, *own]) or [f"the signature is that of {baseline.version}"]
    return Needed(greater, said, None if new.signature is None else promised, found)


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
    found = feature_changes(baseline.features, candidate_features)
    reasons = [*_told(found.removed, "removed"), *_told(found.added, "added")]
    level: Level = "major" if found.removed else "minor" if found.added else "patch"
    return level, reasons or [f"the features are those of {baseline.version}"]


def understates(stated: Version, baseline: Version, needed: Level) -> bool:
    """Returns whether `stated`, as the version after `baseline`, says less than `needed`."""
    return _LEVELS.index(_step(stated, baseline)) < _LEVELS.index(needed)


def breaks_promise(stated: Version, baseline: Version, promised: Level) -> bool:
    """Returns whether `stated`, as the version after `baseline`, says less than its signature asks for.

    Before 1.0.0 a step of the minor number may break (SemVer 4): there it is enough for any change.
    """
    if stated.major == baseline.major == 0 and stated.minor != baseline.minor:
        return False
    return understates(stated, baseline, promised)


def _step(stated: Version, baseline: Version) -> Level:
    if stated.major != baseline.major:
        return "major"
    return "minor" if stated.minor != baseline.minor else "patch"


def _told(features: Sequence[str], what: str) -> list[str]:
    """Returns the reasons that `features` are: one for each of a few, one for many together."""
    names = [quoted(name) for name in features]
    if len(names) > _EACH:
        return [f"{len(names)} features were {what}: {few(names, _EACH)}"]
    return [f"feature {name} was {what}" for name in names]


def _capped(reasons: Sequence[str]) -> list[str]:
    more = len(reasons) - _MAX_REASONS
    return [*reasons[:_MAX_REASONS], *([f"and {more} more"] if more > 0 else [])]
