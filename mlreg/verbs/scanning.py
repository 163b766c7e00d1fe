"""Owns the methods of the registry that look at model files, and say which of their classes are trusted."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import scan, vouching
    from mlreg.answers import scanned
    from mlreg.answers import trusted as trusted_
    from mlreg.bench import Bench
else:
    scan = LazyModule("mlreg.scan")
    vouching = LazyModule("mlreg.vouching")


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

    def trusted(self, name: str, version: str | None = None) -> trusted_.TrustListing:
        """Lists the classes of a version that somebody trusts."""
        return vouching.list_trust(self._bench, name, version)

    def all_trusted(self) -> trusted_.AllTrusted:
        """Lists the classes that somebody trusts, of all versions of all models."""
        return vouching.list_all_trust(self._bench)

    def trust(
        self,
        name: str,
        version: str | None = None,
        *,
        names: Iterable[str],
        reason: str | None = None,
        dry_run: bool = False,
    ) -> trusted_.TrustChange:
        """Trusts the classes `names` (`package.module.Class`) of a version: `load` may build them from now on.

        Raises:
            NotAllowedError: One is a part of Python or of a known package, which nobody can trust.
            NotFoundError: There is no such version.
        """
        return vouching.trust(self._bench, name, version, names=names, reason=reason, dry_run=dry_run)

    def distrust(
        self,
        name: str,
        version: str | None = None,
        *,
        names: Iterable[str],
        reason: str | None = None,
        dry_run: bool = False,
    ) -> trusted_.TrustChange:
        """Takes the trust in the classes `names` of a version back."""
        return vouching.distrust(self._bench, name, version, names=names, reason=reason, dry_run=dry_run)
