"""Owns what explains where a version stands: what happened to it, and which version it is held against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from mlreg.domain.events import Event
from mlreg.domain.state import ModelState, Standing

Because = Literal["replaced", "parent", "below"]


class Predecessor(NamedTuple):
    """The version that came before another, because it was replaced by it, is its parent, or is the next below."""

    standing: Standing
    because: Because


def story(events: Iterable[Event], version: str) -> list[Event]:
    """Returns the events that are about `version`, or by which another took its place."""
    return [event for event in events if version in (event.version, event.effects.get("replaced"))]


def predecessor(
    state: ModelState, standing: Standing, *, told: Sequence[Event], parent: str | None
) -> Predecessor | None:
    """Returns the version that `standing` is best held against, or None where it is the only one.

    That is the one whose place it took last, else its parent where that is of the same model, else the greatest
    release below it.

    Args:
        told: The story of the version.
        parent: Its parent as its lineage names it, `NAME@VERSION`.
    """
    version = str(standing.version)
    replaced = (event.effects.get("replaced") for event in reversed(told) if event.version == version)
    if displaced := next(filter(None, replaced), None):
        return Predecessor(state.versions[displaced], "replaced")
    name, _, number = (parent or "").partition("@")
    if name == state.spelling and number in state.versions:
        return Predecessor(state.versions[number], "parent")
    below = (one for one in state.in_order() if one.version < standing.version and not one.version.is_prerelease)
    found = next(below, None)
    return Predecessor(found, "below") if found else None
