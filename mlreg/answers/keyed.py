"""What `keys` answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from mlreg.answers.base import Answer
from mlreg.domain.keyring import ADMINS, Fault, Ring


@dataclass(frozen=True, kw_only=True, eq=False)
class KeyListing(Answer):
    """The keys whose signatures count; `pinned` is the root that the user trusts, `faults` what is wrong.

    `unsigned` says whether approvals count here that nobody has signed.
    """

    schema: ClassVar[str] = "mlreg.keys/1"
    ring: Ring
    pinned: str | None
    faults: Sequence[Fault]
    unsigned: bool

    @property
    def trust(self) -> str:
        """`anchored`, `unanchored` where nothing is pinned, `refused` where they do not count; `none` without keys."""
        if self.faults or (self.pinned is not None and self.ring.root != self.pinned):
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
            "faults": [fault._asdict() for fault in self.faults],
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class KeyChange(Answer):
    """A change of keys as it was signed by the key `by`; the statement is None where nothing had to be done."""

    schema: ClassVar[str] = "mlreg.keys-change/1"
    statement: Mapping[str, Any] | None
    by: str
    is_root: bool
    event: int | None
    at: str | None

    @property
    def change(self) -> str | None:
        """`add` or `remove`, None where nothing changed."""
        return self.statement["change"] if self.statement else None

    @property
    def fingerprints(self) -> list[str]:
        """The keys that were changed."""
        said = self.statement or {}
        return [said["fingerprint"]] if "fingerprint" in said else list(said.get("fingerprints", ()))

    def facts(self) -> dict[str, Any]:
        said = self.statement or {}
        return {
            "change": self.change,
            "who": said.get("who"),
            "fingerprints": self.fingerprints,
            "groups": list(said.get("groups", ())),
            "root": self.is_root,
            "by": self.by,
            "changed": self.statement is not None,
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
