"""Owns the words `name=value` of options that can be given several times."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mlreg.domain.names import quoted
from mlreg.errors import UsageError


def joined(pairs: Iterable[str], option: str, read: Callable[[str], Any] = str) -> dict[str, Any]:
    """Returns the values that `pairs`, given with `option`, state by name.

    Raises:
        UsageError: One of them has no name or no `=`, or states something else of a name than the one before.
    """
    values: dict[str, Any] = {}
    texts: dict[str, str] = {}
    for pair in pairs:
        name, mark, value = pair.partition("=")
        if not mark or not name:
            raise UsageError(f"{quoted(pair)} is not a pair", hint=f"write it as `{option} name=value`")
        if texts.setdefault(name, value) != value:
            raise UsageError(
                f"{quoted(name)} is stated twice: {quoted(texts[name])} and {quoted(value)}",
                hint=f"keep one of the `{option}` words",
            )
        values[name] = read(value)
    return values


def nested(values: Mapping[str, Any], option: str) -> dict[str, Any]:
    """Returns `values` with `team.name` inside `team`; a `\\.` is a dot of the name itself.

    Raises:
        UsageError: A name is both a value and what holds others, or a part of it is empty.
    """
    result: dict[str, Any] = {}
    for name, value in values.items():
        *parts, last = (part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", name))
        inner = result
        for part in parts:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                raise UsageError(
                    f"{quoted(part)} of {quoted(name)} is a value already", hint=f"mend the `{option}` words"
                )
        if not last or "" in parts or last in inner:
            raise UsageError(f"{quoted(name)} cannot be a name here", hint=f"write it as `{option} team.name=value`")
        inner[last] = value
    return result
