"""Owns what can happen: events, and drafts of events that nobody has appended yet.

An event is a few facts about itself (number, kind, at, actor, reason, chain of digests) and its *effects*. The effects
say all that changes, so that replaying them reads nothing else, and an event of an unknown kind still replays:

    version       which version the event is about
    record        digest of its record: the version is new; with `content` (digest of its list of files) and `facts`
                  (digest of what was stated and the files)
    from, to      the stage that the version leaves (null: it is new) and the one that it stands at now
    replaced      the version that it displaces, and `replaced_to`, where that one went
    paths         for each stage with one holder that changes: {"keep": how many versions of its path stay,
                  "push": those put on top, "holder": who holds it now or null}
    tags          all tags of the version from now on
    deprecated    null, or {"reason", "end_of_life"}: from now on
    set           late facts of the version, which cover those of its record: {"description", "owner", "metrics",
                  "meta", "signature"}; metrics and meta are joined name by name, a signature is whole
    note          a text that joins the version's notes
    hold          null, or {"reason"}: from now on its bytes are never dropped
    dropped       null, or {"reason", "rules"}: its bytes need not be here any more; what was kept and why not this
    aliases       {alias: version, or null where it is taken away}
    consumer      who uses `models` from now on: {name of a model: what is wanted of it}; an event of the repository
    approval      what somebody says of the version, for a stage, as it was signed (see `approvals`)
    keyring       a change of the keys that sign approvals, as it was signed (see `keyring`); of the repository
    signed        {"sshsig"}: the signature of `approval` or `keyring`; null where nobody has signed
    trust         {"content": digest of the version's list of files, "globals": {name: whether it is trusted}}
    policy        digest of the text of the policy by which it was decided; `gates` are what each gate of it said
                  [{"gate", "kind", "open", "value", "needs", "details"}], `forced` true where some were shut
    skipped       (rollback) [{"version", "why"}]: versions that were passed over
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

REGISTERED = "registered"
PROMOTED = "promoted"
ROLLED_BACK = "rolled-back"
ARCHIVED = "archived"
DEPRECATED = "deprecated"
DEPRECATION_LIFTED = "deprecation-lifted"
TAGGED = "tagged"
SET = "set"
SIGNATURE_SET = "signature-set"
NOTED = "noted"
ALIASED = "aliased"
UNALIASED = "unaliased"
HELD = "held"
RELEASED = "released"
DROPPED = "dropped"
RESTORED = "restored"
INITIALISED = "initialised"
ANNOUNCED = "announced"
KEY_ADDED = "key-added"
KEY_REMOVED = "key-removed"
APPROVED = "approved"
REJECTED = "rejected"
TRUSTED = "trusted"
TRUST_REMOVED = "trust-removed"
KINDS = (
    REGISTERED, PROMOTED, ROLLED_BACK, ARCHIVED, DEPRECATED, DEPRECATION_LIFTED, TAGGED, SET, SIGNATURE_SET, NOTED,
    ALIASED, UNALIASED, HELD, RELEASED, DROPPED, RESTORED, APPROVED, REJECTED,
    TRUSTED, TRUST_REMOVED,
)  # fmt: skip


class Draft(NamedTuple):
    """What shall happen, decided but not appended: no number, time or actor yet."""

    kind: str
    effects: Mapping[str, Any]
    reason: str | None = None


class Event(NamedTuple):
    """What happened. `at` is a timestamp, `previous` the digest of event `number` - 1 (None for the first)."""

    number: int
    id: str
    model: str
    kind: str
    at: str
    actor: str
    reason: str | None
    previous: str | None
    digest: str
    effects: Mapping[str, Any]

    @property
    def version(self) -> str | None:
        """The version that the event is about, where it is about one."""
        value = self.effects.get("version")
        return value if isinstance(value, str) else None

    @property
    def versions(self) -> set[str]:
        """The versions that are not as they were: the one that the event is about, and the one that it displaces."""
        return {version for effect in ("version", "replaced") if (version := self.effects.get(effect)) is not None}

    def document(self) -> dict[str, Any]:
        """Returns the event as `history --json` prints it."""
        return {
            "number": self.number,
            "kind": self.kind,
            "version": self.version,
            "at": self.at,
            "actor": self.actor,
            "reason": self.reason,
            "digest": self.digest,
            "previous": self.previous,
            **{key: value for key, value in self.effects.items() if key != "version"},
        }
