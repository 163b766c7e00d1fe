"""Owns what is said of the data that a version was trained on: its version, how many rows, its size and digest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from mlreg.domain.metric import Metric
from mlreg.domain.names import checked_line, quoted, suggestion
from mlreg.domain.record import DATASET_KEYS
from mlreg.errors import UsageError

MAX_COUNT: Final = 10**15
_COUNTED: Final = ("", "rows", "samples")


def checked_dataset(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the facts of a data set, some of `DATASET_KEYS` in their order; what is None was not stated.

    Raises:
        UsageError: There is another key, or a value that is none: a negative count, a digest of another kind.
    """
    for key in facts:
        if key not in DATASET_KEYS:
            raise UsageError(
                f"{quoted(str(key))} is not a fact of a data set",
                hint=suggestion(str(key), DATASET_KEYS) or f"the facts are {', '.join(DATASET_KEYS)}",
            )
    checks = {"version": _version, "rows": _rows, "size_bytes": _size_bytes, "digest": _digest}
    return {key: checks[key](facts[key]) for key in DATASET_KEYS if facts.get(key) is not None}


def _version(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"{quoted(str(value))} cannot be the version of a data set", hint="write a text, as `2024-01`")
    return checked_line(str(value), "the version of a data set")


def _rows(value: Any) -> int:
    try:
        count, unit = Metric.parse("rows", value).exact()
    except UsageError:
        raise _no_count(value, "a number of rows") from None
    if unit not in _COUNTED or not count.is_finite() or count != int(count):
        raise _no_count(value, "a number of rows")
    return _bounded(int(count), value, "a number of rows")


def _size_bytes(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _no_count(value, "a size in bytes")
    return _bounded(value, value, "a size in bytes")


def _bounded(count: int, value: Any, what: str) -> int:
    if not 0 <= count <= MAX_COUNT:
        raise _no_count(value, what)
    return count


def _no_count(value: Any, what: str) -> UsageError:
    return UsageError(
        f"{quoted(str(value))} is not {what}", hint=f"write a whole number from 0 to {MAX_COUNT:,}, as 120000 or 120k"
    )


def _digest(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch("sha256:[0-9a-f]{64}", value):
        raise UsageError(
            f"{quoted(str(value))} is not the digest of a data set",
            hint="write `sha256:` and its 64 hexadecimal digits, or name the file and let mlreg hash it",
        )
    return value
