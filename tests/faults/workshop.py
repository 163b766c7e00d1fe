"""Owns how the bench is set up: compiles the interposer, finds a place that is fast, starts a lab."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .lab import HERE, Lab

_MEMORY = Path("/dev/shm")
_FLAGS = ("-O1", "-Wall", "-Wextra", "-Wno-format-truncation", "-shared", "-fPIC")


def why_not() -> str | None:
    """Returns why there can be no lab on this machine, or None."""
    if not sys.platform.startswith("linux"):
        return "faults are injected by LD_PRELOAD as Linux knows it"
    return None if _compiler() else "there is no C compiler (cc, gcc or clang): calls cannot be interposed"


def place() -> Path:
    """Returns where labs are opened: in memory where that can be had."""
    return _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())


@contextmanager
def opened_lab(python: str = sys.executable, programs: str = "programs") -> Iterator[tuple[Lab, Path]]:
    """Gives a lab and the directory that it works in.

    Args:
        python: Who runs the programs.
        programs: The module that knows them.
    """
    with tempfile.TemporaryDirectory(prefix="mlreg-faults-", dir=place()) as directory:
        lab = Lab(_compiled(Path(directory)), Path(directory), python=python, programs=programs)
        try:
            yield lab, Path(directory)
        finally:
            lab.close()


def _compiler() -> str | None:
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def _compiled(directory: Path) -> Path:
    library = directory / "interpose.so"
    command = [str(_compiler()), *_FLAGS, "-o", str(library), str(HERE / "interpose.c"), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return library
