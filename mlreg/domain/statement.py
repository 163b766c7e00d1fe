"""Owns what registering means: which facts were stated, whether the same was registered before, which version it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlreg.domain.bump import Needed, breaks_promise, needed, understates
from mlreg.domain.metric import Metric
from mlreg.domain.names import checked_label, checked_line, checked_words, quoted
from mlreg.domain.record import ModelVersion, differing_facts
from mlreg.domain.semver import Level, Version
from mlreg.domain.state import ModelState, Standing
from mlreg.domain.values import plain_mapping
from mlreg.errors import BlockedError, TakenError, UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.domain.signatures import parsing
else:
    parsing = LazyModule("mlreg.domain.signatures.parsing")

UNNUMBERED = Version(0, 0, 0)
FIRST = Version(1, 0, 0)
LEVELS = ("major", "minor", "patch", "auto")
SAID_MAX = 5
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
    lineage: Mapping[str, Any],
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
        description=None if description is None else checked_words(description, "the description"),
        tags=tuple(sorted({checked_label(tag, "a tag") for tag in listed(tags, "the tags")})),
        metrics={name: Metric.parse(name, value) for name, value in metrics.items()},
        params=plain_mapping(params, "the parameters"),
        features=_features(features),
        signature=None if signature is None else parsing.parse(signature).facts(),
        requirements=tuple(requirements),
        lineage=_lineage(lineage),
        dataset=dataset,
        meta=plain_mapping(meta, "the custom facts"),
        captured=captured,
    )


def find_same(
    state: ModelState, new: ModelVersion, facts: str, content: str, *, stated: Version | None, read: ReadRecord
) -> Standing | None:
    """Returns the version that was registered with the same files and stated facts, or None.

    Two metrics may be the same number in two spellings: that is seen in the version of the stated number, else in the
    one that was registered last.

    Args:
        facts: The digest of the files and stated facts.
        content: The digest of the files alone.

    Raises:
        ConflictError: The stated version is there with other content.
    """
    if stated is None:
        return state.versions.registered_as(facts) or _last_if_same(state, new, content, read)
    known = state.versions.get(str(stated))
    if known is None or known.facts == facts:
        return known
    differing = differing_facts(read(known), new)
    if not differing:
        return known
    raise TakenError(
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


def _last_if_same(state: ModelState, new: ModelVersion, content: str, read: ReadRecord) -> Standing | None:
    last = next((state.versions[name] for name in [*state.versions][-1:]), None)
    return last if last and last.content == content and not differing_facts(read(last), new) else None


def choose_version(
    state: ModelState, new: ModelVersion, *, stated: Version | None, bump: str, read: ReadRecord
) -> Choice:
    """Returns the number of the new version: the stated one, else the baseline's, raised.

    The baseline is the greatest release (below the stated version); `auto` raises by what changed in the signature
    and the features.

    Raises:
        UsageError: `bump` is none of the levels.
        BlockedError: A number that was stated or asked for says less than what changed in the declared signature.
    """
    if bump not in LEVELS:
        raise UsageError(f"{quoted(bump)} is not a level", hint="the levels are `major`, `minor`, `patch` and `auto`")
    baseline = _baseline(state, stated)
    if stated is not None:
        return Choice(stated, warnings=_understatement(stated, baseline, new, read))
    if baseline is None:
        return _first(state, bump)
    if bump == "auto":
        found = needed(read(baseline), new)
        return Choice(baseline.version.bump(found.level), found.level, found.reasons, _undeclared(baseline, new, found))
    asked: Level = bump  # type: ignore[assignment]
    version = baseline.version.bump(asked)
    return Choice(version, asked, ["as asked"], _understatement(version, baseline, new, read))


def check_promise(state: ModelState, new: ModelVersion, read: ReadRecord) -> None:
    """Checks that the number of `new` says enough of how its signature differs from that of the release below.

    Raises:
        BlockedError: It says less.
    """
    _understatement(new.version, _baseline(state, new.version), new, read)


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
    found = needed(read(baseline), new)
    if found.promised is not None and breaks_promise(stated, baseline.version, found.promised):
        raise _breaking(stated, baseline.version, new.name, found)
    warnings = _undeclared(baseline, new, found)
    if understates(stated, baseline.version, found.level) and not warnings and not _is_free(stated, found):
        said = "; ".join(found.reasons)
        warnings.append(f"{stated} says less than what changed since {baseline.version}: {said} ({found.level})")
    return warnings


def _is_free(stated: Version, found: Needed) -> bool:
    """Whether a number below 1.0.0 says enough: what changed is in a signature that was held against it."""
    return stated.major == 0 and found.promised == found.level


def _undeclared(baseline: Standing, new: ModelVersion, found: Needed) -> list[str]:
    if not found.changes or new.signature is not None:
        return []
    return [f"{baseline.version} declares a signature and this version none: a promise is taken back (major)"]


def _breaking(stated: Version, baseline: Version, name: str, found: Needed) -> BlockedError:
    level = found.promised or found.level
    takes = baseline.bump(level)
    said = [change.reason for change in found.changes if change.level == level]
    more = f" and {len(said) - SAID_MAX} more" if len(said) > SAID_MAX else ""
    breaks = level == "major"
    return BlockedError(
        f"{name} {stated} {'would break who relies on' if breaks else 'says less than what changed since'} {baseline}: "
        f"{'; '.join(said[:SAID_MAX])}{more}",
        hint=f"it is a {level} change: register it with `--version {takes}`, or with `--bump auto`",
        facts={
            "model": name,
            "stated": str(stated),
            "baseline": str(baseline),
            "needs": str(takes),
            "level": level,
            "changes": [change.document() for change in found.changes],
        },
        code="signature-breaking" if breaks else "signature-understated",
    )


def _lineage(stated: Mapping[str, Any]) -> dict[str, Any]:
    lines = {key: value for key, value in stated.items() if key != "depends_on" and value is not None}
    known: dict[str, Any] = {key: checked_line(value, f"the {key}") for key, value in lines.items()}
    # the same set is the same fact in whatever order it was stated
    relied = sorted({checked_line(one, "what it depends on") for one in stated.get("depends_on") or ()})
    return {**known, "depends_on": relied} if relied else known


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
