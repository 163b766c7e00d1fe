"""Who held a stage from when to when."""

from __future__ import annotations

from mlreg.domain.events import Event
from mlreg.domain.spans import spans
from mlreg.domain.state import Seat, Tenure


def seat(*tenures: tuple[str | None, str]) -> Seat:
    events = [Event(n, "", "fraud", "promoted", at, "ann", None, None, "", {}) for n, (_, at) in enumerate(tenures, 1)]
    held = [Tenure(holder, at, event) for (holder, at), event in zip(tenures, events, strict=True)]
    return Seat(holder=tenures[-1][0] if tenures else None, tenures=held)


def told(held: Seat) -> list[tuple[str, str, str | None]]:
    return [(span.version, span.since, span.until) for span in spans(held)]


def test_the_last_span_goes_on():
    assert told(seat(("1.0.0", "09:00"), ("1.1.0", "10:00"))) == [("1.0.0", "09:00", "10:00"), ("1.1.0", "10:00", None)]


def test_a_time_without_a_holder_is_a_gap():
    assert told(seat(("1.0.0", "09:00"), (None, "10:00"), ("1.1.0", "11:00"))) == [
        ("1.0.0", "09:00", "10:00"),
        ("1.1.0", "11:00", None),
    ]


def test_a_stage_that_nobody_ever_held_has_no_spans():
    assert told(seat()) == []
