"""Owns the verbs of the registry that are about files: taking them out, checking them, the room that they take."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mlreg.bench import Bench
from mlreg.lazy import LazyModule
from mlreg.store.blobs import Progress, no_progress

if TYPE_CHECKING:
    from mlreg import checkout, collecting, holding, mending, occupancy, verify
    from mlreg.answers import changed, checked_out, collected, occupied, verified
else:
    checkout = LazyModule("mlreg.checkout")
    collecting = LazyModule("mlreg.collecting")
    holding = LazyModule("mlreg.holding")
    mending = LazyModule("mlreg.mending")
    occupancy = LazyModule("mlreg.occupancy")
    verify = LazyModule("mlreg.verify")

PathLike = str | os.PathLike[str]


class StorageVerbs:
    """What a registry does with the files of its models."""

    _bench: Bench

    def checkout(
        self,
        name: str,
        version: str | None = None,
        *,
        directory: PathLike | None = None,
        link: bool = False,
        dry_run: bool = False,
        progress: Progress = no_progress,
    ) -> checked_out.CheckedOut:
        """Writes the files of a version below `directory` (by default `NAME-VERSION`), verified while written.

        A bare name means production's version; before there ever was one, the latest release.

        Args:
            link: Files that are kept as they are become read-only links of the repository's own: no copy is made.

        Raises:
            NotFoundError: There is no such model or version, or its bytes are not here.
            ConflictError: A file is there with other content.
            IntegrityError: Its bytes are damaged; nothing was written.
        """
        return checkout.check_out(
            self._bench, name, version, directory=directory, linked=link, dry_run=dry_run, progress=progress
        )

    def verify(
        self, name: str | None = None, *, quick: bool = False, progress: Progress = no_progress
    ) -> verified.Verified:
        """Reads everything again, or all of the model `name`, and tells what is not as it was written.

        Args:
            quick: Blobs are not hashed; only their sizes are looked at.
        """
        look = verify.verify_quickly if quick else verify.verify
        return look(self._bench, name, progress)

    def repair(
        self,
        name: str | None = None,
        *,
        files: Iterable[PathLike] = (),
        dry_run: bool = False,
        progress: Progress = no_progress,
    ) -> verified.Verified:
        """Verifies, puts damaged and missing blobs in order as far as that can be done, and verifies again.

        Args:
            files: Files that may be what was lost: told by their content, whatever they are called.
        """
        return mending.mend(self._bench, name, [Path(file) for file in files], progress, dry_run=dry_run)

    def gc(
        self,
        name: str | None = None,
        *,
        prune: bool = False,
        now: bool = False,
        squeeze: bool = True,
        dry_run: bool = False,
        progress: Progress = no_progress,
    ) -> collected.Collected:
        """Tells what is kept and why, and what would go; with `prune` it goes.

        Args:
            name: Only of this model versions are dropped.
            prune: Do it: drop what no rule of `[retention]` keeps, remove what nothing needs.
            now: Also what nothing refers to since less than an hour.
            squeeze: With `prune`: put what stays into its smallest form.
            progress: Called with the number of bytes just squeezed.

        Raises:
            NotFoundError: There is no such model.
            UsageError: The rules of retention cannot be understood.
            ConflictError: Somebody is registering: try again.
            IntegrityError: A history, a record or a blob is damaged: nothing is removed then.
        """
        if dry_run or not prune:
            return collecting.plan(self._bench, name, young=now, dry_run=dry_run)
        return collecting.prune(self._bench, name, young=now, squeeze=squeeze, progress=progress)

    def du(self, name: str | None = None) -> occupied.Occupied:
        """Tells how much room each version takes on the disk, and what dropping its bytes would free.

        Raises:
            NotFoundError: There is no such model.
            IntegrityError: A history, a record or a blob is damaged.
        """
        return occupancy.measure_room(self._bench, name)

    def hold(self, name: str, version: str | None = None, *, reason: str, dry_run: bool = False) -> changed.Changed:
        """Keeps the bytes of a version for good, whatever the rules of retention say: a legal hold.

        Raises:
            NotFoundError: There is no such version, or its bytes were dropped before.
        """
        return holding.hold(self._bench, name, version, reason=reason, dry_run=dry_run)

    def lift_hold(
        self, name: str, version: str | None = None, *, reason: str | None = None, dry_run: bool = False
    ) -> changed.Changed:
        """Leaves the bytes of a version to the rules of retention again."""
        return holding.lift_hold(self._bench, name, version, reason=reason, dry_run=dry_run)
