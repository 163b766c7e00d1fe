"""Owns reading what the tensors in a pickle of torch are called. Nothing in it is ever imported, called or built.

A pickle is a program for a small stack machine. Here the machine runs on symbols: a class is its name, a call of
anything else than the few functions that make tensors is a box with what it was called with. That is enough to follow
the keys that lead to a tensor.

Source: torch/serialization.py and torch/_utils.py for what is called with which arguments.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mlreg.store.blobs.cutting.tensors import MAX_DIMENSIONS, MAX_NAME_CHARACTERS, WIDTHS, MalformedError

MAX_OPCODES = 1_000_000
MAX_DEPTH = 64
MAX_ARGUMENTS = 16
_TOO_LARGE = 1 << 63

_PLAIN = "float64:f64 float32:f32 float16:f16 bfloat16:bf16 bool:bool complex64:c64 complex128:c128"
_FLOAT8 = "e4m3fn e5m2 e4m3fnuz e5m2fnuz e8m0fnu"
TYPES = {
    **{f"torch.{name}": dtype for name, _, dtype in (pair.partition(":") for pair in _PLAIN.split())},
    **{f"torch.{sign}int{bits}": f"{sign or 'i'}{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"torch.float8_{kind}": "f8" for kind in _FLOAT8.split()},
}
_CLASSES = (
    "Double:f64 Float:f32 Half:f16 BFloat16:bf16 Bool:bool Byte:u8 Char:i8 Short:i16 Int:i32 Long:i64 "
    "ComplexFloat:c64 ComplexDouble:c128 Untyped:"
)
STORAGES = {f"{name}Storage": dtype for name, _, dtype in (pair.partition(":") for pair in _CLASSES.split())}
_TRIPS = (ValueError, LookupError, TypeError, AttributeError, Warning)  # warnings are errors under `python -W error`
_INNER = ("_modules", "_parameters", "_buffers")  # how a module keeps its parts; `state_dict` names none of them


class Storage(NamedTuple):
    """The bytes behind tensors: `length` elements of `dtype`, or bytes where that is ""."""

    key: str
    dtype: str
    length: int

    @property
    def size_bytes(self) -> int:
        """How many bytes it has."""
        return self.length * WIDTHS.get(self.dtype, 1)


class View(NamedTuple):
    """A tensor: a look at a storage, from element `offset` on."""

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        """Whether its elements are those of the storage, all of them and in their order."""
        expected, step = [], 1
        for length in reversed(self.shape):
            expected.append(step)
            step *= length
        strides = zip(self.shape, self.stride, reversed(expected), strict=True)
        in_order = all(stride == wanted for length, stride, wanted in strides if length > 1)
        return in_order and self.offset == 0 and step * WIDTHS.get(self.dtype, 1) == self.storage.size_bytes


class _Name(str):
    """The full name of a class or function."""

    __slots__ = ()


@dataclass(slots=True, eq=False)
class _Box:
    """Something that holds other things, under keys, in a row, or (key None) in a way that has no name."""

    items: list[tuple[Any, Any]] = field(default_factory=list)


class Pickle:
    """The tensors in a pickle.

    Attributes:
        storages: Each storage that it mentions, by key, as it was first mentioned.
        tensors: Name and view of each tensor; empty where the pickle could not be followed to its end.
    """

    def __init__(self, data: bytes) -> None:
        self.storages: dict[str, Storage] = {}
        self.tensors: list[tuple[str, View]] = []
        with suppress(MalformedError):
            self.tensors = list(_views(_Machine(self.storages).run(data), "", 0, set()))


class _Machine:
    """A stack machine that knows names only."""

    def __init__(self, storages: dict[str, Storage]) -> None:
        self.storages = storages
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self, data: bytes) -> Any:
        """Returns what the pickle describes, in boxes.

        Raises:
            MalformedError: It is broken, too long, or does what no pickle of torch does.
        """
        try:
            for number, (opcode, argument, _) in enumerate(pickletools.genops(data)):
                if opcode.name == "STOP":
                    return self.stack.pop()
                if number == MAX_OPCODES:
                    raise MalformedError
                _STEPS[opcode.name](self, argument)
        except _TRIPS as error:
            raise MalformedError from error
        raise MalformedError

    def since_mark(self) -> list[Any]:
        """Takes what was put down since the last mark."""
        start = self.marks.pop()
        taken = self.stack[start:]
        del self.stack[start:]
        return taken

    def take(self, count: int) -> tuple[Any, ...]:
        """Takes the last `count` things."""
        if count > len(self.stack) - (self.marks[-1] if self.marks else 0):
            raise MalformedError
        taken = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        return taken

    def push(self, argument: Any) -> None:
        """Puts down what the opcode says."""
        self.stack.append(argument)

    def call(self, function: Any, arguments: Any) -> Any:
        """Returns what stands for the result of a call."""
        make = _CALLS.get(function) if isinstance(function, _Name) else None
        return make(*arguments) if make and len(arguments) <= MAX_ARGUMENTS else _Box([(None, arguments)])

    def storage(self, identity: Any) -> Storage:
        """Returns the storage that ("storage", class, key, device, count) identifies."""
        match identity:
            case ("storage", _Name() as kind, str(key), _, int(count)) if 0 <= count < _TOO_LARGE:
                dtype = STORAGES[kind.rpartition(".")[2]]
                return self.storages.setdefault(key, Storage(key, dtype, count))
        raise MalformedError


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any, *rest: Any) -> View:
    """Returns the tensor that `_rebuild_tensor_v2` and `_v3` would make; only the latter says the type, at the end."""
    if not isinstance(storage, Storage) or len(shape) != len(stride) or len(shape) > MAX_DIMENSIONS:
        raise MalformedError
    if not all(isinstance(number, int) and 0 <= number < _TOO_LARGE for number in (offset, *shape, *stride)):
        raise MalformedError
    last = rest[-1] if rest else None
    dtype = TYPES.get(last, "") if isinstance(last, _Name) else storage.dtype
    return View(storage, dtype, offset, tuple(shape), tuple(stride))


def _subclass(function: Any, _: Any, arguments: Any, *__: Any) -> Any:
    is_tensor = _CALLS.get(function) is _tensor and len(arguments) <= MAX_ARGUMENTS
    return _tensor(*arguments) if is_tensor else _Box([(None, arguments)])


def _first(value: Any, *_: Any) -> Any:
    return value


_CALLS: dict[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch._tensor._rebuild_from_type_v2": _subclass,
}


def _reduce(machine: _Machine, _: Any) -> None:
    machine.push(machine.call(*machine.take(2)))


def _new(machine: _Machine, _: Any) -> None:
    machine.push(_Box([(None, machine.take(2)[1])]))


def _new_with_names(machine: _Machine, _: Any) -> None:
    machine.push(_Box([(None, machine.take(3)[1:])]))


def _build(machine: _Machine, _: Any) -> None:
    (state,) = machine.take(1)
    top = machine.stack[-1]
    if isinstance(top, _Box):
        top.items += [(None, part) for part in (state if isinstance(state, tuple) and len(state) == 2 else (state,))]


def _set(machine: _Machine, parts: list[Any] | tuple[Any, ...]) -> None:
    machine.stack[-1].items.extend(zip(parts[::2], parts[1::2], strict=True))


def _append(machine: _Machine, parts: list[Any] | tuple[Any, ...]) -> None:
    items = machine.stack[-1].items
    items.extend(enumerate(parts, len(items)))


def _name(*parts: str) -> _Name:
    if sum(map(len, parts)) > MAX_NAME_CHARACTERS:
        raise MalformedError
    return _Name(".".join(parts))


def _put(machine: _Machine, slot: int | None) -> None:
    machine.memo[len(machine.memo) if slot is None else slot] = machine.stack[-1]


def _pop(machine: _Machine, _: Any) -> None:
    if machine.marks and machine.marks[-1] == len(machine.stack):
        machine.marks.pop()
    else:
        machine.stack.pop()


Step = Callable[[_Machine, Any], object]


def _made(of: Callable[[_Machine], Any]) -> Step:
    return lambda machine, _: machine.push(of(machine))


def _each(names: str, step: Step) -> dict[str, Step]:
    return dict.fromkeys(names.split(), step)


_STEPS: dict[str, Step] = {
    **_each("PROTO FRAME", lambda machine, _: None),
    **_each("INT LONG LONG1 LONG4 BININT BININT1 BININT2", _Machine.push),
    **_each("STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8", _Machine.push),
    **_each("NONE NEWTRUE NEWFALSE FLOAT BINFLOAT BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8", _made(lambda _: None)),
    **_each("EMPTY_DICT EMPTY_LIST EMPTY_SET", _made(lambda _: _Box())),
    **_each("EMPTY_TUPLE", _made(lambda _: ())),
    **_each("TUPLE1", _made(lambda machine: machine.take(1))),
    **_each("TUPLE2", _made(lambda machine: machine.take(2))),
    **_each("TUPLE3", _made(lambda machine: machine.take(3))),
    **_each("TUPLE FROZENSET", _made(lambda machine: tuple(machine.since_mark()))),
    **_each("LIST", _made(lambda machine: _Box(list(enumerate(machine.since_mark()))))),
    **_each("GLOBAL", lambda machine, name: machine.push(_name(*name.split(" ", 1)))),
    **_each("STACK_GLOBAL", _made(lambda machine: _name(*machine.take(2)))),
    **_each("BINPERSID", _made(lambda machine: machine.storage(*machine.take(1)))),
    **_each("MARK", lambda machine, _: machine.marks.append(len(machine.stack))),
    **_each("POP", _pop),
    **_each("POP_MARK", lambda machine, _: machine.since_mark()),
    **_each("DUP", _made(lambda machine: machine.stack[-1])),
    **_each("SETITEM", lambda machine, _: _set(machine, machine.take(2))),
    **_each("SETITEMS", lambda machine, _: _set(machine, machine.since_mark())),
    **_each("APPEND", lambda machine, _: _append(machine, machine.take(1))),
    **_each("APPENDS ADDITEMS", lambda machine, _: _append(machine, machine.since_mark())),
    **_each("PUT BINPUT LONG_BINPUT MEMOIZE", _put),
    **_each("GET BINGET LONG_BINGET", lambda machine, slot: machine.push(machine.memo[slot])),
    **_each("REDUCE", _reduce),
    **_each("NEWOBJ", _new),
    **_each("NEWOBJ_EX", _new_with_names),
    **_each("BUILD", _build),
}


def _views(thing: Any, path: str, depth: int, seen: set[int]) -> Iterator[tuple[str, View]]:
    """Yields each tensor in `thing` with the keys that lead to it; what can be reached in two ways, the first way."""
    if isinstance(thing, View):
        yield path, thing
    elif isinstance(thing, _Box | tuple) and depth < MAX_DEPTH and id(thing) not in seen:
        seen.add(id(thing))
        for key, value in enumerate(thing) if isinstance(thing, tuple) else thing.items:
            name = _joined(path, key)
            if name is not None:
                yield from _views(value, name, depth + 1, seen)


def _joined(path: str, key: Any) -> str | None:
    """Returns the name of what is under `key` in `path`, None where that is too long to be one."""
    if key is None or key in _INNER:
        return path
    if isinstance(key, int) and -_TOO_LARGE < key < _TOO_LARGE:
        key = str(key)
    if not isinstance(key, str) or len(path) + len(key) >= MAX_NAME_CHARACTERS:
        return None
    return f"{path}.{key}" if path else key
