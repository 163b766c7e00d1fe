"""Which events of a history are shown."""

from __future__ import annotations

import pytest

from mlreg.domain.events import Event
from mlreg.domain.selection import chosen
from mlreg.errors import UsageError


def happened(number: int, kind: str, day: int) -> Event:
    at = f"2026-01-{day:02}T12:00:00.000000Z"
    return Event(number, f"{number:032}", "fraud", kind, at, "ann", None, None, "sha256:0", {"version": "1.0.0"})


HISTORY = [
    happened(1, "registered", 1),
    happened(2, "promoted", 10),
    happened(3, "tagged", 4),  # by somebody whose clock is late
    happened(4, "rolled-back", 20),
    happened(5, "forked", 21),  # by a newer mlreg
]


@pytest.mark.parametrize(
    ("wish", "numbers"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"since": "2026-01-11T00:00:00.000000Z"}, [4, 5]),
        ({"since": "2026-01-09T00:00:00.000000Z"}, [2, 3, 4, 5]),
        ({"since": "2027-01-01T00:00:00.000000Z"}, []),
        ({"kinds": ["promoted", "rolled-back"]}, [2, 4]),
        ({"kinds": ["forked"]}, [5]),
        ({"kinds": ["archived"]}, []),
        ({"limit": 2}, [4, 5]),
        ({"limit": 100}, [1, 2, 3, 4, 5]),
        ({"kinds": ["registered", "promoted"], "limit": 1}, [2]),
    ],
)
def test_what_is_wanted_is_shown_in_its_order(wish, numbers):
    assert [event.number for event in chosen(HISTORY, **wish)] == numbers


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_leaves_something(limit):
    with pytest.raises(UsageError, match="leaves nothing"):
        chosen(HISTORY, limit=limit)


def test_a_kind_that_never_was_is_a_typing_error():
    with pytest.raises(UsageError, match="'promotion' is not a kind of event") as caught:
        chosen(HISTORY, kinds=["promotion"])
    assert caught.value.hint == "did you mean `promoted`?"
