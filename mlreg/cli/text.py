"""Owns how values read: one line, nothing that could drive a terminal."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

_UNSAFE = "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
_SPANS = ((86_400 * 365, "y"), (86_400 * 30, "mo"), (86_400, "d"), (3_600, "h"), (60, "min"))


def one_line(value: Any) -> str:
    """Returns `value` as one line without control, bidirectional or invisible characters: they are escaped."""
    text = "" if value is None else str(value)
    return text if text.isprintable() else re.sub(_UNSAFE, _escape, text)


def lines(value: str) -> list[str]:
    """Returns the lines of a longer text, each safe to print."""
    return [one_line(line) for line in value.splitlines()] or [""]


def safe_json(document: str) -> str:
    """Returns the JSON text `document` with characters escaped that could drive a terminal; the value is the same."""
    return re.sub(
        r"[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]", _escape_json, document
    )


def number(value: Any) -> str:
    """Returns a metric's value as text: numbers with at most six significant digits."""
    return f"{value:.6g}" if isinstance(value, float) else one_line(value)


def size(size_bytes: int) -> str:
    """Returns a size for people: `12.3 MB`."""
    value, units = float(size_bytes), ["B", "kB", "MB", "GB", "TB"]
    while value >= 999.95 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.0f} {units[0]}" if units[0] == "B" else f"{value:.1f} {units[0]}"


def ago(at: str | None) -> str:
    """Returns how long ago a timestamp was: `3 h ago`."""
    if at is None:
        return ""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds()
    if seconds < _SPANS[-1][0]:
        return "now" if seconds > -60 else one_line(at)
    return f"{lasting(seconds)} ago"


def lasting(seconds: float) -> str:
    """Returns how long something lasts: `3 h`."""
    for span, unit in _SPANS:
        if seconds >= span:
            return f"{int(seconds // span)} {unit}"
    return "< 1 min"


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character)
    return short or (f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}")


def _escape_json(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
