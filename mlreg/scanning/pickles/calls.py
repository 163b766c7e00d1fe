"""Owns what happens where a pickle calls something: whether it may, and what stands for the result."""

from __future__ import annotations

from typing import Any

from mlreg.scanning.names import Standing, current
from mlreg.scanning.pickles.arguments import CHECKS
from mlreg.scanning.pickles.machine import Machine, shown
from mlreg.scanning.pickles.values import Box, Global, Large, Made, Tensor
from mlreg.scanning.report import Halt

_MAKERS = {"copyreg.__newobj__", "copyreg.__newobj_ex__", "copyreg._reconstructor"}
_STORAGE_BYTES = {
    "DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8, "IntStorage": 4,
    "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1, "UntypedStorage": 1,
    "ComplexDoubleStorage": 16, "ComplexFloatStorage": 8, "QUInt8Storage": 1, "QInt8Storage": 1, "QInt32Storage": 4,
}  # fmt: skip


def called(machine: Machine, target: Any, args: Any) -> Any:
    """Returns what stands for the result of `target(*args)`.

    Raises:
        Halt: It is no call that could be followed.
    """
    machine.has_acted = True
    if type(target) is not Global:
        raise Halt("MLR301", "it calls an object, not a function of a module", machine.offset)
    if type(args) is not tuple and not isinstance(args, tuple):
        raise machine.malformed("the arguments of a call are no tuple")
    key = f"{current(target.module)}.{target.name}"
    machine.heed(args)
    if target.standing is not Standing.CALLED:
        machine.scan.add("MLR301", f"{shown(target)} is called", machine.offset)
        machine.foreign.pop(target.key, None)
        return Made(target, args)
    if key in _MAKERS:
        return _made_by_function(machine, target, key, args)
    _check(machine, key, target, args)
    return Made(target, args)


def made(machine: Machine, target: Any, args: Any, kwargs: Any = None) -> Any:
    """Returns what stands for `target.__new__(target, *args, **kwargs)`.

    Raises:
        Halt: It is no class that could be followed.
    """
    machine.has_acted = True
    if type(target) is not Global:
        raise Halt("MLR301", "it makes an object of what is no class of a module", machine.offset)
    if not isinstance(args, tuple) or not (kwargs is None or (type(kwargs) is Box and kwargs.kind == "dict")):
        raise machine.malformed("the arguments of a class are none")
    if target.standing is Standing.FOREIGN:
        machine.scan.add("MLR303", f"{shown(target)} would be built", machine.offset, subject=target.key)
        machine.foreign.pop(target.key, None)
    elif target.standing is Standing.CALLED:
        if kwargs is not None and kwargs.count:
            raise Halt("MLR305", f"{shown(target)} is made in a way that no saver does", machine.offset)
        _check(machine, f"{current(target.module)}.{target.name}", target, args)
    elif target.standing is not Standing.MADE:
        machine.scan.add("MLR301", f"{shown(target)} is instantiated", machine.offset)
    return Made(target, args)


def stored(machine: Machine, name: Any) -> Tensor | Global:
    """Returns what stands for the storage of torch that the persistent id `name` names.

    Old files name classes in that way too, with the text of their source, which is only compared.

    Raises:
        Halt: It names something else, or lies in no archive of torch.
    """
    storages = machine.scan.storages
    if storages is None:
        raise Halt("MLR307", "it asks for an object by a name outside of the file", machine.offset)
    is_tuple = isinstance(name, tuple)
    if is_tuple and not storages and len(name) == 4 and name[0] == "module" and type(name[1]) is Global:
        return name[1]
    if not is_tuple or len(name) not in (5, 6) or name[0] not in ("storage", b"storage"):
        raise Halt("MLR307", "it asks for something that is no storage of a tensor", machine.offset)
    kind, key, place, numel = name[1:5]
    machine.heed((place,))
    item_bytes = _STORAGE_BYTES.get(kind.name) if type(kind) is Global and kind.module == "torch" else None
    if item_bytes is None and not (type(kind) is Global and kind.key == "torch.storage.UntypedStorage"):
        raise Halt("MLR307", "the type of a storage is not one of torch", machine.offset)
    if type(key) is not str or type(place) is not str or type(numel) is not int or numel < 0:
        raise Halt("MLR307", "the name of a storage is not as torch writes it", machine.offset)
    size_bytes = numel * (item_bytes or 1)
    if storages and storages.get(key, -1) < size_bytes:
        raise Halt("MLR307", f"the storage {key[:40]!r} is not in the archive, or is too short", machine.offset)
    machine.tensors[key] = Tensor(key, numel, item_bytes or 1)
    return machine.tensors[key]


def _check(machine: Machine, key: str, target: Global, args: tuple[Any, ...]) -> None:
    check = CHECKS.get(key)
    if check is None:
        return
    problem = check(args)
    if problem:
        code = "MLR309" if problem.startswith("too large") else "MLR305"
        raise Halt(code, f"{shown(target)} is called with odd arguments: {problem}", machine.offset)


def _made_by_function(machine: Machine, target: Global, key: str, args: tuple[Any, ...]) -> Any:
    if not args or type(args[0]) is not Global:
        raise Halt("MLR305", f"{shown(target)} is called without a class", machine.offset)
    if key == "copyreg.__newobj__":
        return made(machine, args[0], args[1:])
    if key == "copyreg.__newobj_ex__" and len(args) == 3:
        return made(machine, args[0], args[1], args[2])
    if key == "copyreg._reconstructor" and len(args) == 3 and _is_plain_base(args[1], args[2]):
        return made(machine, args[0], ())
    raise Halt("MLR305", f"{shown(target)} is called in a way that no saver does", machine.offset)


def _is_plain_base(base: Any, state: Any) -> bool:
    """Whether `base.__new__(cls, state)` makes no more than a copy of what is in the file."""
    if type(base) is not Global or base.module != "builtins":
        return False
    if base.name == "object":
        return state is None
    if base.name in ("int", "float", "complex", "str"):
        return type(state) in (int, float, complex, str, Large)
    is_long = type(state) is Large and state.kind != "number"
    is_items = isinstance(state, tuple) or type(state) in (Box, bytes) or is_long
    return base.name in ("dict", "list", "tuple", "set", "frozenset", "bytes") and is_items
