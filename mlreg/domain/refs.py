"""Owns references: `NAME@3.1.0`, `NAME@production~1`, `NAME@^3.1` … and which version of a model they mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from mlreg.domain.decide import find_standing
from mlreg.domain.events import ROLLED_BACK
from mlreg.domain.names import checked_label, checked_model_name, few, quoted, suggestion
from mlreg.domain.semver import Version
from mlreg.domain.stages import ARCHIVED, Stages
from mlreg.domain.state import ModelState, Standing, Tenure
from mlreg.domain.times import moment_of
from mlreg.errors import NotFoundError, UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.domain import constraint as constraints
else:
    constraints = LazyModule("mlreg.domain.constraint")

LATEST = "latest"
BEST = "best"
_STAGE_FORM = r"(?P<stage>[^~@{}]+)(?:~(?P<back>[0-9]{0,6})|@\{(?P<date>[^{}]*)\})?"
_DIGEST_CHARACTERS = len("sha256:") + 64
_DIGEST = r"sha256:[0-9a-f]{6,64}"
_PLAIN_VERSION = re.compile(r"[vV]?[0-9]+(\.[0-9]+(\.[0-9]+([-+][0-9A-Za-z.+-]*)?)?)?")
_PARTIAL = r"[vV]?[0-9]+(\.[0-9]+)?"
_VERSION_LIKE = r"[vV]?[0-9]+(\.|\Z)"


class ByVersion(NamedTuple):
    """Exactly that version; `partial` where it was zero-filled."""

    version: Version
    partial: bool


class ByStage(NamedTuple):
    """The holder of a stage: now, `back` tenures before, or at a moment."""

    stage: str
    back: int = 0
    moment: str | None = None


class ByAlias(NamedTuple):
    """The version that the alias points at."""

    alias: str


class ByLatest(NamedTuple):
    """The greatest release that is neither a pre-release nor deprecated."""


class ByBest(NamedTuple):
    """The version with the best score."""


class ByConstraint(NamedTuple):
    """The greatest version that is not deprecated and matches."""

    constraint: constraints.Constraint
    text: str


class ByDigest(NamedTuple):
    """The version whose record, list of files or a file has a digest that begins so."""

    prefix: str


Selector = ByVersion | ByStage | ByAlias | ByLatest | ByBest | ByConstraint | ByDigest
FileDigests = Callable[[Standing], Iterable[str]]
FindBest = Callable[[], Standing]


class Ref(NamedTuple):
    """A model's name and, where it was given, which version of it. `text` is the reference as written."""

    name: str
    selector: Selector | None
    text: str


class Resolved(NamedTuple):
    """A version, what found it (`version`, `stage`, `latest`, …) and a sentence on what was assumed."""

    standing: Standing
    by: str
    note: str | None = None


def says_version(text: str) -> bool:
    """Whether `text` names a model and a version; `production@{2026-03-31}` alone names a version only."""
    _, mark, selector = text.partition("@")
    return bool(mark) and not selector.startswith("{")


def joined(words: Iterable[str], is_whole: Callable[[str], bool] = says_version) -> list[str]:
    """Returns the references that `NAME A B…`, `NAME@A B…` or `REF REF…` are, each one word: `NAME@A`.

    Args:
        is_whole: Whether a word is neither a bare model nor a version of the model before it.
    """
    found: list[str] = []
    model: str | None = None
    is_bare = False  # nothing but the model's name has come of it
    for word in words:
        if is_whole(word):
            found += [model] if model and is_bare else []
            found.append(word)
            model, is_bare = word.partition("@")[0] if says_version(word) else None, False
        elif model is None:
            model, is_bare = word, True
        else:
            found.append(f"{model}@{word}")
            is_bare = False
    return [*found, model] if model and is_bare else found


def parse_ref(text: str, stages: Stages) -> Ref:
    """Returns the reference `NAME` or `NAME@SELECTOR`.

    Raises:
        UsageError: The name or the selector is none.
    """
    name, mark, selector = text.partition("@")
    return Ref(checked_model_name(name), parse_selector(selector, stages) if mark else None, text)


def parse_selector(text: str, stages: Stages) -> Selector:
    """Returns which version `text`, what stands behind the `@` of a reference, selects.

    Raises:
        UsageError: It selects nothing, or the archive.
    """
    if text.startswith("sha256:"):
        return _digest_selector(text)
    if text.lower() == LATEST:
        return ByLatest()
    if text.lower() == BEST:
        return ByBest()
    if selector := _stage_selector(text, stages):
        return selector
    if _PLAIN_VERSION.fullmatch(text):
        return _version_selector(text)
    if text.strip() and constraints.is_constraint(text):
        return ByConstraint(constraints.Constraint.parse(text), text)
    if re.match(_VERSION_LIKE, text):
        return _version_selector(text)
    return ByAlias(_alias(text, stages))


