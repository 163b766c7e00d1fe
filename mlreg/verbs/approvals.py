"""Owns the methods of the registry by which people stand for a version: approvals, keys, checkpoints."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg import approving, checkpointing, trusting
    from mlreg.answers import approved, checkpointed, keyed, verified
    from mlreg.bench import Bench
else:
    approving = LazyModule("mlreg.approving")
    checkpointing = LazyModule("mlreg.checkpointing")
    trusting = LazyModule("mlreg.trusting")

PathLike = str | os.PathLike[str]


class ApprovalVerbs:
    """What a registry keeps of who stands for what, so that nobody else can have said it."""

    _bench: Bench

    def approve(
        self,
        name: str,
        version: str | None = None,
        *,
        stage: str,
        comment: str | None = None,
        key: PathLike | None = None,
        expires: str | None = None,
        policy: str | None = None,
        dry_run: bool = False,
    ) -> approved.Approved:
        """Says that a version may go to `stage`, signed with one's SSH key.

        Args:
            key: The file of the key; by default the first of one's own that the repository knows.
            expires: Until when it counts: `30d`, or a date. By default it does not end.
            policy: The digest of the policy under which it is given; by default of the one that is in force.

        Raises:
            NotAllowedError: The key is not known here, or its person has registered the version.
            BlockedError: There are no keys, or the version is deprecated.
            MissingError: There is no `ssh-keygen`.
        """
        return approving.say(
            self._bench, "approve", name, version, stage=stage, comment=comment, key=key, expires=expires,
            policy=policy, dry_run=dry_run,
        )  # fmt: skip

    def reject(
        self,
        name: str,
        version: str | None = None,
        *,
        stage: str,
        reason: str,
        key: PathLike | None = None,
        policy: str | None = None,
        dry_run: bool = False,
    ) -> approved.Approved:
        """Says that a version may not go to `stage`, signed with one's SSH key; this takes an approval back.

        Raises:
            NotAllowedError: The key is not known here.
            BlockedError: There are no keys, or the version is deprecated.
            MissingError: There is no `ssh-keygen`.
        """
        return approving.say(
            self._bench, "reject", name, version, stage=stage, comment=reason, key=key, policy=policy, dry_run=dry_run
        )

    def approve_model(
        self,
        name: str,
        version: str,
        approver: str,
        comments: str | None = None,
        *,
        stage: str | None = None,
        key: PathLike | None = None,
    ) -> approved.Approved:
        """Approves a version for `stage` (production, if none is named) as `approver`, whose key it has to be."""
        return approving.say(
            self._bench, "approve", name, version, stage=stage or self._bench.stages.top, comment=comments,
            who=approver, key=key,
        )  # fmt: skip

    def approvals(
        self,
        name: str,
        version: str | None = None,
        *,
        stage: str | None = None,
        policy: str | None = None,
        trust_root: str | None = None,
    ) -> approved.ApprovalListing:
        """Lists what was said of a version, for `stage` or for any, and why it does not count where it does not.

        Args:
            policy: With `stage`: the digest of the policy under which approvals have to be given; by default of the
                one that is in force.
            trust_root: The fingerprint of the root, in place of the one that is pinned.

        Raises:
            NotFoundError: There is no such model or version.
            MissingError: There is something signed, and no `ssh-keygen`.
        """
        return approving.list_approvals(self._bench, name, version, stage=stage, policy=policy, root=trust_root)

    def keys(self, *, trust_root: str | None = None) -> keyed.KeyListing:
        """Lists the keys whose signatures count in the repository.

        Args:
            trust_root: The fingerprint of the root, in place of the one that is pinned.
        """
        return trusting.list_keys(self._bench, root=trust_root)

    def add_key(
        self,
        who: str,
        file: PathLike,
        *,
        groups: Iterable[str] = (),
        key: PathLike | None = None,
        dry_run: bool = False,
    ) -> keyed.KeyChange:
        """Adds the public key in `file` as one of `who`; the very first one becomes the root.

        Args:
            groups: Those of the key; who is in `admins` may change keys.
            key: The file of the key that signs this.

        Raises:
            NotAllowedError: The key that signs may not change keys.
            ConflictError: The key is another person's.
        """
        return trusting.add_key(self._bench, who, file, groups=groups, key=key, dry_run=dry_run)

    def remove_key(
        self, wanted: str, *, groups: Iterable[str] = (), key: PathLike | None = None, dry_run: bool = False
    ) -> keyed.KeyChange:
        """Removes the keys of a person, or one by its fingerprint; with `groups` it is only taken out of these.

        What these keys have approved does not count from then on.

        Raises:
            NotFoundError: There is no such key.
            NotAllowedError: The key that signs may not change keys.
            BlockedError: Nobody could change keys any more.
        """
        return trusting.remove_key(self._bench, wanted, groups=groups, key=key, dry_run=dry_run)

    def trust_root(self, fingerprint: str | None = None, *, dry_run: bool = False) -> keyed.RootTrusted:
        """Pins the root of the keys in the user's own settings.

        Raises:
            UsageError: No fingerprint is given: it is to come from somebody one knows, not from the repository.
            BlockedError: The root is another one.
        """
        return trusting.trust_root(self._bench, fingerprint, dry_run=dry_run)

    def checkpoint(
        self,
        file: PathLike | None = None,
        *,
        key: PathLike | None = None,
        unsigned: bool = False,
        dry_run: bool = False,
    ) -> checkpointed.Checkpointed:
        """Makes a checkpoint of all histories and writes it to `file`, which must not be there.

        Raises:
            NotAllowedError: None of one's keys is known here and none is named.
            ConflictError: The file is there.
            IntegrityError: A history is damaged.
        """
        return checkpointing.make(self._bench, file=file, key=key, unsigned=unsigned, dry_run=dry_run)

    def hold_against(
        self, verified: verified.Verified, checkpoint: PathLike, *, trust_root: str | None = None
    ) -> checkpointed.VerifiedAgainst:
        """Adds to what `verify` found what is not as a checkpoint saw it, and what came after it.

        Raises:
            UsageError: The file is no checkpoint.
            IntegrityError: It was changed after it was made.
            NotAllowedError: Nobody who is trusted has signed it.
        """
        return checkpointing.hold(self._bench, verified, checkpoint, root=trust_root)
