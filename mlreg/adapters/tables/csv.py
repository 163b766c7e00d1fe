"""Owns tables as text: CSV, with its separator found out, and TSV."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

from mlreg.domain.names import quoted
from mlreg.domain.signatures.tables import Row, Table
from mlreg.errors import UsageError

_CELL_MAX_CHARACTERS: Final = 1 << 24


def open_table(stream: BinaryIO, path: Path) -> Table:
    """Returns the table in `stream`; its first line names the columns.

    Raises:
        UsageError: It has no line, or a column without a name, or two of one name.
    """
    return table_of(texts(stream, path), path)


def table_of(lines: Iterator[str], path: Path) -> Table:
    """Returns the table in `lines`; `path` names it in errors."""
    csv.field_size_limit(_CELL_MAX_CHARACTERS)
    first = next(lines, "")
    separator = "\t" if path.suffix.lower() == ".tsv" else _separator(first)
    reader = csv.reader(chain([first], lines), delimiter=separator, strict=True)
    rows = _records(reader, path)
    _, columns = next(rows, (0, []))
    names = _checked([name.strip() for name in columns], path)
    return Table(names, _rows(rows, names), is_text=True)


def texts(stream: BinaryIO, path: Path) -> Iterator[str]:
    """Yields the lines of `stream` as texts, without a mark of byte order.

    Raises:
        UsageError: One of them is not UTF-8.
    """
    for number, line in enumerate(stream, 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise UsageError(
                f"cannot read {quoted(str(path), 200)}, line {number}: it is not UTF-8",
                hint="turn it into UTF-8, as with `iconv -f latin1 -t utf8`",
                facts={"file": str(path), "line": number},
            ) from None


def _rows(records: Iterator[tuple[int, list[str]]], names: list[str]) -> Iterator[Row]:
    number = 0
    for line, cells in records:
        if cells:  # an empty line is no row
            number += 1
            yield Row(number, line, dict(zip(names, cells, strict=True)) if len(cells) == len(names) else cells)


def _records(reader: Iterator[list[str]], path: Path) -> Iterator[tuple[int, list[str]]]:
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UsageError(
                f"cannot read {quoted(str(path), 200)}, line {line}: {error}",
                hint="mend it: such a file is CSV, in UTF-8",
                facts={"file": str(path), "line": line},
            ) from None
        yield line, cells
        line = reader.line_num + 1  # type: ignore[attr-defined]


def _separator(header: str) -> str:
    counts = Counter(character for character in header if character in ",;\t|")
    return "," if "," in counts or not counts else counts.most_common(1)[0][0]


def _checked(names: list[str], path: Path) -> list[str]:
    """Returns the names of the columns where each has one of its own."""
    place = quoted(str(path), 200)
    if not any(names):
        raise UsageError(f"{place} has no columns", hint="its first line names them, as in `age,income`")
    seen: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if not name:
            raise UsageError(
                f"column {number} of {place} has no name",
                hint="name it in the first line; an index that pandas wrote is left out with `index=False`",
                facts={"file": str(path), "column": number},
                code="column-unnamed",
            )
        if name in seen:
            raise UsageError(
                f"columns {seen[name]} and {number} of {place} are both called {quoted(name)}",
                hint="give each column a name of its own in the first line",
                facts={"file": str(path), "column": name},
                code="column-twice",
            )
        seen[name] = number
    return names
