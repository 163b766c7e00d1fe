"""Owns arrays of numpy in pickles: their types, and the raw bytes that joblib writes between the opcodes.

joblib replaces each array by a `NumpyArrayWrapper`; once its state is set, the loader reads the array from the file
right there: an inner pickle where it holds objects, else a byte that says how much padding follows, the padding, and
the elements (joblib, `numpy_pickle.py`).
"""

from __future__ import annotations

import re
from contextlib import suppress
from math import prod
from typing import Any, Final

from mlreg.scanning.pickles.machine import Machine
from mlreg.scanning.pickles.values import OPAQUE, Box, Global, Made
from mlreg.scanning.report import Halt

WRAPPERS: Final = frozenset({"joblib.numpy_pickle.NumpyArrayWrapper"})
_CODE = re.compile(r"[<>|=]?([?a-zA-Z])(\d*)(?:\[.*\])?")
_WIDTHS = {"?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8, "p": 8, "P": 8,
           "e": 2, "f": 4, "d": 8, "g": 16, "F": 8, "D": 16, "G": 32, "O": 8, "M": 8, "m": 8}  # fmt: skip
_NAMED = re.compile(r"(?:float|int|uint|complex)(\d+)")
_PADDING_MAX_BYTES = 16
_PARTS_MAX = 1000


class Kind:
    """The type of the elements of an array: how long one is, and whether it holds objects of Python."""

    __slots__ = ("has_objects", "item_bytes")

    def __init__(self, item_bytes: int, *, has_objects: bool) -> None:
        self.item_bytes = item_bytes
        self.has_objects = has_objects


def kind_of(machine: Machine, dtype: Any, depth: int = 0) -> Kind:
    """Returns what `dtype` says of elements.

    Raises:
        Halt: That cannot be known, or it contradicts itself.
    """
    if type(dtype) is not Made or not dtype.is_of("numpy.dtype", "numpy.dtypes.dtype") or not dtype.args or depth > 20:
        raise _odd(machine, "the type of an array cannot be known")
    plain = _plain(machine, dtype.args[0])
    state = dtype.state.get(None)
    if not isinstance(state, tuple) or len(state) < 7:
        return plain
    names, fields, item_bytes = state[3:6]
    sub = state[2]
    if sub is not None:
        raise _odd(machine, "elements of an array are arrays")
    if names is None and fields is None:
        return plain
    return _structured(machine, fields, item_bytes, depth)


def check_dtype_state(machine: Machine, dtype: Made, state: Any) -> None:
    """Checks that the state of a type says of its elements what the type itself says.

    Raises:
        Halt: It would make numpy read bytes as objects, or past the end of a buffer.
    """
    if not isinstance(state, tuple) or not 7 <= len(state) <= 9 or dtype.state:
        raise _odd(machine, "the state of a type is not as numpy writes it")
    code = dtype.args[0] if dtype.args else None
    letter = _letter(code)
    item_bytes, flags = state[5], state[7] if len(state) > 7 else 0
    if not letter or type(item_bytes) is not int or type(flags) is not int:
        raise _odd(machine, "the state of a type is not as numpy writes it")
    if letter in "SUVa":
        stated = _plain(machine, code).item_bytes
        is_true = item_bytes == stated
    else:
        is_true = item_bytes == -1 and state[3] is None and state[4] is None
    has_objects = letter == "O" or (letter == "V" and state[4] is not None and kind_of_fields(machine, state[4]))
    if not is_true or bool(flags & 1) != has_objects or (state[2] is not None and letter != "V"):
        raise _odd(machine, "the state of a type contradicts it")


def kind_of_fields(machine: Machine, fields: Any) -> bool:
    """Whether one of `fields` of a type holds objects."""
    return any(kind_of(machine, field[0]).has_objects for field in _parts(machine, fields))


def check_array_state(machine: Machine, state: Any) -> None:
    """Checks that an array of objects holds a list and any other array bytes.

    Raises:
        Halt: It is the other way round, or nothing that numpy writes.
    """
    if not isinstance(state, tuple) or len(state) not in (4, 5):
        raise _odd(machine, "the state of an array is not as numpy writes it")
    dtype, data = state[-3], state[-1]
    if dtype is OPAQUE:
        return
    kind = kind_of(machine, dtype)
    is_list = (type(data) is Box and data.kind == "list") or data is OPAQUE
    if kind.has_objects != is_list and data is not OPAQUE:
        raise _odd(machine, "an array of numbers holds objects, or the other way round")


