"""Owns who held a stage from when to when."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, NamedTuple

from mlreg.domain.events import Event
from mlreg.domain.state import Seat


class Span(NamedTuple):
    """A time in which `version` held a stage: from `event`, at `since`, to `until`; None is now.

    Both moments are running maxima: clocks go backwards, histories do not.
    """

    version: str
    event: Event
    since: str
    until: str | None

    def document(self) -> dict[str, Any]:
        """Returns the span as documents show it."""
        return {
            "version": self.version,
            "since": self.since,
            "until": self.until,
            "event": self.event.number,
            "kind": self.event.kind,
            "by": self.event.actor,
            "reason": self.event.reason,
        }


def spans(seat: Seat) -> Iterator[Span]:
    """Yields who held a stage and when, the oldest first; times without a holder are left out."""
    for tenure, after in zip_longest(seat.tenures, seat.tenures[1:]):
        if tenure.holder is not None:
            yield Span(tenure.holder, tenure.event, tenure.moment, after.moment if after else None)
