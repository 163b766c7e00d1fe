"""Owns what registering means: which facts were stated, whether the same was registered before, which version it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlreg.domain.bump import bump_level, understates
from mlreg.domain.metric import Metric
from mlreg.domain.names import checked_label, checked_line, checked_text, quoted
from mlreg.domain.record import ModelVersion, differing_facts
from mlreg.domain.semver import Level, Version
from mlreg.domain.state import ModelState, Standing
from mlreg.domain.values import plain_mapping
from mlreg.errors import ConflictError, UsageError

UNNUMBERED = Version(0, 0, 0)
FIRST = Version(1, 0, 0)
LEVELS = ("major", "minor", "patch", "auto")
ReadRecord = Callable[[Standing], ModelVersion]


@dataclass(frozen=True, slots=True)
class Choice:
    """The number of a new version; `level` and `reasons` where it was not stated; warnings where it was."""

    version: Version
    level: Level | None = None
    reasons: Sequence[str] = ()
    warnings: Sequence[str] = ()


def stated_version(
    name: str,
    *,
    metrics: Mapping[str, Any],
    params: Mapping[str, Any],
    features: Iterable[str],
    signature: Mapping[str, Any] | None,
    requirements: Sequence[str],
    lineage: Mapping[str, str | None],
    framework: str | None,
    type: str | None,
    tags: Iterable[str],
    owner: str | None,
    description: str | None,
    meta: Mapping[str, Any],
    captured: Mapping[str, Any],
    dataset: Mapping[str, Any],
) -> ModelVersion:
    """Returns what was stated as a version without number and files yet; `dataset` was checked before.

    Raises:
        UsageError: One of the facts cannot be stored.
    """
    return ModelVersion(
        name=name,
        version=UNNUMBERED,
        framework=_line(framework, "a framework"),
        type=_line(type, "a type of model"),
        owner=_line(owner, "an owner"),
        description=None if description is None else checked_text(description, "the description"),
        tags=tuple(sorted({checked_label(tag, "a tag") for tag in listed(tags, "the tags")})),
        metrics={name: Metric.parse(name, value) for name, value in metrics.items()},
        params=plain_mapping(params, "the parameters"),
        features=_features(features),
        signature=None if signature is None else plain_mapping(signature, "the signature"),
        requirements=tuple(requirements),
        lineage={key: checked_line(value, f"the {key}") for key, value in lineage.items() if value is not None},
        dataset=dataset,
        meta=plain_mapping(meta, "the custom facts"),
        captured=captured,
    )


def find_same(
    state: ModelState, new: ModelVersion, facts: str, *, stated: Version | None, read: ReadRecord
) -> Standing | None:
    """Returns the version that was registered with the same files and stated facts (their digest: `facts`), or None.

    Raises:
        ConflictError: The stated version is there with other content.
    """
    if stated is None:
        return state.versions.registered_as(facts)
    known = state.versions.get(str(stated))
    if known is None or known.facts == facts:
        return known
    differing = differing_facts(read(known), new)
    raise ConflictError(
        f"{state.spelling} {stated} exists with other content: {', '.join(differing)} differ",
        hint=f"state another version, or see `mlreg info {state.spelling}@{stated}`",
        facts={
            "model": state.spelling,
            "version": str(stated),
            "digest": known.record,
            "differing": differing,
        },
        code="version-exists",
    )


def choose_version(
    state: ModelState, new: ModelVersion, *, stated: Version | None, bump: str, read: ReadRecord
) -> Choice:
    """Returns the number of the new version: the stated one, else the baseline's, raised.

    The baseline is the greatest release (below the stated version); `auto` raises by what changed in the features.

    Raises:
        UsageError: `bump` is none of the levels.
    """
    if bump not in LEVELS:
        raise UsageError(f"{bump!a} is not a level", hint="the levels are `major`, `minor`, `patch` and `auto`")
    baseline = _baseline(state, stated)
    if stated is not None:
        return Choice(stated, warnings=_understatement(stated, baseline, new, read))
    if baseline is None:
        return _first(state, bump)
    if bump == "auto":
        level, reasons = bump_level(read(baseline), new.features)
        return Choice(baseline.version.bump(level), level, reasons)
    asked: Level = bump  # type: ignore[assignment]
    version = baseline.version.bump(asked)
    return Choice(version, asked, ["as asked"], _understatement(version, baseline, new, read))


def _first(state: ModelState, bump: str) -> Choice:
    greatest = next(iter(state.in_order()), None)
    if greatest is None:
        return Choice(FIRST, "major", ["it is the first version"])
    if bump == "auto":
        return Choice(greatest.version.bump("patch"), "patch", [f"it is the release of {greatest.version}"])
    asked: Level = bump  # type: ignore[assignment]
    return Choice(greatest.version.bump(asked), asked, ["as asked"])


def _baseline(state: ModelState, below: Version | None) -> Standing | None:
    for text in state.versions.names_in_order():
        version = Version.parse(text)
        if not version.is_prerelease and (below is None or version < below):
            return state.versions[text]
    return None


def _understatement(stated: Version, baseline: Standing | None, new: ModelVersion, read: ReadRecord) -> list[str]:
    if baseline is None:
        return []
    level, reasons = bump_level(read(baseline), new.features)
    if not understates(stated, baseline.version, level):
        return []
    return [f"{stated} says less than what changed since {baseline.version}: {'; '.join(reasons)} ({level})"]


def _line(value: str | None, what: str) -> str | None:
    return None if value is None else checked_line(value, what)


def _features(names: Iterable[str]) -> tuple[str, ...]:
    features = tuple(checked_line(name, "a feature") for name in listed(names, "the features"))
    known: set[str] = set()
    for name in features:
        if name in known:
            raise UsageError(f"the feature {quoted(name)} is listed twice", hint="name it once: `--feature NAME`")
        known.add(name)
    return features


def listed(names: Iterable[str], what: str) -> list[str]:
    """Returns `names` as a list.

    Raises:
        UsageError: They are one text, which Python would take letter by letter.
    """
    if isinstance(names, str):
        raise UsageError(f"{what} are one text, {quoted(names)}, where a list is needed")
    return list(names)
