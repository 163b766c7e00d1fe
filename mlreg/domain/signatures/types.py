"""Owns the types of inputs and outputs: how they are spelled, which values each holds, which of them holds another.

`int` is `int64` and `float` is `float64`, under the names that people use. `any` holds everything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

INTEGERS: Final[Mapping[str, tuple[int, int]]] = {
    **{f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
}
FLOATS: Final[Mapping[str, float]] = {
    "float16": 65504.0,
    "bfloat16": 3.3895313892515355e38,
    "float32": 3.4028234663852886e38,
    "float64": math.inf,
}
"""The greatest finite value of each; of the widest, none is too great."""
NUMBERS: Final = frozenset([*INTEGERS, *FLOATS])
_COMPLEX: Final = ("complex64", "complex128")
_OTHERS: Final = ("bool", "str", "bytes", "date", "datetime64", "timedelta64", "any")
WORDS: Final = ("int", "float", *_OTHERS, *INTEGERS, *FLOATS, *_COMPLEX)

_FULL: Final = {"int": "int64", "float": "float64"}
_ALIASES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("integer", "long"), "int"),
    **dict.fromkeys(("double", "number"), "float"),
    **dict.fromkeys(("string", "text", "category", "categorical", "unicode", "utf8"), "str"),
    **dict.fromkeys(("boolean", "bool_"), "bool"),
    **dict.fromkeys(("binary", "byte"), "bytes"),
    **dict.fromkeys(("datetime", "timestamp"), "datetime64"),
    **dict.fromkeys(("timedelta", "duration"), "timedelta64"),
    **dict.fromkeys(("object", "unknown", "mixed"), "any"),
    "half": "float16",
    "single": "float32",
    "date32": "date",
    "str_": "str",
    "bytes_": "bytes",
}
_CODES: Final[Mapping[str, str]] = {
    "U": "str",
    "S": "bytes",
    "M": "datetime64",
    "m": "timedelta64",
    "O": "any",
    "b1": "bool",
    "?": "bool",
    **{f"i{size}": f"int{8 * size}" for size in (1, 2, 4, 8)},
    **{f"u{size}": f"uint{8 * size}" for size in (1, 2, 4, 8)},
    **{f"f{size}": f"float{8 * size}" for size in (2, 4, 8)},
    "c8": "complex64",
    "c16": "complex128",
}
_CODE: Final = re.compile(r"[<>|=](?:([USMmO])[0-9]*(?:\[[^]]*\])?|([iufcb][0-9]+|\?))")
_UNIT: Final = re.compile(r"(datetime64|timedelta64|timestamp|duration|str|string|bytes)\s*\[[^]]*\]")
_PREFIX: Final = re.compile(r"(?:torch|np|numpy|tf|pl|pa|jnp)\.")

# what holds every value of a type besides itself and `any`
_WIDER: Final[Mapping[str, frozenset[str]]] = {
    **{
        name: frozenset(
            [
                *(other for other, (low, high) in INTEGERS.items() if low <= least and greatest <= high),
                *(("float16", "float32") if greatest <= 2**8 else ("float32",) if greatest <= 2**16 else ()),
                *(("float64", "complex128")),
            ]
        )
        for name, (least, greatest) in INTEGERS.items()
    },
    "float16": frozenset(["float32", "float64", *_COMPLEX]),
    "bfloat16": frozenset(["float32", "float64", *_COMPLEX]),
    "float32": frozenset(["float64", *_COMPLEX]),
    "float64": frozenset(["complex128"]),
    "complex64": frozenset(["complex128"]),
    "date": frozenset(["datetime64"]),
}


def canonical(text: str) -> str | None:
    """Returns the type that `text` spells as records write it, or None where it spells none.

    Spellings are those of Python, numpy (`<U10`, `datetime64[ns]`), pandas (`Int64`, `object`) and MLflow (`long`).
    """
    word = _PREFIX.sub("", text.strip())
    if found := _CODE.fullmatch(word):
        return _CODES.get(found[1] or found[2])
    word = word.lower()
    if found := _UNIT.fullmatch(word):
        word = found[1]
    word = _ALIASES.get(word, word)
    return word if word in WORDS else None


def full(type: str) -> str:
    """Returns the type under its one full name: `int64` for `int`."""
    return _FULL.get(type, type)


def is_within(narrow: str, wide: str) -> bool:
    """Whether every value of the type `narrow` is one of `wide`; whole numbers count as numbers of a float64."""
    one, other = full(narrow), full(wide)
    return one == other or other == "any" or other in _WIDER.get(one, ())


def limits(type: str) -> tuple[float, float]:
    """Returns the least and the greatest number of a type of numbers; infinities where there is none."""
    name = full(type)
    return INTEGERS.get(name, (-math.inf, math.inf))


def is_missing(value: Any) -> bool:
    """Whether `value` stands for nothing: None, and a NaN, as tables have it."""
    return value is None or (isinstance(value, float) and value != value)


def has_nan(type: str) -> bool:
    """Whether arrays of `type` may hold what is not a number."""
    return full(type) in FLOATS or full(type) in (*_COMPLEX, "any")


def holds(type: str, value: Any) -> bool:
    """Whether `value`, one that is not missing, is one of `type`.

    A number with nothing behind its point is whole. Times may be texts as ISO 8601 writes them.
    """
    name = full(type)
    if name in INTEGERS:
        least, greatest = INTEGERS[name]
        return _is_whole(value) and least <= value <= greatest
    if name in FLOATS:
        return _is_number(value) and (abs(value) <= FLOATS[name] or value in (math.inf, -math.inf))
    return _HOLDS[name](value)


def read_text(type: str, text: str) -> Any:
    """Returns the value that `text`, a cell of a table without types, stands for as one of `type`.

    Raises:
        ValueError: It is not written as one.
    """
    name = full(type)
    if name in NUMBERS:
        # Python reads `1_000` and the digits of every script
        return _read_number(text, name) if text.isascii() and "_" not in text else _unread(text)
    if name == "bool":
        return _BOOLEANS[text.strip().lower()] if text.strip().lower() in _BOOLEANS else _unread(text)
    return text


def is_missing_text(type: str, text: str) -> bool:
    """Whether `text`, a cell of a table without types, stands for nothing in a column of `type`."""
    if not text.strip():
        return True
    return full(type) not in ("str", "bytes", "any") and text.strip() in MISSING_WORDS


MISSING_WORDS: Final = frozenset(["NaN", "nan", "NA", "N/A", "<NA>", "null", "NULL", "None", "NaT"])
_BOOLEANS: Final = {"true": True, "false": False, "1": True, "0": False}


def _is_whole(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool)
    return isinstance(value, float) and value.is_integer()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_date(value: Any) -> bool:
    if isinstance(value, str):
        return _is_read(date.fromisoformat, value)
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_datetime(value: Any) -> bool:
    return isinstance(value, date) or (isinstance(value, str) and _is_read(datetime.fromisoformat, value))


def _is_read(read: Callable[[str], Any], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _read_number(text: str, name: str) -> int | float:
    if name in INTEGERS:
        try:
            return int(text)
        except ValueError:  # `3.0`, or no number
            pass
    return float(text)


def _unread(text: str) -> Any:
    raise ValueError(text)


_HOLDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "any": lambda value: True,
    "bool": lambda value: isinstance(value, bool),
    "str": lambda value: isinstance(value, str),
    "bytes": lambda value: isinstance(value, bytes | str),
    "date": _is_date,
    "datetime64": _is_datetime,
    "timedelta64": lambda value: isinstance(value, timedelta) or _is_number(value),
    **{name: lambda value: isinstance(value, complex) or _is_number(value) for name in _COMPLEX},
}