def read_wrapped(machine: Machine, wrapper: Made) -> Any:
    """Returns what stands for the array that joblib reads in place of `wrapper`, and goes on behind its bytes.

    Raises:
        Halt: The array cannot be passed over with certainty, or its bytes are a pickle to another reader.
    """
    if not machine.reads_arrays:
        raise Halt("MLR310", "an array of joblib lies where no loader would read it as one", machine.offset)
    state = wrapper.state
    shape = state.get("shape")
    if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise _odd(machine, "the shape of an array is none")
    kind = kind_of(machine, state.get("dtype"))
    subclass = state.get("subclass")
    if type(subclass) is not Global or not subclass.module.startswith("numpy"):
        raise _odd(machine, "the class of an array is none of numpy")
    machine.has_arrays = True
    if kind.has_objects:
        _read_inner(machine)
        return OPAQUE
    if kind.item_bytes <= 0:
        raise _odd(machine, "elements of an array have no size")
    _skip_padding(machine, state.get("numpy_array_alignment_bytes"))
    machine.skip(prod(shape) * kind.item_bytes)
    return OPAQUE


def _read_inner(machine: Machine) -> None:
    inner = machine.nested()
    inner.run()
    machine.jump(inner.offset)


def _skip_padding(machine: Machine, alignment: Any) -> None:
    if alignment is None:
        _check_raw(machine)
        return
    if type(alignment) is not int or not 1 <= alignment <= _PADDING_MAX_BYTES:
        raise _odd(machine, "the alignment of an array is not as joblib writes it")
    count = machine.take(1)[0]
    if count > alignment:  # up to 16 no opcode has this number, so a plain unpickler stops at it
        raise Halt("MLR310", f"{count} bytes of padding come before an array", machine.offset)
    machine.skip(count)


def _check_raw(machine: Machine) -> None:
    """Raises where a plain unpickler, which knows nothing of joblib, would do something with the bytes ahead."""
    probe = machine.probe()
    with suppress(Halt):
        probe.run()
    if probe.has_acted:
        raise Halt("MLR310", "the bytes of an array are opcodes to a plain unpickler", machine.offset)


def _structured(machine: Machine, fields: Any, item_bytes: Any, depth: int) -> Kind:
    if type(item_bytes) is not int or not 0 < item_bytes < 1 << 30:
        raise _odd(machine, "the size of a type is none")
    kinds = [(kind_of(machine, part[0], depth + 1), part[1]) for part in _parts(machine, fields)]
    if any(offset < 0 or offset + kind.item_bytes > item_bytes for kind, offset in kinds):
        raise _odd(machine, "a field of a type lies outside of it")
    return Kind(item_bytes, has_objects=any(kind.has_objects for kind, _ in kinds))


def _parts(machine: Machine, fields: Any) -> list[tuple[Any, int]]:
    if type(fields) is not Box or fields.kind != "dict" or not fields.is_whole or fields.count > _PARTS_MAX:
        raise _odd(machine, "the fields of a type cannot be known")
    parts = list(fields.mapping().values())
    if len(parts) * 2 != fields.count or not all(_is_field(part) for part in parts):
        raise _odd(machine, "the fields of a type cannot be known")
    return [(part[0], part[1]) for part in parts]


def _is_field(part: Any) -> bool:
    return isinstance(part, tuple) and len(part) in (2, 3) and type(part[1]) is int


def _letter(code: Any) -> str:
    if type(code) is Global:
        return "f" if _NAMED.fullmatch(code.name) else ""
    match = _CODE.fullmatch(code) if type(code) is str else None
    return match[1] if match else ""


def _plain(machine: Machine, code: Any) -> Kind:
    if type(code) is Global and (named := _NAMED.fullmatch(code.name)):
        return Kind(int(named[1]) // 8, has_objects=False)
    match = _CODE.fullmatch(code) if type(code) is str else None
    if not match:
        raise _odd(machine, "the type of an array cannot be known")
    letter, digits = match.groups()
    if letter in "SVa":
        return Kind(int(digits or 0), has_objects=False)
    if letter == "U":
        return Kind(4 * int(digits or 0), has_objects=False)
    width = int(digits) if digits and letter not in "Mm" else _WIDTHS.get(letter, 0)
    return Kind(width, has_objects=letter == "O")


def _odd(machine: Machine, message: str) -> Halt:
    return Halt("MLR305", message, machine.offset)
