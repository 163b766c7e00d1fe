"""Owns canonical JSON, digests, and how an unreadable file is reported."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, BinaryIO, NoReturn

from mlreg.errors import UsageError
from mlreg.ports import Bytes

CHUNK_BYTES = 1 << 20
MAX_BYTES = 16 << 20
MAX_DEPTH = 64
_SEARCHED_MAX_CHARACTERS = 1 << 20  # the search for the line takes a second for two such texts

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_NOT_FINITE = ("NaN", "Infinity", "-Infinity")
_TOKEN = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[][{}]|-?(?:NaN|Infinity|[0-9][0-9.eE+-]*)', re.DOTALL)


def unreadable(name: str, what: str, *, line: int | None = None, column: int | None = None) -> UsageError:
    """Returns the error for the file `name`, of which `what` is wrong in `line` at `column`, counted from 1."""
    where = f"'{name}'" if line is None else f"'{name}', line {line}"
    return UsageError(f"cannot read {where}: {what}", facts={"file": name, "line": line, "column": column})


def check_readable(data: bytes, *, name: str, max_bytes: int = MAX_BYTES) -> str:
    """Returns `data` as text.

    Raises:
        UsageError: It is longer than `max_bytes` or not UTF-8.
    """
    if len(data) > max_bytes:
        raise unreadable(name, f"it is longer than {max_bytes:,} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise unreadable(name, "it is not UTF-8", line=data.count(b"\n", 0, error.start) + 1) from None


def canonical_json(value: Any) -> bytes:
    """Returns the one way to write `value`: UTF-8, keys sorted by code point, no spaces, a newline at last.

    What it writes, `parse_json` reads back equal.

    Raises:
        ValueError: `value` has parts that are not exactly dict, list, str, int, float, bool or None; keys
            that are not strings; NaN, infinity or lone surrogates; or is too deep or too long to read back.
    """
    _check(value, 0)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    data = text.encode() + b"\n"
    if len(data) > MAX_BYTES:
        raise ValueError(f"it is longer than {MAX_BYTES:,} bytes as JSON")
    return data


def parse_json(data: bytes, *, name: str, finite: bool = True) -> Any:
    """Returns the value of one JSON text, read more strictly than `json.loads` does; a byte order mark is passed over.

    Args:
        finite: NaN and the infinities, which Python writes though JSON has none, are refused; else they are numbers.

    Raises:
        UsageError: The file `name` is not JSON or not UTF-8, repeats a key, has NaN or an infinity, a number
            too large for a float, a lone surrogate, more than 64 levels or more than 16 MiB.
    """
    text = check_readable(data, name=name).removeprefix("\ufeff")
    constant = _refuse_number if finite else float
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=constant, parse_float=_finite_float)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
        if text.count("[") + text.count("{") > MAX_DEPTH:
            _check(value, 0)
    except json.JSONDecodeError as error:
        what = error.msg[:1].lower() + error.msg[1:]
        raise unreadable(name, what, line=error.lineno, column=error.colno) from None
    except (ValueError, RecursionError):
        if len(text) > _SEARCHED_MAX_CHARACTERS:
            raise unreadable(name, "it repeats a key, is nested too deep or has a number that JSON has not") from None
        offset, what = _first_fault(text, finite=finite)
        line, column = text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
        raise unreadable(name, what, line=line, column=column) from None
    return value


def parse_canonical_json(data: bytes, *, name: str) -> Any:
    """Returns the value of a JSON text in canonical form: the one for which `canonical_json` returns `data`.

    Faster than `parse_json`: nothing of what that one refuses is left after writing it again.

    Raises:
        UsageError: The file `name` is too long or not UTF-8.
        ValueError: It is not JSON in canonical form.
    """
    text = check_readable(data, name=name)
    try:
        value = json.loads(text)
        if text.count("[") + text.count("{") > MAX_DEPTH:
            _check(value, 0)
        if _ENCODER.encode(value) + "\n" != text:
            raise ValueError("it is not in canonical form")
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    return value


def digest(data: bytes) -> str:
    """Returns the digest of `data`: `sha256:` and 64 hexadecimal digits."""
    return f"sha256:{sha256(data).hexdigest()}"


class Hasher:
    """Takes bytes piece by piece and knows the digest and the size of all of them."""

    def __init__(self) -> None:
        self._sha256 = sha256()
        self.size_bytes = 0

    def update(self, chunk: Bytes) -> None:
        """Takes the next piece."""
        self._sha256.update(chunk)
        self.size_bytes += len(chunk)

    def digest(self) -> str:
        """Returns the digest of what was taken so far: `sha256:` and 64 hexadecimal digits."""
        return f"sha256:{self._sha256.hexdigest()}"


def chunks(stream: BinaryIO, size_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Yields what is left of `stream` in pieces of at most `size_bytes`.

    Raises:
        OSError: It cannot be read; `filename` says which.
    """
    try:
        while chunk := stream.read(size_bytes):
            yield chunk
    except OSError as error:
        raise OSError(error.errno, error.strerror, getattr(stream, "name", None)) from error


def _check(value: Any, depth: int) -> None:
    kind = type(value)
    if kind is dict or kind is list:
        if depth == MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
        if kind is dict and not all(type(key) is str for key in value):
            raise ValueError("a key is not a string")
        for item in value.values() if kind is dict else value:
            _check(item, depth + 1)
    elif value is not None and kind not in (str, int, float, bool):
        raise ValueError(f"JSON has no {kind.__name__}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("duplicate key")
    return found


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _finite_float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse_number(text)


def _first_fault(text: str, *, finite: bool) -> tuple[int, str]:
    """Returns where and what the first thing is that `json` takes and we refuse; too slow for each file."""
    keys: list[set[str]] = []
    for token in _TOKEN.finditer(text):
        if token[0] in ("[", "{"):
            keys.append(set())
        elif token[0] in ("]", "}"):
            keys.pop()
        what = None if token[0] in _NOT_FINITE and not finite else _fault(token, keys)
        if what:
            return token.start(), what
    return 0, "it is nested too deep or has a number that is too long"


def _fault(token: re.Match[str], keys: list[set[str]]) -> str | None:
    if len(keys) > MAX_DEPTH:
        return f"it is nested deeper than {MAX_DEPTH} levels"
    if token[1] is None:
        return None if token[0] in "[]{}" else _number_fault(token[0])
    try:
        string = json.loads(token[1])
        string.encode()
    except UnicodeEncodeError:
        return "a string has half of a surrogate pair"
    if token[2] is None:
        return None
    what = f"duplicate key {string[:80]!r}" if string in keys[-1] else None
    keys[-1].add(string)
    return what


def _number_fault(text: str) -> str | None:
    shown = text if len(text) <= 40 else text[:40] + "…"
    if text.lstrip("-")[0] in "NI":
        return f"{shown} is not a JSON number"
    try:
        int(text) if text.lstrip("-").isdigit() else _finite_float(text)
    except ValueError:
        return f"the number {shown} is too large"
    return None
