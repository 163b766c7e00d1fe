"""Owns the symbolic unpickler: it reads what a pickle would do and does none of it.

It follows the pickle machine of Python (PEP 3154 and 574, the comments of `pickletools`) over protocols 0 to 5, with
`values` on its stack in place of objects. Nothing is imported, called or allocated on behalf of the pickle.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Any

from mlreg.scanning import names
from mlreg.scanning.context import Scan
from mlreg.scanning.names import Standing
from mlreg.scanning.pickles.values import TEXT_KEPT_BYTES, Global, Large, Made, Tensor, without_content
from mlreg.scanning.report import Halt
from mlreg.scanning.sources import Source

BUFFER_BYTES = 1 << 17
LINE_MAX_BYTES = 1 << 20
_AHEAD_BYTES = 320  # no opcode that is read without a look at where the buffer ends is longer
_STEPS = 4096
_MARKS_MAX = 4000
_STACK_MAX = 3_000_000
_MEMO_KEPT = 400_000
_PATIENCE = 63
_WORDS_MAX = 10_000
_WORD_MAX_CHARS = 100
_PLAIN = rb"(?:K.|M..|J.{4}|G.{8}|[N\x88\x89])"  # small numbers, None, True, False
_RUN = re.compile(_PLAIN + rb"{32,}+", re.DOTALL)
_NUMBER = Large("number")
_ONE = re.compile(_PLAIN, re.DOTALL)
_SHORT_TEXT, _MEMOIZE, _GET, _BYTE, _TWO_BYTES, _MARK = b"\x8c\x94hKM("

Handler = Callable[["Machine"], None]


class Stopped(Exception):
    """The pickle has come to its end."""


class Machine:
    """One pickle, read from `offset` of `source` to its STOP.

    Attributes:
        stack: What lies above the last mark.
        outer: The stacks below it.
        reads_arrays: Whether raw arrays follow the wrappers of joblib; only the outermost pickle has them.
        proto: The protocol that the pickle has named last.
        has_acted: Whether it has called, made or named something that is known, or set a state: whether an unpickler
            would have done more than to build texts and numbers.
        foreign: The foreign globals that it has named and not built, with the offset of each.
        tensors: The storages of torch that it has asked for, by key.
        has_arrays: Whether raw arrays of joblib lie between its opcodes.
        words: Texts that it has named or called something with, so that it may do so again.
    """

    def __init__(
        self, source: Source, offset: int, scan: Scan, handlers: list[Handler], *, reads_arrays: bool = False
    ) -> None:
        self.source = source
        self.reads_arrays = reads_arrays
        self.scan = scan
        self.stack: list[Any] = []
        self.outer: list[list[Any]] = []
        self.proto = 0
        self.has_acted = False
        self.has_arrays = False
        self.foreign: dict[str, int] = {}
        self.tensors: dict[str, Tensor] = {}
        self.buffer = b""
        self.pos = 0
        self.memo: list[Any] = []
        self.words: set[str] = set()
        self._memo_beyond: dict[int, Any] = {}
        self._forgotten = 0
        self._short_runs = 0
        self._base = offset
        self._edge = 0
        self._handlers = handlers

    @property
    def offset(self) -> int:
        """Where it reads next."""
        return self._base + self.pos

    def run(self) -> Any:
        """Reads the pickle to its end and returns the value that it leaves.

        Raises:
            Halt: It cannot be followed further; what was found before is in the findings of the scan.
        """
        try:
            while True:
                self.scan.budget.check(self.offset)
                self._check_stack()
                self._forget()
                if self.pos >= self._edge:
                    self.load(_AHEAD_BYTES)
                self._go_on()
        except Stopped:
            return self.stack.pop() if self.stack else None
        except (IndexError, struct.error):
            raise self.malformed("it ends too early, or takes more from its stack than is there") from None
        finally:
            self._name_foreign()

    def _go_on(self) -> None:
        """Does the next opcodes: those that are most of a pickle right here, the others by their handlers."""
        handlers, memo, push = self._handlers, self.memo, self.stack.append
        buffer, pos, edge = self.buffer, self.pos, self._edge
        for _ in range(_STEPS):
            if pos >= edge:
                break
            opcode = buffer[pos]
            self.pos = pos = pos + 1
            if opcode == _BYTE:
                push(buffer[pos])
                pos += 1
            elif opcode == _TWO_BYTES:
                push(buffer[pos] | buffer[pos + 1] << 8)
                pos += 2
            elif opcode == _GET:
                push(self.recalled(buffer[pos]))
                pos += 1
            elif opcode == _SHORT_TEXT:
                end = pos + 1 + buffer[pos]
                push(text := buffer[pos + 1 : end].decode("utf-8", "replace"))
                pos = end
                if buffer[pos] == _MEMOIZE and not self._memo_beyond:
                    memo.append(text)
                    pos += 1
            else:
                handlers[opcode](self)
                buffer, pos, edge, push = self.buffer, self.pos, self._edge, self.stack.append
        self.pos = pos

    def load(self, count: int) -> None:
        """Reads on, so that `count` bytes lie ahead; fewer only at the end."""
        self._base += self.pos
        self.pos = 0
        self.buffer = self.source.read_at(self._base, max(BUFFER_BYTES, count))
        is_end = len(self.buffer) < max(BUFFER_BYTES, count)
        self._edge = len(self.buffer) if is_end else len(self.buffer) - _AHEAD_BYTES
        if not self.buffer:
            raise self.malformed("it ends before its STOP")

    def take(self, count: int) -> bytes:
        """Returns the next `count` bytes, which must not be many."""
        end = self.pos + count
        if end > len(self.buffer):
            self.load(count)
            end = count
            if end > len(self.buffer):
                raise self.malformed(f"it ends within {count} bytes of data")
        data = self.buffer[self.pos : end]
        self.pos = end
        return data

    def skip(self, count: int) -> None:
        """Passes over `count` bytes, which must be there."""
        end = self.pos + count
        if end > len(self.buffer):
            if count < 0 or not self.source.read_at(self._base + end - 1, 1):
                raise self.malformed(f"it ends within {count} bytes of data")
            self._base += end
            self.pos = self._edge = 0
            self.buffer = b""
        else:
            self.pos = end

    def data(self, count: int, kind: str) -> Any:
        """Returns the next `count` bytes, or what stands for them where they are many."""
        if count > TEXT_KEPT_BYTES:
            self.skip(count)
            return Large(kind)
        return self.take(count)

    def text(self, count: int) -> Any:
        """Returns the next `count` bytes as a text, or what stands for it where it is long."""
        data = self.data(count, "str")
        try:
            return data if type(data) is Large else data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise self.malformed("a text is not UTF-8") from None

    def line(self) -> bytes:
        """Returns the bytes up to the next end of a line."""
        end = self.buffer.find(b"\n", self.pos)
        if end < 0:
            self.load(LINE_MAX_BYTES)
            end = self.buffer.find(b"\n", self.pos)
            if end < 0:
                raise self.malformed("a line does not end")
        data = self.buffer[self.pos : end]
        self.pos = end + 1
        return data

    def jump(self, offset: int) -> None:
        """Reads on at `offset`."""
        self._base = offset
        self.pos = self._edge = 0
        self.buffer = b""

    def probe(self) -> Machine:
        """Returns a machine that goes on from here with what this one has, and whose findings go nowhere."""
        probe = Machine(self.source, self.offset, self.scan.probing(), self._handlers)
        probe.stack, probe.outer, probe.memo = list(self.stack), [list(stack) for stack in self.outer], list(self.memo)
        probe.proto, probe.words, probe._forgotten = self.proto, set(self.words), self._forgotten
        return probe

    def nested(self) -> Machine:
        """Returns a machine for a pickle that begins here, within this one."""
        return Machine(self.source, self.offset, self.scan.inside(), self._handlers)

    def pop_mark(self) -> list[Any]:
        """Returns what lies above the last mark, and takes it and the mark away."""
        items = self.stack
        if not self.outer:
            raise self.malformed("a mark is missing")
        self.stack = self.outer.pop()
        return items

    def mark(self) -> None:
        """Sets a mark."""
        if len(self.outer) >= _MARKS_MAX:
            raise Halt("MLR309", f"it nests more than {_MARKS_MAX} deep", self.offset)
        self.outer.append(self.stack)
        self.stack = []
        if self._short_runs and self._short_runs & _PATIENCE:
            self._short_runs += 1
            return
        run = _RUN.match(self.buffer, self.pos)
        self._short_runs += 1
        if run:  # so many numbers in a row are elements: how many they are is enough, and five times as fast
            self._short_runs = 0
            self.stack += [_NUMBER] * len(_ONE.findall(self.buffer, self.pos, run.end()))
            self.pos = run.end()

    def push(self, value: Any) -> None:
        """Puts `value` onto the stack, and into the memo where that is what comes next, as it mostly is."""
        self.stack.append(value)
        if self.buffer[self.pos] == _MEMOIZE and not self._memo_beyond:
            self.memo.append(value)
            self.pos += 1

    def memoize(self, index: int | None = None) -> None:
        """Keeps the top of the stack under `index`, or under the next free one."""
        memo, value = self.memo, self.stack[-1]
        size = len(memo)
        if index is None:
            index = size + len(self._memo_beyond)
        if index == size and not self._memo_beyond:
            memo.append(value)
        elif index < size:
            memo[index] = value
        elif index > self.offset:
            raise Halt("MLR309", f"it asks for a memo of {index} places", self.offset)
        else:
            self._memo_beyond[index] = value

    def recalled(self, index: int) -> Any:
        """Returns what is kept under `index`."""
        if index < len(self.memo):
            value = self.memo[index]
        elif index in self._memo_beyond:
            value = self._memo_beyond[index]
        else:
            raise self.malformed(f"nothing is kept under {index}")
        if type(value) is Made:
            value.is_shared = True
        return value

    def push_global(self, module: Any, name: Any) -> None:
        """Puts `name` of `module` onto the stack, and says so where no model needs it."""
        offset = self.offset
        self.heed((module, name))
        if type(module) is not str or type(name) is not str:
            raise Halt("MLR302", "a global is named by what cannot be known", offset)
        if self.proto < 3:
            module, name = names.python3(module, name)
        standing = self._standing(module, name)
        found = Global(module, name, standing, offset)
        if standing is Standing.UNKNOWN:
            self.has_acted = self.has_acted or names.is_known(module)
            self.scan.add("MLR302", f"{shown(found)} is on no list of what models need", offset)
        elif standing is Standing.FOREIGN:
            self.foreign.setdefault(found.key, offset)
        self.stack.append(found)

    def heed(self, values: tuple[Any, ...]) -> None:
        """Notes the short texts of `values`, with which something was named or called."""
        if len(self.words) < _WORDS_MAX:
            self.words.update(value for value in values if type(value) is str and len(value) <= _WORD_MAX_CHARS)

    def malformed(self, message: str) -> Halt:
        """Returns the error of a pickle that no unpickler could read on from here."""
        return Halt("MLR330", f"not a whole pickle: {message}", self.offset)

    def _standing(self, module: str, name: str) -> Standing:
        standing = names.standing(module, name)
        is_own = standing is Standing.FOREIGN
        if is_own and (f"{module}.{name}" in self.scan.trusted or (self.scan.is_script and module[:9] == "__torch__")):
            return Standing.MADE
        return standing

    def _check_stack(self) -> None:
        if len(self.stack) > _STACK_MAX:
            raise Halt("MLR309", f"it piles up more than {_STACK_MAX} values", self.offset)

    def _forget(self) -> None:
        """Forgets the content of what the memo has long had, which nothing but data still asks for, to save memory."""
        begin, end = self._forgotten, len(self.memo) - _MEMO_KEPT
        if end > begin:
            listed, own = names.words(), self.words
            self.memo[begin:end] = [
                value if type(value) is str and (value in own or value in listed) else without_content(value)
                for value in self.memo[begin:end]
            ]
            self._forgotten = end

    def _name_foreign(self) -> None:
        for key, offset in self.foreign.items():
            self.scan.add("MLR304", f"{key} would be imported", offset, subject=key)


def shown(found: Global) -> str:
    """Returns the name of a global, short enough for a message."""
    return found.key if len(found.key) <= 120 else f"{found.key[:117]}…"
