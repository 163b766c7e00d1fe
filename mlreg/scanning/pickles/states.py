"""Owns what happens where a pickle sets the state of an object: whether it may, and what joblib reads after it."""

from __future__ import annotations

from typing import Any

from mlreg.scanning.names import Standing, current
from mlreg.scanning.pickles import arrays, dtypes
from mlreg.scanning.pickles.machine import Machine, shown
from mlreg.scanning.pickles.values import Box, Global, Made
from mlreg.scanning.report import Halt

_HARMLESS = frozenset({"__sklearn_version__", "__doc__", "__module__", "__name__", "__qualname__", "__orig_class__"})


def build(machine: Machine, target: Any, state: Any) -> None:
    """Sets `state` on `target`, and goes on behind the raw array where joblib would read one.

    Raises:
        Halt: The target is no new object, or the state replaces its inner parts.
    """
    machine.has_acted = True
    if type(target) is not Made:
        what = shown(target) if type(target) is Global else f"a {getattr(target, 'kind', type(target).__name__)}"
        raise Halt("MLR308", f"a state is set on {what}, which is no new object", machine.offset)
    if target.state:
        raise Halt("MLR308", f"the state of {shown(target.maker)} is set again, which no saver does", machine.offset)
    key = f"{current(target.maker.module)}.{target.maker.name}"
    _check_keys(machine, target, state)
    if key == "numpy.dtype":
        dtypes.check_state(target, state, machine.offset)
    elif key == "numpy._core.multiarray._reconstruct":
        arrays.check_array_state(machine, state)
    elif key == "functools.partial" and not _is_of_same(target, state):
        raise Halt("MLR308", "the state of a partial holds another function than it was made of", machine.offset)
    elif key in arrays.WRAPPERS and not _is_transparent(state):
        raise Halt("MLR308", "the state of an array of joblib is not as it writes it", machine.offset)
    target.state = {**(state.mapping() if type(state) is Box else {}), None: state}
    if key in arrays.WRAPPERS:
        machine.stack[-1] = arrays.read_wrapped(machine, target)


def _check_keys(machine: Machine, target: Made, state: Any) -> None:
    is_pair = isinstance(state, tuple) and len(state) == 2
    odd = next((part for part in (state if is_pair else (state,)) if _odd_key(part)), None)
    if odd is not None:
        raise Halt("MLR308", f"the state of {shown(target.maker)} sets {_odd_key(odd)[:60]}", machine.offset)
    if is_pair and _sets_attributes(target) and state[1] is not None and not _is_transparent(state[1]):
        raise Halt("MLR308", f"the slots of {shown(target.maker)} cannot be known", machine.offset)
    if type(state) is Global:
        raise Halt("MLR308", f"the state of {shown(target.maker)} is none", machine.offset)


def _is_of_same(target: Made, state: Any) -> bool:
    """Whether the state of a partial, which replaces its function, has the one that was checked when it was made."""
    made_of = target.args[0] if isinstance(target.args, tuple) and target.args else None
    found = state[0] if isinstance(state, tuple) and len(state) == 4 else None
    return type(made_of) is Global and type(found) is Global and made_of.key == found.key


def _sets_attributes(target: Made) -> bool:
    """Whether a pair as the state means dictionary and slots; what is called has a `__setstate__` of its own."""
    return target.maker.standing is not Standing.CALLED


def _odd_key(part: Any) -> str:
    odd = part.odd_keys - _HARMLESS if type(part) is Box and part.kind == "dict" else ()
    return min(odd, default="")


def _is_transparent(state: Any) -> bool:
    """Whether `state` is a dictionary of which every key is known."""
    is_dict = type(state) is Box and state.kind == "dict" and state.is_whole
    return is_dict and all(type(key) is str for key in state.items[::2])
