"""Owns the clock."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Returns the present moment in UTC."""
    return datetime.now(UTC)
