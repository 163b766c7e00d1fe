"""Moments are texts of one width, so that their order as texts is their order in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlreg.domain.times import checked_date, moment_of, timestamp
from mlreg.errors import UsageError

moments = st.datetimes(timezones=st.timezones(), min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1))  # noqa: DTZ001


@settings(derandomize=True, deadline=None)
@given(moments, moments)
def test_timestamps_order_as_the_moments_do(one: datetime, other: datetime) -> None:
    assert (timestamp(one) < timestamp(other)) == (one.astimezone(UTC) < other.astimezone(UTC))
    assert len(timestamp(one)) == 27


@settings(derandomize=True, deadline=None)
@given(moments)
def test_a_timestamp_reads_back_as_itself(moment: datetime) -> None:
    assert moment_of(timestamp(moment)) == timestamp(moment)


def test_a_timestamp_is_in_utc_to_the_microsecond() -> None:
    moment = datetime(2026, 3, 29, 3, 30, 0, 42, tzinfo=timezone(timedelta(hours=2)))
    assert timestamp(moment) == "2026-03-29T01:30:00.000042Z"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-15", "2024-01-15T23:59:59.999999Z"),
        ("2024-02", "2024-02-29T23:59:59.999999Z"),
        ("2023-02", "2023-02-28T23:59:59.999999Z"),
        ("2000-02", "2000-02-29T23:59:59.999999Z"),
        ("1900-02", "1900-02-28T23:59:59.999999Z"),
        ("2024-04", "2024-04-30T23:59:59.999999Z"),
        ("2024-12", "2024-12-31T23:59:59.999999Z"),
        ("9999-12", "9999-12-31T23:59:59.999999Z"),
        ("0001-01", "0001-01-31T23:59:59.999999Z"),
        ("2024-01-15T09:30:00Z", "2024-01-15T09:30:00.000000Z"),
        ("2024-01-15t09:30:00z", "2024-01-15T09:30:00.000000Z"),
        ("2024-01-15T09:30", "2024-01-15T09:30:00.000000Z"),
        ("2024-01-15 09:30:00", "2024-01-15T09:30:00.000000Z"),
        ("2024-01-15T09:30:00.5Z", "2024-01-15T09:30:00.500000Z"),
        ("2024-01-15T00:30:00+02:00", "2024-01-14T22:30:00.000000Z"),
        ("2024-01-15T23:30:00-05:45", "2024-01-16T05:15:00.000000Z"),
        ("2024-01-15T00:00:00Z", "2024-01-15T00:00:00.000000Z"),
    ],
)
def test_a_date_is_its_end_a_month_the_end_of_it_and_a_time_itself(text: str, moment: str) -> None:
    assert moment_of(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "now", "yesterday", "2024", "24-01-15", "2024-1-5", "2024/01/15", "15.01.2024", "1705312800"],
        *["2024-00", "2024-13", "2024-02-30", "2023-02-29", "2024-01-00", "2024-01-32", "0000-01", "0000-01-01"],
        # what ISO 8601 has besides; fromisoformat takes it for the beginning of a day
        *["20240115", "2024-W03", "2024-W03-1", "20240115T093000", "2024-015", "2024-01-15T", "2024-01-15T09"],
        *["2024-01-15T25:00", "2024-01-15T09:60", "2024-01-15T09:30:61", "2024-01-15T09:30:00+25:00"],
        *["2024-01-15\n", "\n2024-01-15", " 2024-01-15", "2024-01-15T09:30:00Z\0", "2024-01-15x09:30", "2024-01-15é"],
        *["٢٠٢٤-٠١-١٥", "２０２４-01-15", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "10000-01-01"],
        *["9" * 100_000, "2024-01-15T" + "0" * 100_000, "2024-01-15T09:30:00." + "0" * 100_000],
    ],
    ids=lambda text: ascii(text[:24]),
)
def test_what_is_no_moment_is_usage(text: str) -> None:
    with pytest.raises(UsageError, match="is not a date or time") as caught:
        moment_of(text)
    assert len(caught.value.message) < 100
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("text", ["2027-06-30", "2024-02-29", "0001-01-01", "9999-12-31"])
def test_a_date_is_a_day_of_the_calendar(text: str) -> None:
    assert checked_date(text, "an end of life") == text


@pytest.mark.parametrize(
    "text", ["", "2027", "2027-06", "2023-02-29", "2027-06-31", "20270630", "2027-06-30T00:00", "soon", "2027-06-30\n"]
)
def test_what_is_no_date_is_usage(text: str) -> None:
    with pytest.raises(UsageError):
        checked_date(text, "an end of life")
