# ruff: noqa: T201 - a script that prints
"""Prints which globals honest models name and the lists do not have yet, with the role of each: for people to review.

python -m tests.scanning.observe
"""

from __future__ import annotations

import importlib
import inspect
import io
import pickle
import pkgutil
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import joblib
import numpy
import scipy.special
import sklearn.feature_selection
import sklearn.metrics.pairwise
import torch
from sklearn.gaussian_process import kernels

from mlreg.scanning import names
from mlreg.scanning.context import Scan
from mlreg.scanning.limits import Budget
from mlreg.scanning.pickles import files
from mlreg.scanning.report import Finding, Halt
from mlreg.scanning.sources import FileSource

from . import boosters, estimators

UNLISTED = (names.Standing.UNKNOWN, names.Standing.FOREIGN)
ROLES = {"is called": "call", "would be built": "make", "is instantiated": "make"}


class Everything:
    """Findings without an end."""

    def __init__(self) -> None:
        self.found: dict[str, Finding] = {}

    def add(self, code: str, message: str, offset: int | None = None, *, subject: str | None = None) -> None:
        self.found.setdefault(message, Finding(code, message, offset, subject))


def pickled(thing: Any) -> Iterator[bytes]:
    """Yields `thing` as several savers write it; nothing where it cannot be saved."""
    for protocol in range(6):
        try:
            yield pickle.dumps(thing, protocol)
        except Exception:
            continue
    try:
        stream = io.BytesIO()
        joblib.dump(thing, stream)
        yield stream.getvalue()
    except Exception:
        return


def missing(data: bytes, label: str) -> dict[str, str]:
    """Returns the globals that `data` names and the lists do not have, each with its role."""
    everything = Everything()
    scan = Scan(Budget(1 << 30), findings=everything)  # type: ignore[arg-type]
    try:
        files.scan_pickles(FileSource(io.BytesIO(data)), scan)
    except Halt as halt:
        print(f"# {label}: {halt} at {halt.finding.offset}", file=sys.stderr)
    roles: dict[str, str] = {}
    for message in everything.found:
        match = re.match(r"(\S+) (is called|would be built|is instantiated|is on no list|would be imported)", message)
        if match:
            role = ROLES.get(match[2], "name")
            if role != "name" or match[1] not in roles:
                roles[match[1]] = role
    return roles


def things() -> Iterator[tuple[str, Any]]:
    """Yields every honest object that the tests know, by name."""
    for source in (estimators.values, estimators.composed, estimators.fitted, boosters.boosted, boosters.torches):
        yield from source()


def surveyed() -> Iterator[tuple[str, str]]:
    """Yields what no model at hand has, but others of the same packages will: their classes and plain functions."""
    bases = (sklearn.base.BaseEstimator, kernels.Kernel, torch.nn.Module)
    for package in (sklearn, torch.nn):
        for found in modules(package):
            for name, thing in vars(found).items():
                is_own = getattr(thing, "__module__", None) == found.__name__
                if is_own and isinstance(thing, type) and issubclass(thing, bases):
                    yield f"{found.__name__}.{name}", "make"
                elif is_own and found.__name__ in CYTHON and isinstance(thing, type):
                    yield f"{found.__name__}.{name}", CYTHON[found.__name__]
    for found in (numpy, scipy.special):
        yield from ((f"{found.__name__}.{name}", "name") for name in dir(found) if is_plain(getattr(found, name)))
    for found in (sklearn.metrics, sklearn.feature_selection, sklearn.metrics.pairwise):
        functions = (getattr(found, name) for name in dir(found) if name[0] != "_" and "display" not in name.lower())
        yield from (
            (f"{thing.__module__}.{thing.__name__}", "name") for thing in functions if inspect.isfunction(thing)
        )
    yield from ((f"torch.{name}", "name") for name in dir(torch) if isinstance(getattr(torch, name), torch.dtype))
    yield from ((f"torch.{name}", "name") for name in dir(torch) if name.endswith("Storage"))


CYTHON = {
    "sklearn._loss._loss": "call", "sklearn.linear_model._sgd_fast": "call", "sklearn._loss.loss": "make",
    "sklearn._loss.link": "make", "sklearn.metrics._dist_metrics": "name", "sklearn.model_selection._split": "make",
    "sklearn.metrics._scorer": "make", "sklearn.utils._metadata_requests": "make",
}  # fmt: skip


def is_plain(thing: Any) -> bool:
    """Whether `thing` is a type of numbers or a function that works element by element."""
    is_type = isinstance(thing, type) and issubclass(thing, numpy.generic)
    return is_type or isinstance(thing, numpy.ufunc)


def modules(package: Any) -> Iterator[Any]:
    """Yields all modules of `package` that can be imported; none of its tests."""
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not re.search(r"\.(tests|conftest|_?testing|_test|externals|qat|onnx)\b", info.name):
            with suppress(Exception), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield importlib.import_module(info.name)


def main() -> None:
    seen = {key: role for key, role in surveyed() if names.standing(*key.rpartition(".")[::2]) in UNLISTED}
    for label, thing in things():
        for data in pickled(thing):
            for key, role in missing(data, label).items():
                if seen.get(key, "name") == "name":
                    seen[key] = role
    for key, role in sorted(seen.items()):
        module, _, name = key.rpartition(".")
        print(module, name, role)
    print(len(names.allowed()), "on the lists", file=sys.stderr)


if __name__ == "__main__":
    main()
