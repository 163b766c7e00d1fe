"""Owns the verbs of the registry that are about room on the disk: gc, du, hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlreg.bench import Bench
from mlreg.lazy import LazyModule
from mlreg.store.blobs import Progress, no_progress

if TYPE_CHECKING:
    from mlreg import collecting, holding, occupancy
    from mlreg.answers import changed, collected, occupied
else:
    collecting = LazyModule("mlreg.collecting")
    holding = LazyModule("mlreg.holding")
    occupancy = LazyModule("mlreg.occupancy")


class StorageVerbs:
    """What a registry does about the room that its models take."""

    _bench: Bench

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
