"""Owns moments: RFC 3339 UTC texts of one width, so that their order as texts is their order in time."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from mlreg.errors import UsageError

_MONTH = r"([0-9]{4})-([0-9]{2})"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = rf"{_DATE}[Tt ][0-9].*"


def timestamp(moment: datetime) -> str:
    """Returns an aware `moment` as `2026-11-21T08:39:00.123456Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def moment_of(text: str) -> str:
    """Returns the timestamp that `text` means; a date means the end of that UTC day, a month the end of it.

    A time without a zone is UTC.

    Raises:
        UsageError: It is not an ISO 8601 month, date or time.
    """
    try:
        moment = _parsed(text)
        return timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text[:40]!a} is not a date or time",
            hint="write `2024-01-15` (the end of that UTC day) or `2024-01-15T09:30:00Z`",
        ) from None


def checked_date(text: str, what: str) -> str:
    """Returns `text` where it is a calendar date `YYYY-MM-DD`.

    Raises:
        UsageError: It is not.
    """
    if re.fullmatch(_DATE, text):
        moment_of(text)
        return text
    raise UsageError(f"{text[:40]!a} is not {what}", hint="write a date as `2027-06-30`")


def _parsed(text: str) -> datetime:
    if month := re.fullmatch(_MONTH, text):
        return _parsed(f"{text}-{_days_of(int(month[1]), int(month[2]))}")
    if re.fullmatch(_DATE, text):
        return datetime.fromisoformat(f"{text}T23:59:59.999999+00:00")
    # fromisoformat also takes 20240115 and 2024-W03, and would mean the beginning of that day
    if not re.fullmatch(_TIME, text):
        raise ValueError(text)
    return datetime.fromisoformat(text.upper())


def _days_of(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31
