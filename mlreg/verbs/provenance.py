"""Owns the methods of the registry that ask where versions come from, which one is best, and who uses them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import consumers, selecting, tracing
    from mlreg.answers import affected, locked, ranked, traced
    from mlreg.bench import Bench
else:
    consumers = LazyModule("mlreg.consumers")
    selecting = LazyModule("mlreg.selecting")
    tracing = LazyModule("mlreg.tracing")

PathLike = str | os.PathLike[str]


class ProvenanceVerbs:
    """What a registry can tell of where versions come from, how they rank, and where they go."""

    _bench: Bench

    def lineage(self, name: str, version: str | None = None) -> traced.Traced:
        """Tells where a version comes from and what came of it, to any depth.

        Raises:
            NotFoundError: There is no such model or version.
        """
        return tracing.trace(self._bench, name, version)

    def impact(
        self,
        ref: str | None = None,
        version: str | None = None,
        *,
        feature: str | None = None,
        feature_set: str | None = None,
        data_set: str | None = None,
    ) -> affected.Impact:
        """Tells which versions and stages use one of these: themselves, or through what they were made from.

        Raises:
            UsageError: None or several are asked for.
            NotFoundError: There is no such model or version.
        """
        return tracing.assess(self._bench, ref, version, feature=feature, feature_set=feature_set, data_set=data_set)

    def best(
        self,
        name: str,
        *,
        limit: int | None = 10,
        promote: str | None = None,
        min_gain: float | None = None,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> ranked.Ranked:
        """Ranks the versions of a model by the score that `[score]` of the configuration describes.

        Args:
            limit: So many rows at most; None for all.
            promote: A stage to which the best version goes if it is better than the holder by `min_gain`.
            min_gain: By default what the configuration says.

        Raises:
            NotFoundError: There is no such model, or none of its versions can be the best.
            BlockedError: The best and the holder cannot be held against each other, or may not be moved.
            ConflictError: Somebody else has moved the stage meanwhile.
        """
        if promote is None:
            return selecting.rank(self._bench, name, limit=limit)
        return selecting.select(
            self._bench, name, promote, limit=limit, min_gain=min_gain, reason=reason, dry_run=dry_run
        )

    def auto_select_best(
        self, name: str, *, min_gain: float | None = None, reason: str | None = None, dry_run: bool = False
    ) -> ranked.Ranked:
        """Promotes the best version of a model to the highest stage, as `best` does with that stage.

        Raises:
            NotFoundError: There is no such model, or none of its versions can be the best.
            BlockedError: The best and the holder cannot be held against each other, or may not be moved.
            ConflictError: Somebody else has moved the stage meanwhile.
        """
        top = self._bench.stages.top
        return self.best(name, promote=top, min_gain=min_gain, reason=reason, dry_run=dry_run)

    def lock(
        self,
        directory: PathLike = ".",
        *,
        upgrade: bool = False,
        announce: bool = False,
        dry_run: bool = False,
    ) -> locked.Locked:
        """Writes `mlreg.lock` beside the `mlreg.toml` of a service: for each model the exact version and digests.

        What is locked stays as long as it is what `mlreg.toml` wants; the same answer is the same bytes.

        Args:
            upgrade: Take the newest that is wanted, whatever is locked.
            announce: Tell the repository who uses which models.

        Raises:
            NotFoundError: There is no `mlreg.toml`, or no version as it wants.
            UsageError: One of the files cannot be understood.
        """
        return consumers.lock(self._bench, directory, upgrade=upgrade, announce=announce, dry_run=dry_run)

    def check_lock(self, directory: PathLike = ".") -> locked.Locked:
        """Tells whether `mlreg.lock` is what `mlreg.toml` wants and the repository has; writes nothing.

        Raises:
            NotFoundError: There is no `mlreg.toml`.
            UsageError: One of the files cannot be understood.
        """
        return consumers.check(self._bench, directory)

    def outdated(self, directory: PathLike = ".") -> locked.Outdated:
        """Tells for what is locked which newer versions there are.

        Raises:
            NotFoundError: There is no `mlreg.toml` or `mlreg.lock`.
            UsageError: One of the files cannot be understood.
        """
        return consumers.outdated(self._bench, directory)
