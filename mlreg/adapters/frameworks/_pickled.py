"""Owns pickles as joblib writes them, and what can be asked of estimators: shared by the frameworks kept that way."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import joblib
else:
    joblib = LazyModule("joblib")

_NOBODYS = frozenset({"__main__", "__mp_main__"}) | sys.stdlib_module_names


def save(model: object, directory: Path, stem: str) -> list[Path]:
    """Writes `model` as one uncompressed pickle, `STEM.joblib`, and returns its path.

    Uncompressed, because equal arrays of two versions are equal bytes only then.

    Raises:
        UsageError: It cannot be pickled.
    """
    path = directory / f"{stem}.joblib"
    try:
        joblib.dump(model, path)
    except (OSError, MemoryError, ModuleNotFoundError):
        raise
    except Exception as error:  # pickling runs the code of whatever is pickled
        raise UsageError(
            f"the {type(model).__name__} cannot be saved: {_first_line(error)}",
            hint="leave out what no pickle can hold (lambdas, locks, open files), or save it and register the file",
            code="not-pickled",
        ) from error
    return [path]


def load(files: Mapping[str, BinaryIO]) -> Any:
    """Returns the object in the one pickle of `files`: this runs whatever the pickle says.

    Raises:
        ModuleNotFoundError: A package that it needs is not installed.
        UsageError: It cannot be unpickled.
    """
    (name, stream), *_ = files.items()
    try:
        return joblib.load(stream)
    except (OSError, MemoryError, ModuleNotFoundError):
        raise
    except Exception as error:  # unpickling runs the code of whatever was pickled
        is_foreign = isinstance(error, AttributeError)
        raise UsageError(
            f"{name} cannot be loaded as a pickle: {type(error).__name__}: {_first_line(error)}",
            hint="import the module that defines its class first, as the script did that saved it"
            if is_foreign
            else "take its bytes with `checkout`, and load them with what has written them",
            code="not-loaded",
        ) from error


def feature_count(model: object) -> int | None:
    """Returns how many features `model` says that it takes, or None where it does not say."""
    count = _asked(lambda: getattr(model, "n_features_in_", None))
    return None if count is None or isinstance(count, bool) else int(count)


def feature_names(model: object) -> list[str] | None:
    """Returns the names of the features that `model` was trained on, in order, or None where it does not say."""
    names = _asked(lambda: getattr(model, "feature_names_in_", None))
    return None if names is None else [str(name) for name in names]


def packages(model: object) -> list[str]:
    """Returns the packages that define `model` and its parts, sorted; the standard library and scripts are none."""
    parts = [model, *_parts(model)]
    return sorted({package_of(type(part)) for part in parts} - _NOBODYS)


def package_of(kind: type) -> str:
    """Returns the top-level package that defines the class `kind`."""
    return kind.__module__.partition(".")[0]


def _parts(model: object) -> Iterable[object]:
    ask = getattr(model, "get_params", None)
    found = _asked(lambda: ask(deep=True)) if callable(ask) and not isinstance(model, type) else None
    return found.values() if isinstance(found, dict) else ()


def _asked(question: Callable[[], Any]) -> Any:
    """Returns the answer of a model's own code, or None where it fails."""
    with suppress(Exception):
        return question()
    return None


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]
