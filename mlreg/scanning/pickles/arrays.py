"""Owns arrays of numpy in pickles: their states, and the raw bytes that joblib writes between the opcodes.

joblib replaces each array by a `NumpyArrayWrapper`; once its state is set, the loader reads the array from the file
right there: an inner pickle where it holds objects, else a byte that says how much padding follows, the padding, and
the elements (joblib, `numpy_pickle.py`).
"""

from __future__ import annotations

from contextlib import suppress
from math import prod
from typing import Any, Final

from mlreg.scanning.pickles.dtypes import kind_of
from mlreg.scanning.pickles.machine import Machine
from mlreg.scanning.pickles.values import OPAQUE, Box, Global, Made
from mlreg.scanning.report import Halt

WRAPPERS: Final = frozenset({"joblib.numpy_pickle.NumpyArrayWrapper"})
_PADDING_MAX_BYTES = 16


def check_array_state(machine: Machine, state: Any) -> None:
    """Checks that an array of objects holds a list of as many as it says, and any other array bytes.

    numpy itself counts the bytes, but not the objects (`array_setstate`, `_setlist_pkl`).

    Raises:
        Halt: It is the other way round, or nothing that numpy writes.
    """
    if not isinstance(state, tuple) or len(state) not in (4, 5):
        raise _odd(machine, "the state of an array is not as numpy writes it")
    shape, dtype, data = state[-4], state[-3], state[-1]
    if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise _odd(machine, "the shape of an array is none")
    count = data.count if type(data) is Box and data.kind == "list" else None
    if kind_of(dtype, machine.offset).has_objects:
        if count != prod(shape):
            raise _odd(machine, "an array of objects does not hold as many as it says")
    elif count is not None:
        raise _odd(machine, "an array of numbers holds objects")


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
    kind = kind_of(state.get("dtype"), machine.offset)
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


def _odd(machine: Machine, message: str) -> Halt:
    return Halt("MLR305", message, machine.offset)
