"""Owns YAML, in the one way in which mlreg reads and writes it.

Reading takes JSON-like scalars only. A number is one where it is written as Python writes it: `0.87`, `1e-05`
and `12` are; `1.10`, `0.90`, `1e3`, `007`, `+1` and integers of more than 18 digits stay the strings they
are, or versions would lose their zeros. **A caller that expects a number takes such a string too and turns it
into one.** Nothing else is guessed: `no`, `2024-01-15`, `12:30` and `0x1F` are strings. A key is always a
string, as it is written.

The digest of what `dump` writes names a record, so not a byte of it may ever change, with no release of
Python, Unicode or the YAML package: it is written here, without any of their tables.
"""

from __future__ import annotations

import math
import re
from contextlib import suppress
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from mlreg.domain.places import Place
from mlreg.errors import UsageError
from mlreg.store.codec import MAX_BYTES, check_readable, unreadable

MAX_DEPTH = 32

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONTROL = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DIRECTIVE = re.compile("^%", re.MULTILINE)

_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    ".nan": math.nan,
    ".inf": math.inf,
    "-.inf": -math.inf,
}
_INT = re.compile("0|-?[1-9][0-9]{0,17}")
_FLOAT = re.compile("-?[0-9][0-9.e+-]{0,30}")

_NOT_FINITE = {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}
_KEY_MAX = 120  # readers look for the colon of a longer key only after a `?`
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]")
_ESCAPED = re.compile(rf'["\\]|{_UNSEEN.pattern}')
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_PLAIN = re.compile("[A-Za-z_/\u00a1-\U0010ffff](?:.*[^ :])?", re.DOTALL)
_WORD = re.compile("null|true|false|yes|no|on|off|y|n", re.ASCII | re.IGNORECASE)


def parse(data: bytes, *, name: str, max_bytes: int = MAX_BYTES) -> Any:
    """Returns the one document in `data`: dict, list, str, int, float, bool, or None where there is none.

    Args:
        name: What messages call the file.

    Raises:
        UsageError: The file `name` is not YAML or not UTF-8, repeats a key, is too long or nested deeper than
            32 levels, or has a control character, a directive, a tag, an anchor, an alias, a merge key, a key
            that is not a scalar, or a second document. The message tells the line.
    """
    text = check_readable(data, name=name, max_bytes=max_bytes)
    for pattern, what in ((_CONTROL, "a control character"), (_DIRECTIVE, "a directive")):
        if found := pattern.search(text):
            raise unreadable(name, f"{what} is not allowed", line=text.count("\n", 0, found.start()) + 1)
    try:
        return _Reader(_Loader(text), name).document()
    except yaml.MarkedYAMLError as error:
        raise _marked(name, error.problem or "it is not YAML", error.problem_mark or error.context_mark) from None
    except yaml.YAMLError as error:
        raise unreadable(name, f"it is not YAML ({error})".replace("\n", " ")) from None


def places(data: bytes) -> dict[tuple[str, ...], Place]:
    """Returns where the keys and the entries of YAML or JSON stand, by the keys and numbers that lead to them.

    An entry of a list that has a name, or is one, is there under that too. Of what cannot be read, as far as it can.
    """
    # JSON may be indented with tabs, YAML may not; in neither do they stand inside of a quoted text
    surveyor = _Surveyor(_Loader(data.decode("utf-8", "replace").replace("\t", " ")))
    with suppress(yaml.YAMLError, RecursionError, AttributeError):
        surveyor.document()
    return surveyor.found


def dump(value: Any) -> bytes:
    """Returns `value` as YAML in block style, keys in their order; `parse` reads back the same.

    A string stands without quotes only where no reader of any YAML can take it for something else.

    Raises:
        ValueError: `value` has parts that are not exactly dict, list, str, int, float, bool or None; keys
            that are not strings; lone surrogates; integers of more than 18 digits; or is too deep or too long
            to be read back.
    """
    out: list[str] = []
    _write(value, 0, out)
    data = ("".join(out) + "\n").encode()
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is longer than {MAX_BYTES:,} bytes as YAML")
    return data


