"""Owns the types of arrays of numpy in pickles: how long an element is, and whether it holds objects of Python.

`numpy.dtype.__setstate__` believes what it is told; a state that lies makes numpy read past a buffer, or numbers as
pointers. So a state must be exactly what numpy itself writes for that type (numpy, `descriptor.c`).
"""

from __future__ import annotations

import re
from math import prod
from typing import Any, NamedTuple

from mlreg.scanning.pickles.values import Box, Global, Made
from mlreg.scanning.report import Halt

_CODE = re.compile(r"[<>|=]?([?a-zA-Z])(\d*)(?:\[.*\])?")
_WIDTHS = {"?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8, "p": 8, "P": 8,
           "e": 2, "f": 4, "d": 8, "g": 16, "F": 8, "D": 16, "G": 32, "O": 8, "M": 8, "m": 8}  # fmt: skip
_NAMED = re.compile(r"(?:float|int|uint|complex)(\d+)")
_ITEM_MAX_BYTES = 1 << 30
_NESTED_MAX = 20
_UNITS = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "generic")
_OF_FIELDS = ((16, 144), (27, 155))  # flags of records without and with objects, packed and aligned


class Kind(NamedTuple):
    """How many bytes an element has, and whether it holds objects of Python."""

    item_bytes: int
    has_objects: bool


class _State(NamedTuple):
    order: Any
    sub: Any
    names: Any
    fields: Any
    item_bytes: int
    alignment: int
    flags: int


def kind_of(dtype: Any, offset: int, depth: int = 0) -> Kind:
    """Returns what `dtype` says of elements.

    Raises:
        Halt: That cannot be known, or it contradicts itself.
    """
    if type(dtype) is not Made or not dtype.is_of("numpy.dtype") or not dtype.args or depth > _NESTED_MAX:
        raise _odd("the type of an array cannot be known", offset)
    plain = _plain(dtype.args[0], offset)
    if None not in dtype.state:
        return plain
    state = _parsed(dtype.state[None], offset)
    if state.sub is not None:
        return _repeated(state, offset, depth)
    if state.names is not None:
        return _record(state, offset, depth)
    return plain


def check_state(dtype: Made, state: Any, offset: int) -> None:
    """Checks that the state of a type is what numpy writes for it.

    Raises:
        Halt: It is not, or the type is in use already.
    """
    code = dtype.args[0] if dtype.args else None
    letter = _letter(code)
    if dtype.is_shared or not letter:
        raise _odd("the state of a type comes when it is in use", offset)
    parsed = _parsed(state, offset)
    plain = _plain(code, offset)
    if parsed.sub is not None or parsed.names is not None or parsed.fields is not None:
        inner = _repeated(parsed, offset, 0) if parsed.sub is not None else _record(parsed, offset, 0)
        is_true = letter == "V" and inner.item_bytes == plain.item_bytes
    elif letter in "SUVa":
        is_true = parsed[4:] == (plain.item_bytes, 4 if letter == "U" else 1, 8 if letter == "U" else 0)
    else:
        is_true = parsed[4:] == (-1, -1, 63 if letter == "O" else 0)
    if not is_true or (len(state) == 9) != (letter in "Mm") or not _is_dated(state[8:]):
        raise _odd("the state of a type contradicts it", offset)


def _is_dated(rest: tuple[Any, ...]) -> bool:
    """Whether `rest`, of the state of a type of dates, is nothing, or a unit and how it is counted."""
    if not rest:
        return True
    unit = rest[0][1] if isinstance(rest[0], tuple) and len(rest[0]) == 2 and rest[0][0] is None else ()
    if not isinstance(unit, tuple) or len(unit) != 4 or not all(type(number) is int for number in unit[1:]):
        return False
    name = unit[0].args[0] if type(unit[0]) is Made and unit[0].is_of("_codecs.encode") and unit[0].args else unit[0]
    is_unit = (name.decode("latin-1") if type(name) is bytes else name) in _UNITS
    return is_unit and all(0 < number < 1 << 31 for number in unit[1:])


def _parsed(state: Any, offset: int) -> _State:
    lengths = {3: 8, 4: 9}
    is_known = isinstance(state, tuple) and len(state) > 1 and type(state[0]) is int
    if not is_known or lengths.get(state[0]) != len(state) or not all(type(number) is int for number in state[5:8]):
        raise _odd("the state of a type is not as numpy writes it", offset)
    return _State(*state[1:8])


def _repeated(state: _State, offset: int, depth: int) -> Kind:
    """Returns what a type says whose elements are arrays: `sub` is a type and a shape."""
    sub = state.sub
    if not isinstance(sub, tuple) or len(sub) != 2 or state.names is not None or state.fields is not None:
        raise _odd("a type of arrays is none", offset)
    inner = kind_of(sub[0], offset, depth + 1)
    shape = sub[1] if isinstance(sub[1], tuple) else (sub[1],)
    if inner.has_objects or not all(type(size) is int and 0 < size < _ITEM_MAX_BYTES for size in shape):
        raise _odd("a type of arrays is none", offset)
    if state.item_bytes != inner.item_bytes * prod(shape) or state.flags & 0x3F not in (0, 8, 16):
        raise _odd("a type of arrays contradicts itself", offset)
    return Kind(state.item_bytes, has_objects=False)


def _record(state: _State, offset: int, depth: int) -> Kind:
    fields = state.fields
    is_dict = type(fields) is Box and fields.kind == "dict" and fields.is_whole
    keys, parts = (fields.items[::2], fields.items[1::2]) if is_dict else ([], [])
    is_right = isinstance(state.names, tuple) and all(type(name) is str for name in (*state.names, *keys))
    if not is_right or not is_dict or sorted(state.names) != sorted(keys) or len(set(keys)) != len(keys) or not keys:
        raise _odd("the fields of a type cannot be known", offset)
    if not all(isinstance(part, tuple) and len(part) == 2 and type(part[1]) is int for part in parts):
        raise _odd("the fields of a type cannot be known", offset)
    kinds = sorted((part[1], *kind_of(part[0], offset, depth + 1)) for part in parts)
    has_objects = any(kind[2] for kind in kinds)
    ends = [begin + size for begin, size, _ in kinds]
    overlaps = any(end > begin for end, (begin, _, _) in zip(ends, kinds[1:], strict=False))
    is_inside = kinds[0][0] >= 0 and max(ends) <= state.item_bytes < _ITEM_MAX_BYTES
    if not is_inside or overlaps or state.flags not in _OF_FIELDS[has_objects] or not 1 <= state.alignment <= 16:
        raise _odd("the fields of a type contradict it", offset)
    return Kind(state.item_bytes, has_objects=has_objects)


def _letter(code: Any) -> str:
    match = _CODE.fullmatch(code) if type(code) is str else None
    return match[1] if match else ""


def _plain(code: Any, offset: int) -> Kind:
    if type(code) is Global and (named := _NAMED.fullmatch(code.name)):
        return Kind(int(named[1]) // 8, has_objects=False)
    match = _CODE.fullmatch(code) if type(code) is str else None
    if not match:
        raise _odd("the type of an array cannot be known", offset)
    letter, digits = match.groups()
    if letter in "SVa":
        return Kind(int(digits or 0), has_objects=False)
    if letter == "U":
        return Kind(4 * int(digits or 0), has_objects=False)
    width = int(digits) if digits and letter not in "MmO" else _WIDTHS.get(letter, 0)
    return Kind(width, has_objects=letter == "O")


def _odd(message: str, offset: int) -> Halt:
    return Halt("MLR305", message, offset)
