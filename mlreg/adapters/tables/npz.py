"""Owns arrays as numpy keeps them: `.npz` and `.npy`. An array of objects would be a pickle, and is not opened."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from mlreg.domain.names import first_line, quoted
from mlreg.domain.signatures.tables import Array, Table
from mlreg.domain.signatures.types import canonical
from mlreg.errors import UsageError

_CHUNK: Final = 1 << 16


def open_table(stream: BinaryIO, path: Path) -> Table:
    """Returns the arrays in `stream`.

    Raises:
        UsageError: They are not arrays of numpy, or hold objects.
    """
    try:
        found = np.load(stream, allow_pickle=False)
        arrays = {None: found} if isinstance(found, np.ndarray) else {name: found[name] for name in found.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        is_pickle = "pickle" in str(error) or "Object arrays" in str(error)
        what = "it holds objects, which only a pickle can" if is_pickle else first_line(str(error))
        raise UsageError(
            f"cannot read {quoted(str(path), 200)} as arrays: {what}",
            hint="save arrays of numbers or texts: `numpy.savez(FILE, name=array)`",
            facts={"file": str(path)},
        ) from error
    return Table(arrays={name: array_of(array) for name, array in arrays.items()})


def array_of(array: Any) -> Array:
    """Returns a live array as tables have it."""
    return Array(canonical(array.dtype.str) or canonical(str(array.dtype)) or "any", array.shape, lambda: _each(array))


def _each(array: Any) -> Iterator[tuple[int, Any]]:
    """Yields the elements in order, made plain, each with its index along the first axis."""
    width = max(int(np.prod(array.shape[1:], dtype=np.int64)), 1)
    flat = array.reshape(-1)
    for start in range(0, flat.size, _CHUNK):
        chunk = flat[start : start + _CHUNK]
        is_time = chunk.dtype.kind in "mM"
        values = chunk.astype(str) if is_time else chunk
        for at, value in enumerate(values.tolist(), start):
            yield at // width, None if is_time and value == "NaT" else value
