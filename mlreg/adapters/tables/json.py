"""Owns tables as JSON: a record, a list of records, or one record a line (JSONL)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final

from mlreg.adapters.tables import csv
from mlreg.domain.names import quoted
from mlreg.domain.signatures.tables import Row, Table
from mlreg.errors import UsageError
from mlreg.store import codec

_LINES: Final = (".jsonl", ".ndjson")
_STDIN: Final = Path("-")


def open_table(stream: BinaryIO, path: Path) -> Table:
    """Returns the table in `stream`. Standard input may be CSV too: what does not begin as JSON is.

    Raises:
        UsageError: It is not JSON, or not UTF-8.
    """
    if path == _STDIN:
        return _of_stdin(stream)
    if path.suffix.lower() in _LINES:
        return Table(rows=_lines(csv.texts(stream, path), path))
    return Table(rows=_records(codec.parse_json(_whole(stream, path), name=str(path), finite=False)))


def _of_stdin(stream: BinaryIO) -> Table:
    lines = csv.texts(stream, _STDIN)
    first = next((line for line in lines if line.strip()), "")
    whole = chain([first], lines)
    if not first.lstrip().startswith(("{", "[")):
        return csv.table_of(whole, _STDIN)
    try:
        is_document = isinstance(json.loads(first), list)
    except ValueError:
        is_document = True
    if not is_document:
        return Table(rows=_lines(whole, _STDIN))
    size, parts = 0, []
    while size <= codec.MAX_BYTES and (line := next(whole, "")):
        size += len(line)
        parts.append(line.encode())
    return Table(rows=_records(codec.parse_json(b"".join(parts), name="-", finite=False)))


def _whole(stream: BinaryIO, path: Path) -> bytes:
    data = stream.read(codec.MAX_BYTES + 1)
    if len(data) > codec.MAX_BYTES:
        raise UsageError(
            f"{quoted(str(path), 200)} is longer than {codec.MAX_BYTES >> 20} MiB",
            hint="write one record a line, into a file whose name ends in `.jsonl`",
        )
    return data


def _records(value: Any) -> Iterator[Row]:
    """Yields the rows of a document: a list of them, or one."""
    for number, record in enumerate(value if isinstance(value, list) else [value], 1):
        yield Row(number, None, record)


def _lines(text: Iterable[str], path: Path) -> Iterator[Row]:
    number = 0
    for line, record in enumerate(text, 1):
        if not record.strip():
            continue
        number += 1
        try:
            yield Row(number, line, json.loads(record))
        except (ValueError, RecursionError) as error:
            raise codec.unreadable(str(path), f"it is not JSON ({error})", line=line) from None
