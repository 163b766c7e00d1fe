"""Owns the method of the registry that looks at model files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import scan
    from mlreg.answers import scanned
    from mlreg.bench import Bench
else:
    scan = LazyModule("mlreg.scan")


class ScanVerbs:
    """What a registry can say of model files."""

    _bench: Bench

    def scan(self, *words: str | os.PathLike[str]) -> scanned.Scanned:
        """Tells of files, directories and versions whether loading them would run foreign code. Nothing is run.

        Raises:
            NotFoundError: One of the words is neither a file nor a version.
            IntegrityError: The bytes of a version are damaged.
        """
        return scan.scan_words(words, lambda reference: scan.scan_version(self._bench, reference))
