"""Owns pickles as joblib writes them, and what can be asked of estimators: shared by the frameworks kept that way."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from mlreg.adapters.frameworks import _foreign
from mlreg.adapters.frameworks._foreign import package_of
from mlreg.domain.formats import PICKLES
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from importlib import metadata

    import joblib

    from mlreg.adapters.frameworks import _sound, _unpickler
else:
    joblib = LazyModule("joblib")
    metadata = LazyModule("importlib.metadata")
    _sound = LazyModule("mlreg.adapters.frameworks._sound")
    _unpickler = LazyModule("mlreg.adapters.frameworks._unpickler")

_NOBODYS = frozenset({"__main__", "__mp_main__"}) | sys.stdlib_module_names


def save(model: object, directory: Path, stem: str) -> list[Path]:
    """Writes `model` as one uncompressed pickle, `STEM.joblib`, and returns its path.

    Uncompressed, because equal arrays of two versions are equal bytes only then.

    Raises:
        UsageError: It cannot be pickled.
    """
    path = directory / f"{stem}.joblib"
    hint = "leave out what no pickle can hold (lambdas, locks, open files), or save it and register the file"
    with _foreign.saving(model, hint=hint, code="not-pickled"):
        joblib.dump(model, path)
    return [path]


def load(files: Mapping[str, BinaryIO], *, trusted: Collection[str] = ()) -> Any:
    """Returns the object in the one pickle of `files`.

    Args:
        trusted: The classes (`package.module.Class`) that may be built, beyond those that mlreg knows.

    Raises:
        ModuleNotFoundError: A package that it needs is not installed.
        NotAllowedError: It names something that is neither known nor trusted, or does not hold together.
        UsageError: It cannot be unpickled.
    """
    name, stream = _foreign.only(files, "a pickle", PICKLES)
    with _foreign.loading(name, "a pickle"):
        try:
            model = _unpickler.load(name, stream, trusted)
        except AttributeError as error:
            why = f"AttributeError: {error}"
            hint = "import the module that defines its class first, as the script did that saved it"
            raise _foreign.not_loaded(name, "a pickle", why, hint=hint) from error
        _sound.check(name, model)
        return model


def feature_count(model: object) -> int | None:
    """Returns how many features `model` says that it takes, or None where it does not say."""
    count = asked(lambda: getattr(model, "n_features_in_", None))
    return None if count is None or isinstance(count, bool) else int(count)


def feature_names(model: object) -> list[str] | None:
    """Returns the names of the features that `model` was trained on, in order, or None where it does not say."""
    names = asked(lambda: getattr(model, "feature_names_in_", None))
    return None if names is None else [str(name) for name in names]


def packages(model: object) -> list[str]:
    """Returns the packages that define `model` and its parts, sorted; the standard library and scripts are none."""
    parts = [model, *_parts(model)]
    return sorted({package_of(type(part)) for part in parts} - _NOBODYS)


def distributions(model: object) -> list[str]:
    """Returns the distributions that `model` and its parts are of, sorted; what is in none of them is left out."""
    return sorted({found for package in packages(model) if (found := distribution_of(package))})


def distribution_of(package: str) -> str | None:
    """Returns the distribution that has `package`, such as `imbalanced-learn` has `imblearn`; None where none has."""
    try:
        return metadata.distribution(package).name
    except metadata.PackageNotFoundError:  # all of them are looked through, which takes a tenth of a second
        return next(iter(metadata.packages_distributions().get(package, ())), None)


def asked(question: Callable[[], Any]) -> Any:
    """Returns the answer of a model's own code, or None where it fails."""
    with suppress(Exception):
        return question()
    return None


def _parts(model: object) -> Iterable[object]:
    ask = getattr(model, "get_params", None)
    found = asked(lambda: ask(deep=True)) if callable(ask) and not isinstance(model, type) else None
    return found.values() if isinstance(found, dict) else ()
