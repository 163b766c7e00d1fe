"""Owns the border to the frameworks: whose class an object is of, how their errors read, files for their eyes only.

Whatever goes wrong inside a framework is an error of the file or the object that it was given, told in one line.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mlreg.domain import formats
from mlreg.domain.names import checked_path
from mlreg.errors import MlregError, NotAllowedError, UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import shutil
    import tempfile
else:
    shutil = LazyModule("shutil")
    tempfile = LazyModule("tempfile")

_OURS = (MemoryError, ModuleNotFoundError, MlregError)
_PICKLE_HINT = "register it with `framework='joblib'` to keep it as a pickle, or save it yourself and register the file"
_FILE_HINT = "take its bytes with `checkout`, and load them with what has written them"


def package_of(kind: type) -> str:
    """Returns the top-level package that defines the class `kind`."""
    return kind.__module__.partition(".")[0]


def is_one_of(model: object, package: str) -> bool:
    """Whether the class of `model` is one that `package` defines, not one that extends such a one."""
    return package_of(type(model)) == package and not isinstance(model, type)


def extends(model: object, package: str, *classes: str) -> bool:
    """Whether `model` is of one of the `classes` (names; any where none is named) of `package`, or extends it."""
    kinds = (kind for kind in type(model).__mro__ if package_of(kind) == package)
    return not isinstance(model, type) and any(not classes or kind.__name__ in classes for kind in kinds)


def said(names: object) -> list[str] | None:
    """Returns the names of features where a framework has some; the numbers that it makes up are none."""
    listed = [str(name) for name in names] if isinstance(names, list | tuple) else []
    made_up = all(name.removeprefix("Column_") == str(number) for number, name in enumerate(listed))
    return None if made_up else listed


@contextmanager
def saving(model: object, *, hint: str = _PICKLE_HINT, code: str = "not-saved") -> Iterator[None]:
    """Tells what the framework of `model` raises as a `UsageError`."""
    try:
        yield
    except _OURS:
        raise
    except Exception as error:  # whatever is saved has its own code run
        if _is_of_the_disk(error):
            raise
        raise UsageError(
            f"the {type(model).__name__} cannot be saved: {_first_line(error)}", hint=hint, code=code
        ) from error


@contextmanager
def loading(name: str, what: str, *, hint: str = _FILE_HINT) -> Iterator[None]:
    """Tells what a framework raises, given the file `name` to load as `what`, as a `UsageError`."""
    try:
        yield
    except _OURS:
        raise
    except Exception as error:  # the file decides what is raised
        if _is_of_the_disk(error):
            raise
        raise not_loaded(name, what, f"{type(error).__name__}: {_first_line(error)}", hint=hint) from error


def not_loaded(name: str, what: str, why: str, *, hint: str = _FILE_HINT) -> UsageError:
    """Returns the error that says why the file `name` cannot be loaded as `what`."""
    return UsageError(f"{name} cannot be loaded as {what}: {why}", hint=hint, code="not-loaded")


def untrusted(name: str, missing: list[str]) -> NotAllowedError:
    """Returns the error that names the classes which the file `name` needs and nobody trusts."""
    return NotAllowedError(
        f"{name} makes objects of classes that are not trusted: {', '.join(missing)}",
        hint=f"if you trust the code of each, run `mlreg trust add NAME@VERSION --global {missing[0]}`",
        facts={"file": name, "globals": missing},
        code="needs-trust",
    )


def only(files: Mapping[str, BinaryIO], what: str, known: Sequence[str]) -> tuple[str, BinaryIO]:
    """Returns the one file of `files`, its name and its stream, which begins as one of the formats `known` does.

    Bytes of another format go to no framework: some of them end the process at that.

    Raises:
        UsageError: There are several, or it is another format.
    """
    (name, stream), *more = files.items()
    if more:
        raise not_loaded(name, what, f"there are {len(more)} more files, and it is one")
    found = formats.identify(Bytes(stream))
    stream.seek(0)
    if found is None or found.format not in known:
        raise not_loaded(name, what, f"it is {found.says}" if found else "it does not begin as one")
    return name, stream


def directory_of(files: Mapping[str, BinaryIO], marks: Sequence[str], what: str) -> str:
    """Returns the directory, among the paths of `files`, that has one of the files `marks`; the topmost one.

    Raises:
        UsageError: There is none.
    """
    found = [path.rpartition("/") for path in files if path.rpartition("/")[2] in marks]
    if not found:
        raise not_loaded(" ".join(sorted(files)[:3]), what, f"there is no {' or '.join(marks)}")
    return min((directory for directory, _, _ in found), key=len)


@contextmanager
def private_copy(files: Mapping[str, BinaryIO]) -> Iterator[Path]:
    """Yields a directory with the bytes of `files`, for a framework that reads paths only.

    Nobody else can open it (`mkdtemp`), so what is in it stays what the streams were. It is gone afterwards.
    """
    with tempfile.TemporaryDirectory(prefix="mlreg-loading-") as place:
        for name, stream in files.items():
            path = Path(place, checked_path(name))
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as copy:
                shutil.copyfileobj(stream, copy, 1 << 20)
        yield Path(place)


class Bytes:
    """A stream as `mlreg.domain.formats` looks at it; it stands anywhere afterwards."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size_bytes = stream.seek(0, os.SEEK_END)

    def read_at(self, offset: int, size_bytes: int) -> bytes:
        """Returns `size_bytes` bytes from `offset` on, fewer only where the end is."""
        self._stream.seek(offset)
        return self._stream.read(size_bytes)


def size_of(stream: BinaryIO) -> int:
    """Returns how many bytes `stream` has, which stands at its beginning afterwards."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    return size


def is_imported(module: str) -> bool:
    """Whether `module` is imported already: then its settings are somebody's."""
    return module in sys.modules


def _is_of_the_disk(error: Exception) -> bool:
    """Whether the system has raised it: what frameworks raise as an `OSError` of their own has no number."""
    return isinstance(error, OSError) and bool(error.errno)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]
