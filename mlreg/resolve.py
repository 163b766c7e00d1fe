"""Owns the way from words to a version: reads the model's history, then asks the rules which one is meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from mlreg.bench import Bench
from mlreg.domain.events import Draft
from mlreg.domain.refs import (
    ByVersion,
    Ref,
    Resolved,
    parse_ref,
    parse_selector,
    resolve,
    resolve_shown,
    resolve_used,
    says_version,
)
from mlreg.domain.stages import Stages
from mlreg.domain.state import ModelState, Standing
from mlreg.errors import NotFoundError, UsageError
from mlreg.journal import Outcome, outrun
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import ranking
else:
    ranking = LazyModule("mlreg.ranking")


class Found(NamedTuple):
    """A version of a model, what found it, and what was assumed on the way."""

    state: ModelState
    standing: Standing
    by: str
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The model's name."""
        return self.state.spelling

    @property
    def version(self) -> str:
        """The version as text."""
        return str(self.standing.version)


Wish = Callable[[ModelState, Found], Draft | None]


def joined_ref(name: str, version: str | None, stages: Stages) -> Ref:
    """Returns the reference that the two words `NAME VERSION`, or the one `NAME@VERSION`, are.

    Raises:
        UsageError: The model or the version is said twice, or one of the words means nothing.
    """
    ref = parse_ref(name, stages)
    if version is None:
        return ref
    if says_version(version):
        hint = f"write the version alone: `{version.partition('@')[2]}`"
        raise UsageError(f"the model is said twice: {name} and {version}", hint=hint)
    if ref.selector is not None:
        raise UsageError(f"the version is said twice: {name} and {version}", hint=f"write `{ref.name} {version}`")
    return Ref(ref.name, parse_selector(version, stages), f"{name}@{version}")


def find_shown(bench: Bench, ref: Ref) -> Found:
    """Returns the version that `ref` means; where only a model is named, the one whose facts stand for it.

    Raises:
        NotFoundError: There is no such model or version.
    """
    return _find(bench, bench.state(ref.name), ref, resolve_shown)


def find_used(bench: Bench, ref: Ref) -> Found:
    """Returns the version that `ref` means; where only a model is named, the one whose bytes are meant.

    Raises:
        NotFoundError: There is no such model or version.
    """
    found = _find(bench, bench.state(ref.name), ref, resolve_used)
    return found._replace(notes=(*found.notes, *bench.end_notes(found.state, [found.standing])))


def find_in(bench: Bench, state: ModelState, ref: Ref) -> Found:
    """Returns the version of the model that stands as `state` says that `ref` means.

    Raises:
        NotFoundError: There is no such version.
    """
    return _find(bench, state, ref, resolve_used)


def carry_out(bench: Bench, ref: Ref, wish: Wish, *, dry_run: bool) -> tuple[Found, Outcome]:
    """Finds what `ref` means and commits what `wish` decides of it on the newest state.

    Raises:
        ConflictError: `ref` is relative, and came to mean another version meanwhile, or none.
    """
    meant: list[Found] = []

    def decided(state: ModelState) -> Draft | None:
        meant.append(_meant_still(bench, state, ref, meant[0]) if meant else find_in(bench, state, ref))
        return wish(state, meant[-1])

    outcome = bench.commit(ref.name, decided, dry_run=dry_run)
    return meant[-1], outcome


def _meant_still(bench: Bench, state: ModelState, ref: Ref, first: Found) -> Found:
    """Returns what `ref` means now, where that is what it meant at first: nobody moves what they have not seen."""
    try:
        found = find_in(bench, state, ref)
    except NotFoundError as error:
        raise outrun(state.spelling, state) from error
    if found.version != first.version:
        raise outrun(state.spelling, state)
    return found


def _find(bench: Bench, state: ModelState, ref: Ref, bare: Callable[..., Resolved]) -> Found:
    if ref.selector is None:
        resolved = bare(state, stages=bench.stages)
    else:
        resolved = resolve(
            state,
            ref.selector,
            stages=bench.stages,
            digests=lambda standing: [file.digest for file in bench.record(state, standing).files],
            best=lambda: ranking.find_best(bench, state),
            asked=ref.text,
        )
    notes = [resolved.note] if resolved.note else []
    if isinstance(ref.selector, ByVersion) and ref.selector.partial:
        greatest = f"{state.spelling}@^{ref.text.rpartition('@')[2].lstrip('vV')}"
        notes.append(f"{ref.text} was read as {state.spelling}@{resolved.standing.version}: {greatest} is the greatest")
    return Found(state, resolved.standing, resolved.by, tuple(notes))
