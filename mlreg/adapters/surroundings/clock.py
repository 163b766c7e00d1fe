"""Owns the clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Returns the present moment in UTC."""
    return datetime.now(UTC)


def seconds() -> float:
    """Returns the reading of a clock that never goes backwards: two readings tell how long something took."""
    return time.monotonic()
