"""Owns the turn from a wish to an event: who loses a race for a number reads on and decides again."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import NamedTuple

from mlreg.domain.events import Draft
from mlreg.domain.state import ModelState
from mlreg.domain.times import timestamp
from mlreg.errors import ConflictError, MlregError
from mlreg.store.history import History, Stamp

Actor = str | Callable[[], str]
Clock = Callable[[], datetime]
Decide = Callable[[ModelState], Draft | None]
_TRIES = 10_000


class Outcome(NamedTuple):
    """What came of a wish, or would: the state before, what was decided (None: nothing to do), the event's place."""

    before: ModelState
    draft: Draft | None
    number: int | None = None
    at: str | None = None


class Journal:
    """Adds to histories in the name of one actor."""

    def __init__(self, history: History, *, actor: Actor, now: Clock) -> None:
        self._history = history
        self._actor = actor
        self._now = now

    def now(self) -> datetime:
        """Returns the present moment."""
        return self._now()

    def today(self) -> date:
        """Returns the present day, in UTC."""
        return self._now().astimezone(UTC).date()

    def stamp(self) -> Stamp:
        """Returns who acts and when, with a fresh random id."""
        actor = self._actor if isinstance(self._actor, str) else self._actor()
        return Stamp(id=os.urandom(16).hex(), at=timestamp(self._now()), actor=actor)

    def foresee(self, state: ModelState, wish: Decide) -> Outcome:
        """Decides `wish` on `state` and adds nothing; tells the number and the moment that the event would have."""
        draft = wish(state)
        return Outcome(state, draft, state.head + 1, self.stamp().at) if draft else Outcome(state, None)

    def commit(self, state: ModelState, model: str, wish: Decide) -> Outcome:
        """Decides `wish` on `state`, or on what it became meanwhile, and adds the event.

        Raises:
            ConflictError: It lost ten thousand races.
        """
        stamp: Stamp | None = None
        for _ in range(_TRIES):
            draft = wish(state)
            if draft is None:
                self._history.settle(model, state)
                return Outcome(state, None)
            stamp = stamp or self.stamp()
            self._history.settle(model, state)  # the name that the new event builds on is to outlast it
            try:
                event = self._history.append(state, model, draft, stamp)
                return Outcome(state, draft, event.number, event.at)
            except ConflictError:
                self._history.catch_up(state, model)
        raise ConflictError(f"{model} changes faster than it can be read", hint="try again when it is calmer")

    def commit_as_seen(self, state: ModelState, model: str, wish: Decide) -> Outcome:
        """Decides `wish` on `state` and adds the event; for wishes that depend on what one has seen.

        Raises:
            ConflictError: Somebody else was faster and the decision would be another now.
        """
        seen, head = wish(state), state.head

        def same_wish(now: ModelState) -> Draft | None:
            if now.head == head:
                return seen
            try:
                again = wish(now)
            except MlregError as error:
                raise outrun(model, now) from error
            if again != seen:
                raise outrun(model, now)
            return again

        return self.commit(state, model, same_wish)


def outrun(model: str, now: ModelState) -> ConflictError:
    """Returns the error that a relative wish was overtaken by what others did to `model`, which stands as `now`."""
    return ConflictError(
        f"{model} changed while you were at it",
        hint=f"look at `mlreg history {model}`, then run the command again",
        facts={"model": model, "event": now.head},
        code="moved",
    )
