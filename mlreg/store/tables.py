"""Owns tables in the cache: one line for each model, a stamp that tells what it is of, and values.

The first line is the digest of the rest. The values of a line are JSON, with tabs between them; they are decoded when
they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from mlreg.ports import Cache

_SEAL = 64
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Line(NamedTuple):
    """What a table has of one model; `stamp` tells what it is of, `data` are the values."""

    stamp: str
    data: bytes | memoryview


Table = dict[str, Line]


def read(cache: Cache, key: str) -> Table:
    """Returns the table under `key` by model; an empty one where there is none, or it is not what was written."""
    data = cache.get(key) or b""
    view, start, table = memoryview(data), _SEAL + 1, {}
    if data[:start] != _seal(sha256(view[start:])):
        return {}
    find, size_bytes = data.index, len(data)
    try:
        while start < size_bytes:
            stamp = find(b"\t", start)
            values = find(b"\f", stamp)
            end = find(b"\n", values)
            # a view: the values of a large table are copied only where they are looked at
            table[data[start:stamp].decode()] = Line(data[stamp + 1 : values].decode(), view[values + 1 : end])
            start = end + 1
    except ValueError:
        return {}
    return table


def values(lines: Sequence[Line]) -> list[list[Any]]:
    """Returns the values of each of `lines`."""
    joined = b"],[".join([line.data for line in lines])
    return list(json.loads(b"[[%b]]" % joined.replace(b"\t", b","))) if lines else []


def having(line: Line, places: Iterable[int], words: Sequence[str]) -> list[int]:
    """Returns those of `places` of a line at which there may be a text with all `words`, all at which there is one."""
    needles = [_encode(word)[1:-1].encode() for word in words]
    texts = bytes(line.data).split(b"\t")
    return [place for place in places if all(needle in texts[place] for needle in needles)]


def picked(lines: Iterable[tuple[Line, Sequence[int]]]) -> list[Any]:
    """Returns the values at some places of some lines, one after the other."""
    texts: list[bytes] = []
    for line, places in lines:
        found = bytes(line.data).split(b"\t")
        texts += [found[place] for place in places]
    return list(json.loads(b"[%b]" % b",".join(texts)))


def write(cache: Cache, key: str, table: Mapping[str, Line]) -> None:
    """Keeps `table` under `key`, if that is possible."""
    parts: list[bytes | memoryview] = [b""]
    digest = sha256()
    for model, line in table.items():
        if model.isprintable():
            parts += [f"{model}\t{line.stamp}\f".encode(), line.data, b"\n"]
            for part in parts[-3:]:
                digest.update(part)
    parts[0] = _seal(digest)
    cache.put(key, b"".join(parts))


def line_of(stamp: str, values: Iterable[Any]) -> Line:
    """Returns the line of `values`."""
    return Line(stamp, "\t".join(map(_encode, values)).encode())


def _seal(digest: Any) -> bytes:
    return str(digest.hexdigest()).encode() + b"\n"
