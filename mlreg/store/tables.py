"""Owns tables in the cache: one line for each model, a stamp that tells what it is of, and values.

The first line of a file is the digest of the rest. Then come the key of the file with the model, stamp and size of each
line, and all lines.
The values of a line are JSON, with tabs between them; they are decoded when they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from mlreg.ports import Cache

_SEAL = 64 + 1
_DECODED_AT_ONCE = 4096
_SAMPLE_BYTES = 1 << 20
_SAMPLED_OF = 64
_ALIKE = 8  # so many values must be there for each that differs, or to look for those costs more than it saves
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Line(NamedTuple):
    """What a table has of one model: `stamp` tells what it is of, the values are `text` from `start` to `end`.

    The lines of a file share its text: of a large table only that is copied which is looked at.
    """

    stamp: str
    text: bytes
    start: int
    end: int

    @property
    def data(self) -> bytes:
        """The values."""
        return self.text[self.start : self.end]


Table = dict[str, Line]


def read(cache: Cache, key: str) -> Table:
    """Returns the table under `key` by model; an empty one where there is none, or it is not what was written."""
    data = cache.get(key) or b""
    start = data.find(b"\n", _SEAL) + 1
    if data[:_SEAL] != _seal(sha256(memoryview(data)[_SEAL:])):
        return {}
    table: Table = {}
    try:
        kept_as, sizes = json.loads(data[_SEAL:start])
        for model, (stamp, size_bytes) in sizes.items() if kept_as == key else ():
            table[model] = Line(stamp, data, start, start := start + size_bytes)
    except (ValueError, TypeError, AttributeError):
        return {}
    return table


def values(lines: Sequence[Line]) -> list[list[Any]]:
    """Returns the values of each of `lines`."""
    joined = b"],[".join([line.data for line in lines])
    return list(json.loads(b"[[%b]]" % joined.replace(b"\t", b","))) if lines else []


def tested(lines: Sequence[Line], test: Callable[[Any], bool]) -> list[bool]:
    """Returns whether `test` is true of each value of `lines`; where many are alike it is asked once for each kind."""
    joined = b"\t".join([line.data for line in lines])
    texts = joined.split(b"\t")
    sample = texts[::_SAMPLED_OF]
    if len({*sample}) * _ALIKE > len(sample):
        return [*map(test, json.loads(b"[%b]" % joined.replace(b"\t", b",")))]
    kinds = {*texts}
    told = dict(zip(kinds, map(test, json.loads(b"[%b]" % b",".join(kinds))), strict=True))
    return [*map(told.__getitem__, texts)]


def needles_of(words: Iterable[str], lines: Collection[Line]) -> list[bytes]:
    """Returns how `words` stand in `lines`, those first that seem to stand in the fewest values."""
    needles = [_encode(word)[1:-1].encode() for word in words]
    sample = next(iter(lines)).text if lines else b""
    return sorted(needles, key=lambda needle: sample.count(needle, 0, _SAMPLE_BYTES))


def having(line: Line, needles: Sequence[bytes]) -> list[int]:
    """Returns the places of a line at which a text may have all `needles`, all at which one has them."""
    text, at, end = line.text, line.start, line.end
    first, *others = needles
    found, place = [], 0
    while (hit := text.find(first, at, end)) >= 0:
        place += text.count(b"\t", at, hit)
        stop = text.find(b"\t", hit, end)
        stop = end if stop < 0 else stop
        start = max(text.rfind(b"\t", at, hit) + 1, at)
        if not others or all(text.find(needle, start, stop) >= 0 for needle in others):
            found.append(place)
        at, place = stop + 1, place + 1
    return found


def has_escapes(line: Line) -> bool:
    """Whether a text in a line is written otherwise than it is, so that a needle may be found where no word is."""
    return line.text.find(b"\\", line.start, line.end) >= 0


def picked(lines: Iterable[tuple[Line, Sequence[int]]]) -> Iterator[Any]:
    """Yields the values at some places of some lines, one after the other."""
    texts: list[bytes] = []
    for line, places in lines:
        found = line.data.split(b"\t", max(places) + 1) if places else []
        texts += [found[place] for place in places]
        if len(texts) > _DECODED_AT_ONCE:
            yield from json.loads(b"[%b]" % b",".join(texts))
            texts = []
    yield from json.loads(b"[%b]" % b",".join(texts))


def write(cache: Cache, key: str, table: Mapping[str, Line]) -> None:
    """Keeps `table` under `key`, if that is possible."""
    sizes = {model: (line.stamp, line.end - line.start) for model, line in table.items()}
    parts = [_encode([key, sizes]).encode(), b"\n", *(line.data for line in table.values())]
    digest = sha256()
    for part in parts:
        digest.update(part)
    cache.put(key, b"".join([_seal(digest), *parts]))


def line_of(stamp: str, values: Iterable[Any]) -> Line:
    """Returns the line of `values`."""
    return _whole(stamp, "\t".join(map(_encode, values)).encode())


def length(line: Line) -> int:
    """Returns how many values a line has."""
    return line.text.count(b"\t", line.start, line.end) + 1 if line.end > line.start else 0


def renewed(line: Line, stamp: str, names: Sequence[str], values: Mapping[str, Any], *, added: Collection[str]) -> Line:
    """Returns `line` with other `values`, by name.

    Args:
        names: Of what the values of the new line are.
        added: Those of them that `line` has no value of; `values` has.
    """
    known, new = iter(line.data.split(b"\t")), {*added}
    kept = {name: b"" if name in new else next(known) for name in names}
    return _whole(
        stamp, b"\t".join({**kept, **{name: _encode(value).encode() for name, value in values.items()}}.values())
    )


def _whole(stamp: str, data: bytes) -> Line:
    return Line(stamp, data, 0, len(data))


def _seal(digest: Any) -> bytes:
    return str(digest.hexdigest()).encode() + b"\n"
