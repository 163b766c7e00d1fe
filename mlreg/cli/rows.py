"""Owns facts as lines for scripts: every one of them, by its dotted name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def dotted(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yields every fact of a document but its schema as a dotted name and its value: `files.0.path`."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            if name or key != "schema":
                yield from dotted(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from dotted(item, f"{name}.{index}")
    else:
        yield name, _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or value == [] or value == {} else value
