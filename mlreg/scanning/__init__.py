"""Owns the look at model files: what loading one would run, found out without running, importing or unpickling it.

    report = scan_path("model.joblib")
    report.verdict   # "allowed", "needs-trust", "invalid" or "refused"

What is allowed is what is known: exact names of modules and classes, exact formats. Everything else is said.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from mlreg.scanning.beside import settled
from mlreg.scanning.context import Scan
from mlreg.scanning.formats import UNKNOWN, look
from mlreg.scanning.limits import LEAST_BYTES_PER_S, Budget
from mlreg.scanning.report import Finding, Halt, Report
from mlreg.scanning.sources import FileSource

__all__ = ["Finding", "Report", "scan_path", "scan_stream", "settled"]


def scan_path(path: str | os.PathLike[str], *, trusted: Iterable[str] = ()) -> Report:
    """Looks at the file at `path`.

    Raises:
        OSError: It cannot be read.
    """
    with open(path, "rb") as stream:
        return scan_stream(stream, os.fspath(path), trusted=trusted)


def scan_stream(
    stream: BinaryIO, path: str, *, trusted: Iterable[str] = (), bytes_per_s: int = LEAST_BYTES_PER_S
) -> Report:
    """Looks at all bytes of the seekable `stream`, which is left anywhere.

    Args:
        path: What the file is called, for the report. Its format is told by its content.
        trusted: Globals of packages that mlreg does not know, as `package.Class`, which may be built.
        bytes_per_s: How slow the scan may be; who loads the file anyway has more time than who looks at many.

    Raises:
        OSError: It cannot be read.
    """
    source = FileSource(stream)
    scan = Scan(Budget(source.size_bytes(), bytes_per_s), trusted=frozenset(trusted))
    with _uncollected():
        try:
            found = look(source, scan, os.path.basename(path))
        except Halt as halt:
            scan.halted(halt)
            found = scan.guesses[-1] if scan.guesses else UNKNOWN
        except MemoryError:
            scan.halted(Halt("MLR333", "reading it takes more memory than there is"))
            found = scan.guesses[-1] if scan.guesses else UNKNOWN
    return Report(path, found, scan.findings.all(), sorted(scan.reads))


_LEFT_MAX = 50_000  # objects that stay for the collector to find, because they refer to each other in a circle


@contextmanager
def _uncollected() -> Iterator[None]:
    """Holds the garbage collector off: it would walk through what stands for millions of objects again and again."""
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()
            if gc.get_count()[0] > _LEFT_MAX:
                gc.collect(0)
