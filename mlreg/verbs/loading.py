"""Owns the method of the registry that gives models back as objects."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal, overload

from mlreg.lazy import LazyModule
from mlreg.store.blobs import Progress, no_progress

if TYPE_CHECKING:
    from mlreg import loading
    from mlreg.bench import Bench
else:
    loading = LazyModule("mlreg.loading")


class LoadVerbs:
    """How models come back into memory."""

    _bench: Bench

    @overload
    def load(
        self,
        name: str,
        version: str | None = None,
        *,
        trust: bool | Collection[str] = False,
        device: str | None = None,
        into: Any = None,
        progress: Progress = no_progress,
    ) -> Any: ...

    @overload
    def load(
        self,
        name: str,
        version: str | None = None,
        *,
        companions: Literal[True],
        trust: bool | Collection[str] = False,
        device: str | None = None,
        into: Any = None,
        progress: Progress = no_progress,
    ) -> loading.Loaded: ...

    def load(
        self,
        name: str,
        version: str | None = None,
        *,
        companions: bool = False,
        trust: bool | Collection[str] = False,
        device: str | None = None,
        into: Any = None,
        progress: Progress = no_progress,
    ) -> Any:
        """Returns the model of a version, made of bytes that were verified and scanned before anything of them runs.

        A bare name means production's version; before there ever was one, the latest release, with a warning. Python
        warns too where a package is so different from the one that was there that predictions may be.

        Args:
            companions: Answers with a `mlreg.loading.Loaded`: the model, what was registered with it, and its facts.
            trust: The classes (`package.module.Class`) that may be built though mlreg does not know them, besides those
                that `trust` has said for good; True for all of the version's own. What is refused stays refused.
            device: Where its numbers shall lie, such as `cuda:0`.
            into: An object that its numbers shall be put into, as the module of a state dict.

        Raises:
            NotAllowedError: It needs classes that nobody trusts, or would run what no model needs.
            NotFoundError: There is no such model or version, or its bytes are not here.
            IntegrityError: Its bytes are damaged; none of them was used.
            MissingError: A package that it needs is not installed; the hint says which.
            UsageError: It cannot be loaded, or it does not say which of its files is the model.
        """
        room = loading.load_with_companions if companions else loading.load_model
        options = {name: value for name, value in (("device", device), ("into", into)) if value is not None}
        return room(self._bench, name, version, trust=trust, options=options, progress=progress)
