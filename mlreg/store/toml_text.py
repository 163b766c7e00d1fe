"""Owns changes to the text of a TOML file that somebody wrote: one value, and every comment and blank line stays.

The text is valid TOML. What comes out is read again and held against what it has to say: an edit is right or refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple

from mlreg.errors import UsageError
from mlreg.lazy import LazyModule
from mlreg.store.settings import Path, literal, spelled

if TYPE_CHECKING:
    import tomllib
else:
    tomllib = LazyModule("tomllib")

_STRINGS = r'"""(?:[^\\]|\\.)*?"{3,5}' + r"|'''.*?'{3,5}" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'"
_WORD = r'(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*')"
_NAME = rf"{_WORD}(?:[ \t]*\.[ \t]*{_WORD})*"
_NOTHING = re.compile(r"(?:[\s,]+|#[^\n]*)*")
_HEADER = re.compile(rf"\[\[?[ \t]*({_NAME})[ \t]*\]\]?")
_BEGIN = re.compile(rf"({_NAME})[ \t]*=[ \t]*")
_PLAIN = re.compile(rf"{_STRINGS}|[^\s#,\]}}]+(?:[ ]\d\d:[^\s#,\]}}]+)?", re.DOTALL)
_TOKEN = re.compile(rf"{_STRINGS}|#[^\n]*|.", re.DOTALL)


class _Entry(NamedTuple):
    """`key = value` in a text: the whole path, where the key begins, and the value from `value` to `end`."""

    path: Path
    start: int
    value: int
    end: int
    table: int
    around: int | None = None  # where the inline table that it is in begins


class _Table(NamedTuple):
    """A header, or the beginning of the text: where it begins and ends."""

    path: Path
    start: int
    end: int
    is_list: bool = False


def with_value(text: str, path: Path, value: Any) -> str:
    """Returns `text` with `value` at `path`: in place of the one there, or beside its neighbours, or at the end.

    Raises:
        UsageError: It is written in a way that has no place for it.
    """
    root = tomllib.loads(text)
    return _checked(_put(text, path, literal(value)), _changed(root, path, value), path)


def without_value(text: str, path: Path) -> str:
    """Returns `text` without what is at `path`, and without a table that has nothing else in it.

    Raises:
        UsageError: It is written in a way from which it cannot be taken.
    """
    root = tomllib.loads(text)
    entries, tables = _parsed(text)
    entry = next((entry for entry in entries if entry.path == path), None)
    return _checked(_taken(text, entries, tables, entry), _changed(root, path, None), path) if entry else text


def line_of(text: str, path: Path) -> int | None:
    """Returns the line on which `path` is given its value, or None."""
    return next((text.count("\n", 0, entry.start) + 1 for entry in _parsed(text)[0] if entry.path == path), None)


def _put(text: str, path: Path, value: str) -> str:
    entries, tables = _parsed(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    for entry in entries:
        if entry.path == path:
            return text[: entry.value] + value + text[entry.end :]
    inline = [entry for entry in entries if entry.path == path[: len(entry.path)] and text[entry.value] == "{"]
    if inline:
        around = inline[-1]
        words = f"{spelled(path[len(around.path) :])} = {value}"
        inside = [entry for entry in entries if entry.around == around.value]
        if not inside:
            return f"{text[: around.value]}{{ {words} }}{text[around.end :]}"
        return f"{text[: inside[-1].end]}, {words}{text[inside[-1].end :]}"
    beside = [entry for entry in entries if entry.path[:-1] == path[:-1] and entry.around is None]
    if beside:
        last = beside[-1]
        start = text.rfind("\n", 0, last.start) + 1
        words = f"{text[start : last.start]}{spelled(path[len(tables[last.table].path) :])} = {value}"
        return _with_line(text, last.end, words, newline)
    for table in tables[1:]:
        if table.path == path[:-1] and not table.is_list:
            return _with_line(text, table.end, f"{spelled(path[-1:])} = {value}", newline)
    begin = text if not text or text.endswith("\n") else text + newline
    gap = newline if begin.strip() and not begin.endswith(newline * 2) else ""
    return f"{begin}{gap}[{spelled(path[:-1])}]{newline}{spelled(path[-1:])} = {value}{newline}"


def _taken(text: str, entries: list[_Entry], tables: list[_Table], entry: _Entry) -> str:
    beside = [other for other in entries if other.around == entry.around and other.table == entry.table]
    at = beside.index(entry)
    if entry.around is None:
        taken = _without_line(text, entry.start, entry.end)
        table = tables[entry.table]
        return _without_table(taken, table) if len(beside) == 1 and entry.table else taken
    if len(beside) == 1:
        return _taken(text, entries, tables, next(other for other in entries if other.value == entry.around))
    if at:
        return text[: beside[at - 1].end] + text[entry.end :]
    return text[: entry.start] + text[beside[1].start :]


def _without_table(text: str, table: _Table) -> str:
    """Returns `text` without the header of a table in which nothing is, and the blank line before it."""
    before = text[: text.rfind("\n", 0, table.start) + 1]
    short = re.sub(r"(^|\n)\r?\n\Z", r"\1", before)
    return short + _without_line(text, table.start, table.end)[len(before) :]


def _with_line(text: str, at: int, line: str, newline: str) -> str:
    """Returns `text` with a line below the one that has the place `at`."""
    end = text.find("\n", at) + 1
    return f"{text[:end]}{line}{newline}{text[end:]}" if end else f"{text}{newline}{line}{newline}"


def _without_line(text: str, start: int, end: int) -> str:
    """Returns `text` without the lines from the one that has `start` to the one that has `end`."""
    after = text.find("\n", end) + 1
    return text[: text.rfind("\n", 0, start) + 1] + (text[after:] if after else "")


def _parsed(text: str) -> tuple[list[_Entry], list[_Table]]:
    entries: list[_Entry] = []
    tables = [_Table((), 0, 0)]
    at = _skipped(text, 0)
    while at < len(text):
        header = _HEADER.match(text, at)
        if header:
            tables.append(_Table(_words(header[1]), at, header.end(), text.startswith("[[", at)))
            at = _skipped(text, header.end())
            continue
        table = tables[-1]
        found = [*_entries_at(text, at, table.path, len(tables) - 1)]
        if not found:
            break  # no TOML: what is made of it will be refused
        entries += [] if table.is_list else found
        at = _skipped(text, found[0].end)
    return entries, tables


def _entries_at(text: str, at: int, before: Path, table: int, around: int | None = None) -> Iterator[_Entry]:
    """Yields the entry at a place, and those in its inline table."""
    begin = _BEGIN.match(text, at)
    if begin is None:
        return
    entry = _Entry((*before, *_words(begin[1])), at, begin.end(), _end_of_value(text, begin.end()), table, around)
    yield entry
    if text[entry.value : entry.value + 1] == "{":
        inner = _skipped(text, entry.value + 1)
        while inner < entry.end - 1:
            found = [*_entries_at(text, inner, entry.path, table, entry.value)]
            if not found:
                break
            yield from found
            inner = _skipped(text, found[0].end)


def _end_of_value(text: str, at: int) -> int:
    if text[at : at + 1] not in ("[", "{"):
        plain = _PLAIN.match(text, at)
        return plain.end() if plain else at
    depth = 0
    for token in _TOKEN.finditer(text, at):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(text)


def _skipped(text: str, at: int) -> int:
    nothing = _NOTHING.match(text, at)
    return nothing.end() if nothing else at


def _words(name: str) -> Path:
    """Returns the words of a key as it is written."""
    path: list[str] = []
    inner: Any = tomllib.loads(f"{name} = 0")
    while isinstance(inner, dict):
        word, inner = next(iter(inner.items()))
        path.append(word)
    return tuple(path)


def _changed(root: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Returns a copy of `root` with `value` at `path`; None: with nothing there."""
    changed = deepcopy(dict(root))
    inner = changed
    for word in path[:-1]:
        inner = inner.setdefault(word, {})
        if not isinstance(inner, dict):
            raise _unable(path)
    if value is None:
        inner.pop(path[-1], None)
    else:
        inner[path[-1]] = value
    return changed


def _checked(text: str, expected: Mapping[str, Any], path: Path) -> str:
    try:
        same = _full(tomllib.loads(text)) == _full(expected)
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise _unable(path)
    return text


def _full(value: Any) -> Any:
    """Returns `value` without tables that have nothing in them."""
    if not isinstance(value, dict):
        return value
    parts = ((word, _full(inner)) for word, inner in value.items())
    return {word: inner for word, inner in parts if inner != {}}


def _unable(path: Path) -> UsageError:
    return UsageError(
        f"{spelled(path)} stands where only a person can change it",
        hint="open the file in an editor, as with `${EDITOR:-vi} .mlreg/config.toml`",
        code="not-editable",
    )
