"""Owns the values that people state: parameters, custom facts, a signature. Plain, bounded, and nobody else's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from numbers import Integral, Real
from typing import Any

from mlreg.domain.names import checked_text, quoted
from mlreg.errors import UsageError

DEPTH_MAX = 16
KEY_MAX_CHARACTERS = 256
WHOLE_MAX = 10**18
WHOLE_TEXT_MAX = 10**1000


def plain(value: Any, what: str, depth: int = 0) -> Any:
    """Returns a copy of `value` made of dict, list, str, int, float, bool and None only.

    Numbers of other libraries become ours (anything with `item()`: numpy, torch); NaN and infinities become the texts
    `NaN`, `Infinity`, `-Infinity`, whole numbers of more than 18 digits their digits; sets become sorted lists. `what`
    names the value in errors.

    Raises:
        UsageError: It holds something else, a key that is no text, or is nested too deeply.
    """
    if depth > DEPTH_MAX:
        raise UsageError(f"{what} is nested more than {DEPTH_MAX} deep", hint="register it as a file of the version")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return checked_text(_text(value), what)
    if isinstance(value, Integral):
        return _whole(int(value), what)
    if isinstance(value, Real):
        return _number(float(value))
    if isinstance(value, Mapping):
        return {_key(key, what): plain(item, f"{what}.{key}", depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | Set):
        items = sorted(value, key=repr) if isinstance(value, Set) else value
        return [plain(item, f"{what}[{index}]", depth + 1) for index, item in enumerate(items)]
    return _foreign(value, what, depth)


def plain_mapping(value: Any, what: str) -> dict[str, Any]:
    """Returns a plain copy of the mapping `value`.

    Raises:
        UsageError: It is no mapping, or holds what is not plain.
    """
    if not isinstance(value, Mapping):
        raise UsageError(f"{what} is not a mapping of names to values")
    return dict(plain(value, what))


def _foreign(value: Any, what: str, depth: int) -> Any:
    if hasattr(value, "tolist"):
        return plain(value.tolist(), what, depth + 1)
    if hasattr(value, "item"):
        return plain(value.item(), what, depth + 1)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise UsageError(
        f"{what} is a {type(value).__name__}, which cannot be stored as a fact",
        hint="state texts, numbers, lists and mappings of them",
    )


def _text(value: str) -> str:
    # `str` of an enumeration that is a text is its name
    return str.__str__(value)


def _whole(value: int, what: str) -> int | str:
    if abs(value) < WHOLE_MAX:
        return value
    if abs(value) > WHOLE_TEXT_MAX:
        raise UsageError(f"{what} has more than 1000 digits", hint="register it as a file of the version")
    # a record would read it back as a text: see `mlreg.store.strict_yaml`
    return str(value)


def _number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _key(key: Any, what: str) -> str:
    if not isinstance(key, str) or len(key) > KEY_MAX_CHARACTERS:
        raise UsageError(
            f"{what} has the key {quoted(str(key))}, which is not a text of at most {KEY_MAX_CHARACTERS} characters"
        )
    return checked_text(_text(key), what)
