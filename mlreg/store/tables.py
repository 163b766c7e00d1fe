"""Owns tables in the cache: one line for each model, a stamp that tells what it is of, and values.

The first line is the digest of the rest. The values of a line are JSON, with tabs between them; they are decoded when
they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from mlreg.ports import Cache

_SEAL = 64


class Line(NamedTuple):
    """What a table has of one model; `stamp` tells what it is of, `data` are the values."""

    stamp: str
    data: bytes | memoryview

    def values(self) -> list[Any]:
        """Returns all values."""
        return list(json.loads(b"[%b]" % bytes(self.data).replace(b"\t", b",")))

    def picked(self, places: Iterable[int]) -> list[Any]:
        """Returns the values at `places`."""
        texts = bytes(self.data).split(b"\t")
        return [json.loads(texts[place]) for place in places]


Table = dict[str, Line]


def read(cache: Cache, key: str) -> Table:
    """Returns the table under `key` by model; an empty one where there is none, or it is not what was written."""
    data = cache.get(key) or b""
    rest = memoryview(data)[_SEAL + 1 :]
    table: Table = {}
    start = _SEAL + 1
    if data[: _SEAL + 1] != _seal(sha256(rest)):
        return table
    try:
        while start < len(data):
            stamp, values, end = (data.index(mark, start) for mark in (b"\t", b"\f", b"\n"))
            model = data[start:stamp].decode()
            table[model] = Line(data[stamp + 1 : values].decode(), memoryview(data)[values + 1 : end])
            start = end + 1
    except ValueError:
        return {}
    return table


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
    texts = (json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() for value in values)
    return Line(stamp, b"\t".join(texts))


def _seal(digest: Any) -> bytes:
    return str(digest.hexdigest()).encode() + b"\n"
