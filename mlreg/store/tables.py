"""Owns tables in the cache: one line for each model, a stamp that tells what it is of, and values.

The first line of a file is the digest of the rest. Then come the key of the file with the model, stamp and size of each
line, and all lines.
The values of a line are JSON, with tabs between them; they are decoded when they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from mlreg.ports import Cache

_SEAL = 64 + 1
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Line(NamedTuple):
    """What a table has of one model; `stamp` tells what it is of, `data` are the values."""

    stamp: str
    data: bytes | memoryview


Table = dict[str, Line]


def read(cache: Cache, key: str) -> Table:
    """Returns the table under `key` by model; an empty one where there is none, or it is not what was written."""
    data = cache.get(key) or b""
    view, start = memoryview(data), data.find(b"\n", _SEAL) + 1
    if data[:_SEAL] != _seal(sha256(view[_SEAL:])):
        return {}
    table: Table = {}
    try:
        kept_as, sizes = json.loads(data[_SEAL:start])
        for model, (stamp, size_bytes) in sizes.items() if kept_as == key else ():
            # a view: the values of a large table are copied only where they are looked at
            table[model] = Line(stamp, view[start : start + size_bytes])
            start += size_bytes
    except (ValueError, TypeError, AttributeError):
        return {}
    return table


def values(lines: Sequence[Line]) -> list[list[Any]]:
    """Returns the values of each of `lines`."""
    joined = b"],[".join([line.data for line in lines])
    return list(json.loads(b"[[%b]]" % joined.replace(b"\t", b","))) if lines else []


def needles_of(words: Iterable[str]) -> list[bytes]:
    """Returns how `words` stand in lines."""
    return [_encode(word)[1:-1].encode() for word in words]


def having(line: Line, places: Sequence[int], needles: Sequence[bytes]) -> Sequence[int]:
    """Returns those of `places` of a line at which a text may have all `needles`, all at which one has them."""
    data = bytes(line.data)
    if not all(needle in data for needle in needles):
        return []
    texts = data.split(b"\t")
    for needle in needles:
        places = [place for place in places if needle in texts[place]]
    return places


def picked(lines: Iterable[tuple[Line, Sequence[int]]]) -> list[Any]:
    """Returns the values at some places of some lines, one after the other."""
    texts: list[bytes] = []
    for line, places in lines:
        found = bytes(line.data).split(b"\t")
        texts += [found[place] for place in places]
    return list(json.loads(b"[%b]" % b",".join(texts)))


def write(cache: Cache, key: str, table: Mapping[str, Line]) -> None:
    """Keeps `table` under `key`, if that is possible."""
    sizes = {model: (line.stamp, len(line.data)) for model, line in table.items()}
    parts: list[bytes | memoryview] = [_encode([key, sizes]).encode(), b"\n", *(line.data for line in table.values())]
    digest = sha256()
    for part in parts:
        digest.update(part)
    cache.put(key, b"".join([_seal(digest), *parts]))


def line_of(stamp: str, values: Iterable[Any]) -> Line:
    """Returns the line of `values`."""
    return Line(stamp, "\t".join(map(_encode, values)).encode())


def length(line: Line) -> int:
    """Returns how many values a line has."""
    return bytes(line.data).count(b"\t") + 1 if line.data else 0


def renewed(line: Line, stamp: str, names: Sequence[str], values: Mapping[str, Any], *, added: Collection[str]) -> Line:
    """Returns `line` with other `values`, by name.

    Args:
        names: Of what the values of the new line are.
        added: Those of them that `line` has no value of; `values` has.
    """
    known, new = iter(bytes(line.data).split(b"\t")), {*added}
    kept = {name: b"" if name in new else next(known) for name in names}
    return Line(
        stamp, b"\t".join({**kept, **{name: _encode(value).encode() for name, value in values.items()}}.values())
    )


def _seal(digest: Any) -> bytes:
    return str(digest.hexdigest()).encode() + b"\n"
