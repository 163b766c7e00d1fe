"""Owns tables as they come in: which adapter reads a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from mlreg import adapters
from mlreg.domain.names import quoted
from mlreg.errors import MissingError, UsageError
from mlreg.intake import open_input

if TYPE_CHECKING:
    from mlreg.domain.signatures.tables import Table

STDIN = Path("-")
_KIND = "tables"
_PACKAGES = {"pyarrow": "mlreg[parquet]", "jsonschema": "mlreg[schema]", "referencing": "mlreg[schema]"}
# here, so that none of the adapters has to be imported to be chosen
_SUFFIXES: Mapping[str, Sequence[str]] = {
    "csv": (".csv", ".tsv"),
    "json": (".json", ".jsonl", ".ndjson"),
    "npz": (".npz", ".npy"),
    "parquet": (".parquet", ".pq"),
}


class Reader(Protocol):
    """An adapter of tables."""

    def open_table(self, stream: BinaryIO, path: Path) -> Table:
        """Returns the table in `stream`; `path` names it, and `-` is standard input."""
        ...


@contextmanager
def open_table(path: Path, *, format: str | None = None) -> Iterator[Table]:
    """Yields the table in the file `path` (`-`: standard input), of the format that its name says, or `format`.

    Raises:
        UsageError: There is none, or it cannot be read as one.
        MissingError: The package that reads it is not installed.
    """
    reader = cast("Reader", load_adapter(_KIND, _format(path, format)))
    if path == STDIN:
        yield reader.open_table(sys.stdin.buffer, path)
        return
    with open_input(path) as stream:
        yield reader.open_table(stream, path)


def load_adapter(kind: str, name: str) -> Any:
    """Returns an adapter.

    Raises:
        MissingError: The package that it needs is not installed.
    """
    try:
        return adapters.load(kind, name)
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        raise MissingError(
            f"{_TITLES.get(name, name)} needs the package {quoted(module)}",
            hint=f"install it with `pip install '{_PACKAGES.get(module, module)}'`",
            facts={"module": module},
            code="package-missing",
        ) from error


def _format(path: Path, format: str | None) -> str:
    if format is not None:
        if format not in _SUFFIXES:
            raise UsageError(f"{quoted(format)} is no format of tables", hint=f"the formats are {', '.join(_SUFFIXES)}")
        return format
    if path == STDIN:
        return "json"
    found = next((name for name, suffixes in _SUFFIXES.items() if path.suffix.lower() in suffixes), None)
    if found is None:
        raise UsageError(
            f"{quoted(str(path), 200)} is of no known format",
            hint=f"say which with `--format`: {', '.join(_SUFFIXES)}",
            facts={"file": str(path)},
        )
    return found


_TITLES = {"json_schema": "a signature that is a JSON Schema", "parquet": "a table in Parquet"}
