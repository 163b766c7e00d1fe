"""Owns what each opcode of a pickle does to the symbolic machine: a table of 256 functions."""

from __future__ import annotations

import codecs
import warnings
from collections.abc import Callable
from struct import Struct
from typing import Any, Final

from mlreg.scanning.pickles import calls, states
from mlreg.scanning.pickles.machine import Handler, Machine, Stopped
from mlreg.scanning.pickles.values import OPAQUE, Box, Global, Large, Made
from mlreg.scanning.report import Halt

_NUMBER_MAX_BYTES = 4096
_NESTED_MAX = 1000
_MARK = ord("(")
_U16, _I32, _U32, _U64, _F64 = (Struct(form).unpack_from for form in ("<H", "<i", "<I", "<Q", ">d"))


class _Nested(tuple[Any, ...]):
    """A tuple with tuples in it; `weight` is what hashing or printing it walks over, shared parts counted each time."""

    weight: int
    depth: int


_TUPLES: Final = frozenset({tuple, _Nested})


def _constant(value: Any) -> Handler:
    return lambda machine: machine.stack.append(value)


def _fresh(kind: str) -> Handler:
    def push(machine: Machine) -> None:
        machine.push(Box(kind))
        if machine.buffer[machine.pos] == _MARK:
            machine.pos += 1
            machine.mark()

    return push


def _number(unpack: Callable[..., tuple[Any, ...]], size: int) -> Handler:
    def push(machine: Machine) -> None:
        machine.stack.append(unpack(machine.buffer, machine.pos)[0])
        machine.pos += size

    return push


def _sized(unpack: Callable[..., tuple[Any, ...]], size: int, read: Callable[[Machine, int], Any]) -> Handler:
    def push(machine: Machine) -> None:
        count = unpack(machine.buffer, machine.pos)[0]
        machine.pos += size
        machine.stack.append(read(machine, count))

    return push


def _u8(buffer: bytes, pos: int) -> tuple[int]:
    return (buffer[pos],)


def _bytes(machine: Machine, count: int) -> Any:
    return machine.data(count, "bytes")


def _bytearray(machine: Machine, count: int) -> Any:
    machine.skip(count)
    return Large("bytearray")


def _old_text(machine: Machine, count: int) -> Any:
    data = machine.data(count, "str")
    return data if type(data) is Large else _ascii(data)


def _ascii(data: bytes) -> Any:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        return data  # a loader fails here, or reads it as bytes or latin-1: never as a name that is on a list


def _long(machine: Machine, count: int) -> Any:
    if count > _NUMBER_MAX_BYTES:
        raise Halt("MLR309", f"it holds a number of {count} bytes", machine.offset)
    return int.from_bytes(machine.take(count), "little", signed=True)


def _short_text(machine: Machine) -> None:
    begin = machine.pos + 1
    end = begin + machine.buffer[begin - 1]
    if end > len(machine.buffer):
        machine.pos = begin
        machine.stack.append(machine.text(end - begin))
        return
    try:
        machine.stack.append(machine.buffer[begin:end].decode())
    except UnicodeDecodeError:
        machine.stack.append(machine.buffer[begin:end].decode("utf-8", "replace"))
    machine.pos = end


def _int_line(machine: Machine) -> None:
    line = machine.line()
    machine.stack.append({b"00": False, b"01": True}.get(line) if line in (b"00", b"01") else _parsed(machine, line))


def _long_line(machine: Machine) -> None:
    machine.stack.append(_parsed(machine, machine.line().removesuffix(b"L")))


def _parsed(machine: Machine, line: bytes) -> int:
    if len(line) > _NUMBER_MAX_BYTES:
        raise Halt("MLR309", f"it holds a number of {len(line)} digits", machine.offset)
    try:
        return int(line, 0)
    except ValueError:
        raise machine.malformed("a number is none") from None


def _float_line(machine: Machine) -> None:
    try:
        machine.stack.append(float(machine.line()))
    except ValueError:
        raise machine.malformed("a number is none") from None


def _string_line(machine: Machine) -> None:
    line = machine.line()
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
        raise machine.malformed("a text has no quotes")
    if b"\\" not in line:
        machine.stack.append(_ascii(line[1:-1]))
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python reads unknown escapes, and says that it will not for ever
            machine.stack.append(_ascii(codecs.escape_decode(line[1:-1])[0]))
    except ValueError:
        raise machine.malformed("a text has a wrong escape") from None


def _unicode_line(machine: Machine) -> None:
    try:
        machine.stack.append(machine.line().decode("raw-unicode-escape"))
    except UnicodeDecodeError:
        raise machine.malformed("a text has a wrong escape") from None


