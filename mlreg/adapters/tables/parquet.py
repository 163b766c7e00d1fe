"""Owns tables as Parquet, read in batches by pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from mlreg.domain.names import first_line, quoted
from mlreg.domain.signatures.model import FREE, Dimension, Field
from mlreg.domain.signatures.tables import Row, Table
from mlreg.domain.signatures.types import canonical
from mlreg.errors import UsageError

_BATCH_ROWS: Final = 4096


def open_table(stream: BinaryIO, path: Path) -> Table:
    """Returns the table in `stream`; an index that pandas kept is left out.

    Raises:
        UsageError: It is not Parquet, or two columns have one name.
    """
    try:
        file = pq.ParquetFile(stream)
    except (pa.ArrowException, OSError) as error:
        raise UsageError(
            f"cannot read {quoted(str(path), 200)}: {first_line(str(error))}", hint="is it a Parquet file?"
        ) from error
    columns = [column for column in file.schema_arrow if not column.name.startswith("__index_level_")]
    names = [column.name for column in columns]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(
            f"two columns of {quoted(str(path), 200)} are called {quoted(doubled[0])}",
            hint="give each column a name of its own",
            code="column-twice",
        )
    left_out = len(file.schema_arrow.names) - len(names)
    notes = ["an index that pandas kept is left out"] if left_out else []
    stated = [_field(column, _nulls(file, column.name), file.metadata.num_rows) for column in columns]
    return Table(names, _rows(file, names), stated=stated, notes=notes)


def _rows(file: Any, names: list[str]) -> Iterator[Row]:
    number = 0
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=names):
        for values in batch.to_pylist():
            number += 1
            yield Row(number, None, values)


def _nulls(file: Any, name: str) -> int | None:
    """Returns how many values of a column are missing, or None where the file does not say."""
    count, found = 0, file.metadata
    for group in range(found.num_row_groups):
        for at in range(found.num_columns):
            column = found.row_group(group).column(at)
            if column.path_in_schema.split(".")[0] == name:
                if column.statistics is None or not column.statistics.has_null_count:
                    return None
                count += column.statistics.null_count
    return count


def _field(column: Any, nulls: int | None, rows: int) -> Field:
    type_, shape = _type(column.type)
    nullable = bool(nulls) if nulls is not None else column.nullable
    if pa.types.is_null(column.type):
        nullable = True
    return Field(column.name, type_, shape, nullable=nullable and rows > 0)


def _type(kind: Any) -> tuple[str, tuple[Dimension, ...] | None]:
    if pa.types.is_dictionary(kind):
        return _type(kind.value_type)
    if pa.types.is_fixed_size_list(kind):
        inner, shape = _type(kind.value_type)
        return inner, (kind.list_size, *(shape or ()))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner, shape = _type(kind.value_type)
        return inner, (FREE, *(shape or ()))
    for is_one, name in _KINDS:
        if is_one(kind):
            return name, None
    return canonical(str(kind)) or "any", None


_KINDS: Final = (
    (pa.types.is_timestamp, "datetime64"),
    (pa.types.is_date, "date"),
    (pa.types.is_duration, "timedelta64"),
    (pa.types.is_large_string, "str"),
    (pa.types.is_string_view, "str"),
    (pa.types.is_large_binary, "bytes"),
    (pa.types.is_fixed_size_binary, "bytes"),
)