class _Reader:
    """Builds a value from the events of a parser, so that nothing is built of what is refused."""

    def __init__(self, loader: Any, name: str) -> None:
        self._next = loader.get_event
        self._name = name

    def document(self) -> Any:
        self._next()  # the start of the stream
        if isinstance(self._next(), StreamEndEvent):
            return None
        value = self._value(self._next(), 0)
        self._next()  # the end of the document
        event = self._next()
        if not isinstance(event, StreamEndEvent):
            raise self._error(event, "a second document is not allowed")
        return value

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, AliasEvent):
            raise self._error(event, f"the alias *{event.anchor!s:.80} is not allowed")
        if event.anchor is not None:
            raise self._error(event, f"the anchor &{event.anchor!s:.80} is not allowed")
        if event.tag is not None:
            raise self._error(event, f"the tag {event.tag!s:.80} is not allowed")
        if isinstance(event, ScalarEvent):
            return _resolved(event.value) if event.implicit[0] else event.value
        if depth == MAX_DEPTH:
            raise self._error(event, f"it is nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, MappingStartEvent):
            return self._mapping(depth + 1)
        return self._sequence(depth + 1)

    def _mapping(self, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._key(event, depth)
            if key in mapping:
                raise self._error(event, f"duplicate key {key[:80]!r}")
            mapping[key] = self._value(self._next(), depth)
        return mapping

    def _key(self, event: Any, depth: int) -> str:
        if isinstance(event, CollectionStartEvent):
            raise self._error(event, "a key must be a scalar")
        self._value(event, depth)
        if event.value == "<<" and event.implicit[0]:
            raise self._error(event, "a merge key is not allowed")
        key: str = event.value
        return key

    def _sequence(self, depth: int) -> list[Any]:
        sequence = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            sequence.append(self._value(event, depth))
        return sequence

    def _error(self, event: Event, what: str) -> UsageError:
        return _marked(self._name, what, event.start_mark)


def _marked(name: str, what: str, mark: Any) -> UsageError:
    if mark is None:
        return unreadable(name, what)
    return unreadable(name, what, line=mark.line + 1, column=mark.column + 1)


class _Surveyor:
    """Notes where the keys and the entries of a document stand."""

    def __init__(self, loader: Any) -> None:
        self._next = loader.get_event
        self.found: dict[tuple[str, ...], Place] = {}

    def document(self) -> None:
        self._next()  # the start of the stream
        self._next()  # the start of the document
        self._below((), self._next())

    def _below(self, path: tuple[str, ...], event: Any) -> None:
        if len(path) > MAX_DEPTH:
            return
        if isinstance(event, MappingStartEvent):
            while not isinstance(key := self._next(), MappingEndEvent):
                name = getattr(key, "value", "")
                self._note((*path, name), key)
                value = self._next()
                if name == "name" and isinstance(value, ScalarEvent):
                    self._same((*path[:-1], value.value), path)
                self._below((*path, name), value)
        elif isinstance(event, SequenceStartEvent):
            at = 0
            while not isinstance(entry := self._next(), SequenceEndEvent):
                self._note((*path, str(at)), entry)
                if isinstance(entry, ScalarEvent):
                    self._same((*path, entry.value), (*path, str(at)))
                self._below((*path, str(at)), entry)
                at += 1

    def _note(self, path: tuple[str, ...], event: Event) -> None:
        mark: Any = event.start_mark
        self.found.setdefault(path, Place(mark.line + 1, mark.column + 1))

    def _same(self, path: tuple[str, ...], as_path: tuple[str, ...]) -> None:
        if as_path in self.found:
            self.found.setdefault(path, self.found[as_path])


def _resolved(text: str) -> Any:
    """Returns what a scalar without quotes stands for."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        with suppress(ValueError):
            number = float(text)
            return number if repr(number) == text else text
    return text


def _write(value: Any, column: int, out: list[str]) -> None:
    """Appends `value` to `out`, where the cursor stands at `column`."""
    if column == 2 * MAX_DEPTH and type(value) in (dict, list):
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
    margin = "\n" + " " * column
    if type(value) is dict and value:
        for number, (key, item) in enumerate(value.items()):
            out.append((margin if number else "") + _key_text(key, margin))
            out.append(margin + "  " if type(item) in (dict, list) and item else " ")
            _write(item, column + 2, out)
    elif type(value) is list and value:
        for number, item in enumerate(value):
            out.append((margin if number else "") + "- ")
            _write(item, column + 2, out)
    else:
        out.append(_scalar_text(value, margin))


def _key_text(key: Any, margin: str) -> str:
    if type(key) is not str:
        raise ValueError("a key is not a string")
    text = key if _is_plain(key) else _quoted(key)
    return f"{text}:" if len(text) <= _KEY_MAX else f"? {text}{margin}:"


def _scalar_text(value: Any, margin: str) -> str:
    kind = type(value)
    if kind is str:
        return _string_text(value, margin)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is float:
        return _NOT_FINITE.get(repr(value)) or repr(value)
    if kind is int:
        if abs(value) >= 10**18:
            raise ValueError("an integer has more than 18 digits: keep it as a string")
        return str(value)
    if kind in (dict, list):
        return "{}" if kind is dict else "[]"
    raise ValueError(f"YAML has no {kind.__name__}")


def _string_text(text: str, margin: str) -> str:
    if _is_plain(text):
        return text
    if margin == "\n" or not _is_literal(text):
        return _quoted(text)
    lines = "".join(margin + line if line else "\n" for line in text.removesuffix("\n").split("\n"))
    return ("|" if text.endswith("\n") else "|-") + lines


def _is_plain(text: str) -> bool:
    """Returns whether `text` without quotes reads as itself, in the YAML of anyone."""
    if ": " in text or " #" in text or _WORD.fullmatch(text):
        return False
    return bool(_PLAIN.fullmatch(text)) and not _UNSEEN.search(text)


def _is_literal(text: str) -> bool:
    """Returns whether `text` reads as itself line by line: no space or empty line where one would be lost."""
    if "\n" not in text or text[0] in " \n" or " \n" in text or text.endswith((" ", "\n\n")):
        return False
    return not _UNSEEN.search(text.replace("\n", ""))


def _quoted(text: str) -> str:
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    return _SHORT_ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04x}"