def _tuple(machine: Machine) -> None:
    items = machine.pop_mark()
    machine.stack.append(_nested(machine, items))


def _tuple_of(count: int) -> Handler:
    def push(machine: Machine) -> None:
        stack = machine.stack
        if len(stack) < count:
            raise machine.malformed("its stack is too short for a tuple")
        items = stack[-count:]
        del stack[-count:]
        machine.push(_nested(machine, items))

    return push


def _nested(machine: Machine, items: list[Any]) -> tuple[Any, ...]:
    if _TUPLES.isdisjoint(map(type, items)):
        return tuple(items)
    inner = [item for item in items if isinstance(item, tuple)]
    made = _Nested(items)
    made.weight = len(items) + sum(item.weight if type(item) is _Nested else len(item) for item in inner)
    made.depth = 1 + max(item.depth if type(item) is _Nested else 1 for item in inner)
    if made.depth > _NESTED_MAX or made.weight > 4 * machine.offset + 1000:
        raise Halt("MLR309", "its tuples lie in each other without end", machine.offset)
    return made


def _list_of_marked(machine: Machine) -> None:
    _push_box(machine, "list", machine.pop_mark())


def _dict_of_marked(machine: Machine) -> None:
    _push_box(machine, "dict", machine.pop_mark())


def _frozenset(machine: Machine) -> None:
    _push_box(machine, "frozenset", machine.pop_mark())


def _push_box(machine: Machine, kind: str, items: list[Any]) -> None:
    box = Box(kind)
    box.extend(items)
    machine.stack.append(box)


def _append(machine: Machine) -> None:
    value = machine.stack.pop()
    _extend(machine, machine.stack[-1], [value], "list")


def _appends(machine: Machine) -> None:
    items = machine.pop_mark()
    _extend(machine, machine.stack[-1], items, "list")


def _setitem(machine: Machine) -> None:
    value = machine.stack.pop()
    key = machine.stack.pop()
    _extend(machine, machine.stack[-1], [key, value], "dict")


def _setitems(machine: Machine) -> None:
    items = machine.pop_mark()
    _extend(machine, machine.stack[-1], items, "dict")


def _additems(machine: Machine) -> None:
    items = machine.pop_mark()
    _extend(machine, machine.stack[-1], items, "set")


def _extend(machine: Machine, target: Any, items: list[Any], kind: str) -> None:
    if type(target) is Box and target.kind == kind:
        target.extend(items)
    elif type(target) is Made:
        machine.has_acted = True
        target.count += len(items)
    elif target is not OPAQUE:
        machine.has_acted = machine.has_acted or type(target) is Global
        raise Halt("MLR308", f"items are put into what is no {kind}", machine.offset)


def _pop(machine: Machine) -> None:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.pop_mark()


def _pop_mark(machine: Machine) -> None:
    machine.pop_mark()


def _dup(machine: Machine) -> None:
    raise Halt("MLR309", "it doubles what lies on its stack (DUP), which no saver does", machine.offset)


def _stop(machine: Machine) -> None:
    if not machine.stack:
        raise machine.malformed("it leaves nothing")
    raise Stopped


def _proto(machine: Machine) -> None:
    machine.proto = machine.take(1)[0]
    if machine.proto > 5:
        raise machine.malformed(f"its protocol {machine.proto} is not known")


def _frame(machine: Machine) -> None:
    size = _U64(machine.take(8))[0]
    if size and not machine.source.read_at(machine.offset + size - 1, 1):
        raise machine.malformed("a frame is longer than the file")


def _memoize(machine: Machine) -> None:
    machine.memoize()


def _put(machine: Machine) -> None:
    machine.memoize(_index(machine))


def _binput(machine: Machine) -> None:
    index = machine.buffer[machine.pos]
    machine.pos += 1
    machine.memoize(index)


def _long_binput(machine: Machine) -> None:
    machine.memoize(_U32(machine.take(4))[0])


def _get(machine: Machine) -> None:
    machine.stack.append(machine.recalled(_index(machine)))


def _binget(machine: Machine) -> None:
    index = machine.buffer[machine.pos]
    machine.pos += 1
    machine.stack.append(machine.recalled(index))


def _long_binget(machine: Machine) -> None:
    machine.stack.append(machine.recalled(_U32(machine.take(4))[0]))


def _index(machine: Machine) -> int:
    index = _parsed(machine, machine.line())
    if index < 0:
        raise machine.malformed("an index is negative")
    return index


def _global(machine: Machine) -> None:
    module, name = _name_line(machine), _name_line(machine)
    machine.push_global(module, name)


