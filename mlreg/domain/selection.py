"""Owns which events of a history are shown: since when, of which kinds, how many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlreg.domain.events import KINDS, Event
from mlreg.domain.names import quoted, suggestion
from mlreg.errors import UsageError


def chosen(
    events: Iterable[Event], *, since: str | None = None, kinds: Sequence[str] = (), limit: int | None = None
) -> list[Event]:
    """Returns the events of a history that are wanted, in their order: all where nothing is said.

    Args:
        since: The moment from which on; it is held against the running maximum of `at`, so that what comes after an
            event that counts always counts.
        kinds: Those kinds only.
        limit: So many of them at most, the newest.

    Raises:
        UsageError: `limit` is no count, or no event has ever been of one of the kinds.
    """
    checked_limit(limit)
    told = list(events)
    check_kinds(kinds, told)
    wanted, moment = [], ""
    for event in told:
        moment = max(moment, event.at)
        if (since is None or moment >= since) and (not kinds or event.kind in kinds):
            wanted.append(event)
    return wanted if limit is None else wanted[-limit:]


def checked_limit(limit: int | None) -> int | None:
    """Returns `limit` where it is a count of something.

    Raises:
        UsageError: It is below 1.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"a limit of {limit} leaves nothing", hint="say how many at most, as in `--limit 10`")
    return limit


def check_kinds(kinds: Iterable[str], events: Iterable[Event]) -> None:
    """Checks that each of `kinds` is one that this mlreg knows, or that a newer one has written into `events`.

    Raises:
        UsageError: One is not.
    """
    known = dict.fromkeys([*KINDS, *(event.kind for event in events)])
    for kind in kinds:
        if kind not in known:
            raise UsageError(
                f"{quoted(kind)} is not a kind of event",
                hint=suggestion(kind, known) or f"the kinds are {', '.join(known)}",
                facts={"kinds": [*known]},
            )
