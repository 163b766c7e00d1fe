"""Owns moments: RFC 3339 UTC texts of one width, so that their order as texts is their order in time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from mlreg.errors import UsageError

_MONTH = r"([0-9]{4})-([0-9]{2})"
_SPAN = r"([0-9]{1,6})(min|h|d|w)"
_SPAN_S = {"min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = rf"{_DATE}[Tt ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.,][0-9]{{1,9}})?)?([Zz]|[+-][0-9]{{2}}(:?[0-9]{{2}})?)?"


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


def moment_since(text: str, now: datetime) -> str:
    """Returns the timestamp from which on `text` counts: a span before `now`, a time, the beginning of a day or month.

    Raises:
        UsageError: It is neither a span as `7d` nor an ISO 8601 month, date or time.
    """
    if span := re.fullmatch(_SPAN, text):
        try:
            return timestamp(now - timedelta(seconds=int(span[1]) * _SPAN_S[span[2]]))
        except OverflowError:
            return timestamp(datetime.min.replace(tzinfo=UTC))
    try:
        moment = moment_of(text)
    except UsageError as error:
        error.hint = "write `7d`, `24h`, `90min` or `2w`, `2024-01-15`, or `2024-01-15T09:30:00Z`"
        raise
    return f"{(text + '-01')[:10]}T00:00:00.000000Z" if re.fullmatch(rf"{_MONTH}|{_DATE}", text) else moment


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