def checked_alias(text: str, stages: Stages) -> str:
    """Returns `text` where it can be an alias.

    Raises:
        UsageError: It is a stage's spelling, `latest`, `best`, or parses as a version or constraint.
    """
    label = checked_label(text, "an alias")
    if stages.find(label) is None and isinstance(parse_selector(label, stages), ByAlias):
        return label
    raise UsageError(
        f"{quoted(text)} cannot be an alias: it means something else already",
        hint="choose a word of your own, as in `champion`",
    )


def resolve(
    state: ModelState, selector: Selector, *, stages: Stages, digests: FileDigests, best: FindBest, asked: str
) -> Resolved:
    """Returns the version of the model that `selector` means.

    Args:
        digests: Gives the digests of a version's files.
        best: Finds the version with the best score.
        asked: The reference as written, for messages.

    Raises:
        NotFoundError: There is none.
        UsageError: A digest means several.
    """
    match selector:
        case ByVersion():
            return _by_version(state, selector)
        case ByStage():
            return _by_stage(state, selector, stages, asked)
        case ByLatest():
            return _chosen(state, _found(state.latest(), state, asked, "has no release yet"), LATEST)
        case ByBest():
            return Resolved(best(), BEST)
        case ByConstraint():
            return _by_constraint(state, selector)
        case ByDigest():
            return _by_digest(state, selector, digests)
        case ByAlias():
            return _by_alias(state, selector, stages)


def resolve_shown(state: ModelState, *, stages: Stages) -> Resolved:
    """Returns the version whose facts stand for the whole model: production's, else the latest.

    Raises:
        NotFoundError: There is neither.
    """
    holder = state.holder(stages.top)
    if holder is not None:
        return Resolved(state.versions[holder], stages.top)
    standing = state.latest() or next(iter(state.in_order()), None)
    return Resolved(_found(standing, state, state.spelling, "has no version"), LATEST)


def resolve_used(state: ModelState, *, stages: Stages) -> Resolved:
    """Returns the version whose bytes a bare name means: production's; before there ever was one, the latest.

    Raises:
        NotFoundError: Production is empty but was not always, or there is no release.
    """
    seat = state.seat(stages.top)
    if seat.holder is not None:
        return Resolved(state.versions[seat.holder], stages.top)
    if seat.tenures:
        raise _nobody(state, stages.top)
    latest = _found(state.latest(), state, state.spelling, "has no release yet")
    note = f"nothing of {state.spelling} was ever in {stages.top}: taking the latest release, {latest.version}"
    return Resolved(latest, LATEST, note)


def _version_selector(text: str) -> ByVersion:
    return ByVersion(Version.parse_loose(text), re.fullmatch(_PARTIAL, text) is not None)


def _digest_selector(text: str) -> ByDigest:
    if not re.fullmatch(_DIGEST, text.lower()):
        raise UsageError(
            f"{quoted(text)} is not a digest", hint="write `sha256:` and at least 6 of its hexadecimal digits"
        )
    return ByDigest(text.lower())


def _stage_selector(text: str, stages: Stages) -> ByStage | None:
    form = re.fullmatch(_STAGE_FORM, text)
    stage = stages.find(form["stage"]) if form else None
    if form is None or stage is None:
        return None
    if stage == ARCHIVED:
        raise UsageError(
            "any number of versions are archived, so `@archived` means none of them",
            hint="name one of `mlreg list NAME`",
        )
    if text != form["stage"] and not stages.has_holder(stage):
        raise UsageError(
            f"{stage} has no single holder, so there is none before or then", hint=f"ask it of `NAME@{stages.top}`"
        )
    back = form["back"]
    return ByStage(
        stage,
        back=0 if back is None else int(back or "1"),
        moment=None if form["date"] is None else moment_of(form["date"]),
    )


def _alias(text: str, stages: Stages) -> str:
    try:
        return checked_label(text, "an alias")
    except UsageError:
        stage, _, moment = text.partition("@")
        hint = f"name a version, a stage ({', '.join(stages.order)}), `latest`, or a constraint as `^3.1`"
        if moment[:4].isdigit() and len(moment) < 40 and stages.find(stage):
            hint = f"who held it then is written with braces, in quotes: `'NAME@{stage}@{{{moment}}}'`"
        raise UsageError(f"{quoted(text)} does not say which version", hint=hint) from None


def _by_version(state: ModelState, selector: ByVersion) -> Resolved:
    text = str(selector.version)
    known = text if text in state.versions else _ignoring_build(state, selector.version)
    try:
        return Resolved(find_standing(state, known or text), "version")
    except NotFoundError as error:
        if selector.partial:
            short = ".".join(text.split(".")[:2]).removesuffix(".0")
            error.hint = f"a version is taken whole; for the greatest of {short} write `{state.spelling}@^{short}`"
        raise


def _ignoring_build(state: ModelState, version: Version) -> str | None:
    if version.build:
        return None
    return state.versions.same_precedence(str(version))


