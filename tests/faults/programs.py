"""Owns the programs that a zygote runs unless it is told of others: mlreg, the naive ones, SQLite."""

from __future__ import annotations

import concurrent.futures
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from pkgutil import walk_packages

import anchors_sqlite
import late
import naive

import mlreg
from mlreg import cli

_DEAR = ("frameworks", "demos", "__main__")


def run(program: str, words: Sequence[str]) -> None:
    """Runs a program as if `words` had been typed."""
    sys.argv = [program, *words]
    if program == "mlreg":
        cli.main(words)
    elif program == "sqlite":
        anchors_sqlite.run(program, words)
    else:
        naive.run(program, *words)


def _modules() -> Iterator[str]:
    """Yields all modules of mlreg that need no framework: what is imported here, no child has to import."""
    for module in walk_packages(mlreg.__path__, "mlreg."):
        if not any(word in module.name for word in _DEAR):
            yield module.name


concurrent.futures.ThreadPoolExecutor = late.LateExecutor  # type: ignore[assignment, misc]
for _module in ("packaging.requirements", "tomllib", *_modules()):
    with suppress(ImportError):  # it needs what is not installed, and so does no command here
        import_module(_module)
