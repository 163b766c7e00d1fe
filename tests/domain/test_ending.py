"""The end of a version's life is told from thirty days before, and for ever after."""

from __future__ import annotations

from datetime import date

import pytest

from mlreg.domain.ending import days_left, ending
from mlreg.domain.state import Deprecation

TODAY = date(2026, 6, 15)


def leaks(end_of_life: str | None) -> Deprecation:
    return Deprecation("it leaks", end_of_life)


@pytest.mark.parametrize(
    ("end_of_life", "told"),
    {
        "2026-07-16": None,
        "2026-07-15": "ends in 30 days",
        "2026-06-27": "ends in 12 days",
        "2026-06-16": "ends in 1 day",
        "2026-06-15": "ends today",
        "2026-06-14": "ended 1 day ago",
        "2026-06-12": "ended 3 days ago",
        "2024-06-15": "ended 730 days ago",
    }.items(),
)
def test_an_end_is_told_from_thirty_days_before(end_of_life, told):
    assert ending(leaks(end_of_life), TODAY) == told


@pytest.mark.parametrize("deprecation", [None, leaks(None), leaks("some day")])
def test_without_a_date_there_is_no_end(deprecation):
    assert days_left(deprecation, TODAY) is None
    assert ending(deprecation, TODAY) is None
