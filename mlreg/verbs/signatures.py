"""Owns the methods of the registry that are about signatures."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import linting, signatures
    from mlreg.answers import signatures as answers
    from mlreg.answers.linted import Linted
    from mlreg.bench import Bench
else:
    linting = LazyModule("mlreg.linting")
    signatures = LazyModule("mlreg.signatures")

PathLike = str | os.PathLike[str]


class SignatureVerbs:
    """What a registry can do with signatures."""

    _bench: Bench

    def signature(self, name: str, version: str | None = None) -> answers.Shown:
        """Tells what a version takes and gives.

        Raises:
            NotFoundError: There is no such model or version.
        """
        return signatures.show(self._bench, name, version)

    def signature_check(self, old: PathLike, new: PathLike) -> answers.Held:
        """Holds two signatures, files or references, against each other: what changed, and which change breaks.

        Raises:
            NotFoundError: There is no such version, or it declares no signature.
            UsageError: A file declares none.
        """
        return signatures.hold(self.signature, os.fspath(old), os.fspath(new))

    def signature_lint(self, *paths: PathLike) -> Linted:
        """Tells what is wrong with files of signatures and specifications, also against the versions in production.

        Raises:
            IntegrityError: The history or the record of one of these versions is damaged.
        """
        return linting.lint([Path(path) for path in paths], self.promises())

    def promises(self) -> linting.Promised:
        """Returns what tells for the name of a model what its version in production has promised."""
        return linting.promises(self._bench)

    def set_signature(
        self, name: str, version: str | None = None, *, signature: Mapping[str, Any], dry_run: bool = False
    ) -> answers.SignatureSet:
        """Declares the signature of a version that was never promoted; it covers that of its record.

        Raises:
            BlockedError: The version was promoted before, or its number says less than what changed.
            NotFoundError: There is no such model or version.
            UsageError: It is no signature.
        """
        return signatures.declare(self._bench, name, version, signature, dry_run=dry_run)

    def validate(
        self, reference: PathLike, data: Any, *, limit: int = 100, extra: bool = False, format: str | None = None
    ) -> answers.Validated:
        """Holds data against the inputs of a version, or of a file with a signature.

        Args:
            data: The path of a table, a data frame, or rows: mappings from names to values.
            limit: So many findings are told; all are counted.
            extra: Whether columns that the signature does not have are passed over.
            format: `csv`, `json`, `npz` or `parquet`, where the name of the file does not say.

        Raises:
            NotFoundError: There is no such version, or it declares no signature.
            UsageError: The data cannot be read.
            MissingError: The package that reads them is not installed.
        """
        return signatures.validate(self.signature, os.fspath(reference), data, limit=limit, extra=extra, format=format)