def _by_stage(state: ModelState, selector: ByStage, stages: Stages, asked: str) -> Resolved:
    if not stages.has_holder(selector.stage):
        there = (standing for standing in state.in_order() if standing.stage == selector.stage)
        return Resolved(_found(next(there, None), state, asked, f"has none at {selector.stage}"), "stage")
    seat = state.seat(selector.stage)
    if selector.moment is not None:
        return _then(state, selector, seat.tenure_at(selector.moment))
    if selector.back:
        before = seat.holder_before(selector.back)
        if before is None or before.holder is None:
            raise NotFoundError(
                f"{state.spelling} has had no holder of {selector.stage} {selector.back} before the present one",
                hint=f"see who held it with `mlreg history {state.spelling}`",
            )
        return Resolved(state.versions[before.holder], "stage", _since(before))
    if seat.holder is None:
        raise _nobody(state, selector.stage)
    return Resolved(state.versions[seat.holder], "stage")


def _then(state: ModelState, selector: ByStage, tenure: Tenure | None) -> Resolved:
    if tenure is None or tenure.holder is None:
        raise NotFoundError(
            f"nothing of {state.spelling} was in {selector.stage} at {selector.moment}",
            hint=f"see when it was with `mlreg history {state.spelling}`",
        )
    note = f"{selector.stage} of {state.spelling} at {selector.moment} was {tenure.holder}, {_since(tenure)}"
    return Resolved(state.versions[tenure.holder], "stage", note)


def _since(tenure: Tenure) -> str:
    return f"{tenure.event.kind} at {tenure.event.at} by {tenure.event.actor}"


def _by_constraint(state: ModelState, selector: ByConstraint) -> Resolved:
    matching = filter(lambda text: selector.constraint.matches(Version.parse(text)), state.versions.names_in_order())
    greatest = next((one for text in matching if (one := state.versions[text]).deprecated is None), None)
    if greatest is None:
        raise NotFoundError(
            f"{state.spelling} has no version {selector.text}",
            hint=f"see its versions with `mlreg list {state.spelling}`",
            facts={"model": state.spelling, "constraint": selector.text},
        )
    return _chosen(state, greatest, "constraint")


def _chosen(state: ModelState, standing: Standing, by: str) -> Resolved:
    """Returns the version that a rule has chosen; nobody may want one that was taken out of service."""
    moved = standing.moved
    if standing.stage != ARCHIVED or moved.kind != ROLLED_BACK:
        return Resolved(standing, by)
    mark = f"`mlreg deprecate {state.spelling}@{standing.version} --reason TEXT` keeps it from being chosen"
    return Resolved(standing, by, f"{standing.version} was rolled back at {moved.at} by {moved.actor}: {mark}")


def _by_digest(state: ModelState, selector: ByDigest, digests: FileDigests) -> Resolved:
    found = [
        standing
        for standing in state.versions.values()
        if any(digest.startswith(selector.prefix) for digest in (standing.record, standing.content))
    ] or [
        standing
        for standing in state.versions.values()
        if any(digest.startswith(selector.prefix) for digest in digests(standing))
    ]
    if len(found) > 1:
        more = "" if len(selector.prefix) == _DIGEST_CHARACTERS else ", or more of the digest"
        versions = sorted((standing.version for standing in found), key=lambda version: version.precedence)
        raise UsageError(
            f"{selector.prefix} means several versions of {state.spelling}: {few([*map(str, versions)], 5)}",
            hint=f"name one of them: `{state.spelling}@{versions[-1]}`{more}",
            facts={"versions": [str(version) for version in versions]},
        )
    only = _found(next(iter(found), None), state, selector.prefix, f"has nothing of digest {selector.prefix}")
    return Resolved(only, "digest")


def _by_alias(state: ModelState, selector: ByAlias, stages: Stages) -> Resolved:
    if selector.alias in state.aliases:
        return Resolved(state.versions[state.aliases[selector.alias]], "alias")
    near = suggestion(selector.alias, [*state.aliases, *stages.order, *stages.aliases, LATEST])
    raise NotFoundError(
        f"{state.spelling} has no alias {selector.alias}",
        hint=near or f"a version, a stage ({', '.join(stages.order)}) or `latest` can stand behind the `@`",
        facts={"model": state.spelling, "alias": selector.alias},
    )


def _nobody(state: ModelState, stage: str) -> NotFoundError:
    return NotFoundError(
        f"nothing of {state.spelling} is in {stage}",
        hint=f"promote a version with `mlreg promote {state.spelling} VERSION --to {stage}`",
        facts={"model": state.spelling, "stage": stage},
        code="no-holder",
    )


def _found(standing: Standing | None, state: ModelState, asked: str, otherwise: str) -> Standing:
    if standing is None:
        raise NotFoundError(
            f"{state.spelling} {otherwise}",
            hint=f"see its versions with `mlreg list {state.spelling}`",
            facts={"model": state.spelling, "asked": asked},
        )
    return standing
