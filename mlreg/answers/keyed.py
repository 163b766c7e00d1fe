"""What `keys` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mlreg.answers.base import Answer
from mlreg.domain.keyring import ADMINS, Fault, Ring


@dataclass(frozen=True, kw_only=True, eq=False)
class KeyListing(Answer):
    """The keys whose signatures count; `pinned` is the root that the user trusts, `misfits` changes that do not fit.

    `unsigned` says whether approvals count here that nobody has signed.
    """

    schema: ClassVar[str] = "mlreg.keys/1"
    ring: Ring
    pinned: str | None
    misfits: Sequence[Fault]
    unsigned: bool

    @property
    def trust(self) -> str:
        """`anchored`, `unanchored` where nothing is pinned, `refused` where they do not count; `none` without keys."""
        if self.misfits or (self.pinned is not None and self.ring.root != self.pinned):
            return "refused"
        if self.ring.root is None:
            return "none"
        return "anchored" if self.pinned else "unanchored"

    def facts(self) -> dict[str, Any]:
        return {
            "root": self.ring.root,
            "pinned": self.pinned,
            "trust": self.trust,
            "unsigned": self.unsigned,
            "keys": [
                {
                    "who": key.who,
                    "fingerprint": key.fingerprint,
                    "key": key.public,
                    "groups": list(key.groups),
                    "root": key.fingerprint == self.ring.root,
                    "admin": ADMINS in key.groups or key.fingerprint == self.ring.root,
                }
                for key in self.ring.keys.values()
            ],
            "faults": [fault._asdict() for fault in self.misfits],
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class KeyChange(Answer):
    """A change of the keys of `who`, signed with the key `by`; `change` is None where nothing had to be done.

    `groups` are those that the keys have from now on, or that they were taken out of.
    """

    schema: ClassVar[str] = "mlreg.keys-change/1"
    change: str | None
    who: str
    fingerprints: Sequence[str]
    groups: Sequence[str]
    by: str
    is_root: bool
    event: int | None
    at: str | None

    def facts(self) -> dict[str, Any]:
        return {
            "change": self.change,
            "who": self.who,
            "fingerprints": list(self.fingerprints),
            "groups": list(self.groups),
            "root": self.is_root,
            "by": self.by,
            "changed": self.change is not None,
            "event": self.event,
            "at": self.at,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class RootTrusted(Answer):
    """A root that is pinned in the user's own settings."""

    schema: ClassVar[str] = "mlreg.keys-trust/1"
    root: str
    repository: str
    file: str
    changed: bool

    def facts(self) -> dict[str, Any]:
        return {"root": self.root, "repository": self.repository, "file": self.file, "changed": self.changed}
