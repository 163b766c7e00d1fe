"""Owns the methods of the registry that are about policies: showing them, judging by them, testing them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import gating, replaying
    from mlreg.answers import policies as answers
    from mlreg.bench import Bench
else:
    gating = LazyModule("mlreg.gating")
    replaying = LazyModule("mlreg.replaying")

PathLike = str | os.PathLike[str]


class PolicyVerbs:
    """What a registry can tell of the gates that versions pass."""

    _bench: Bench

    def policy(self, name: str | None = None, *, to: str | None = None) -> answers.PolicyShown:
        """Tells the policies in force: all that the configuration says, or what holds for the model `name`.

        Args:
            to: Of this stage alone.

        Raises:
            NotFoundError: There is no such model.
        """
        return gating.show(self._bench, name, to=to)

    def judge(self, name: str, version: str | None = None, *, to: str | None = None) -> answers.VersionJudged:
        """Tells what every gate of a stage (production, if none is named) says of a version; moves nothing.

        Raises:
            NotFoundError: There is no such model or version.
        """
        return gating.judge(self._bench, name, version, to=to)

    def test_policy(self, config: PathLike | None = None, *, names: Sequence[str] = ()) -> answers.PolicyTested:
        """Holds past promotions against a policy: which would have been stopped, and which were rolled back later.

        Args:
            config: A file like `config.toml` with the policy to test; without it, the policy in force.
            names: Only of these models.

        Raises:
            UsageError: The file cannot be understood.
            NotFoundError: There is no such file or model.
        """
        return replaying.test(self._bench, config=config, names=names)