def _stack_global(machine: Machine) -> None:
    name = machine.stack.pop()
    machine.push_global(machine.stack.pop(), name)


def _name_line(machine: Machine) -> str:
    try:
        return machine.line().decode()
    except UnicodeDecodeError:
        raise machine.malformed("a name is not UTF-8") from None


def _inst(machine: Machine) -> None:
    args = tuple(machine.pop_mark())
    _global(machine)
    machine.stack.append(calls.called(machine, machine.stack.pop(), args))


def _obj(machine: Machine) -> None:
    found, *args = machine.pop_mark() or [None]
    machine.stack.append(calls.called(machine, found, tuple(args)))


def _reduce(machine: Machine) -> None:
    args = machine.stack.pop()
    machine.stack[-1] = calls.called(machine, machine.stack[-1], args)


def _newobj(machine: Machine) -> None:
    args = machine.stack.pop()
    machine.stack[-1] = calls.made(machine, machine.stack[-1], args)


def _newobj_ex(machine: Machine) -> None:
    kwargs = machine.stack.pop()
    args = machine.stack.pop()
    machine.stack[-1] = calls.made(machine, machine.stack[-1], args, kwargs)


def _build(machine: Machine) -> None:
    state = machine.stack.pop()
    states.build(machine, machine.stack[-1], state)


def _extension(machine: Machine) -> None:
    raise Halt("MLR306", "it names something by a number of the extension registry", machine.offset)


def _persid(machine: Machine) -> None:
    raise Halt("MLR307", "it asks for an object by a name outside of the file", machine.offset)


def _binpersid(machine: Machine) -> None:
    machine.stack.append(calls.stored(machine, machine.stack.pop()))


def _next_buffer(machine: Machine) -> None:
    raise Halt("MLR307", "it asks for a buffer outside of the file", machine.offset)


def _readonly_buffer(machine: Machine) -> None:
    if type(machine.stack[-1]) not in (bytes, Large):
        raise machine.malformed("what is to be read-only is no buffer")


def _mark(machine: Machine) -> None:
    machine.mark()


def _unknown(machine: Machine) -> None:
    opcode = machine.buffer[machine.pos - 1]
    raise machine.malformed(f"{opcode:#04x} is no opcode")


_BY_BYTE: Final[dict[bytes, Handler]] = {
    b"(": _mark, b".": _stop, b"0": _pop, b"1": _pop_mark, b"2": _dup, b"F": _float_line, b"I": _int_line,
    b"J": _number(_I32, 4), b"K": _number(_u8, 1), b"L": _long_line, b"M": _number(_U16, 2), b"N": _constant(None),
    b"P": _persid, b"Q": _binpersid, b"R": _reduce, b"S": _string_line, b"T": _sized(_U32, 4, _old_text),
    b"U": _sized(_u8, 1, _old_text), b"V": _unicode_line, b"X": _sized(_U32, 4, Machine.text), b"a": _append,
    b"b": _build, b"c": _global, b"d": _dict_of_marked, b"}": _fresh("dict"), b"e": _appends, b"g": _get,
    b"h": _binget, b"i": _inst, b"j": _long_binget, b"l": _list_of_marked, b"]": _fresh("list"), b"o": _obj,
    b"p": _put, b"q": _binput, b"r": _long_binput, b"s": _setitem, b"t": _tuple, b")": _constant(()),
    b"u": _setitems, b"G": _number(_F64, 8), b"B": _sized(_U32, 4, _bytes), b"C": _sized(_u8, 1, _bytes),
    b"\x80": _proto, b"\x81": _newobj, b"\x82": _extension, b"\x83": _extension, b"\x84": _extension,
    b"\x85": _tuple_of(1), b"\x86": _tuple_of(2), b"\x87": _tuple_of(3), b"\x88": _constant(True),
    b"\x89": _constant(False), b"\x8a": _sized(_u8, 1, _long), b"\x8b": _sized(_U32, 4, _long), b"\x8c": _short_text,
    b"\x8d": _sized(_U64, 8, Machine.text), b"\x8e": _sized(_U64, 8, _bytes), b"\x8f": _fresh("set"),
    b"\x90": _additems, b"\x91": _frozenset, b"\x92": _newobj_ex, b"\x93": _stack_global, b"\x94": _memoize,
    b"\x95": _frame, b"\x96": _sized(_U64, 8, _bytearray), b"\x97": _next_buffer, b"\x98": _readonly_buffer,
}  # fmt: skip
HANDLERS: Final[list[Handler]] = [_BY_BYTE.get(bytes([value]), _unknown) for value in range(256)]
