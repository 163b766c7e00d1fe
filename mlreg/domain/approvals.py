"""Owns approvals: what somebody signs, and which of the approvals in a history count.

An approval is a statement that binds one person, one version by the digest of its record, one stage and one policy, and
by the digest of the event before it all that had happened till then; a signature makes it theirs. It counts with the
ring of keys that it names, and as long as its key is in the newest. What is appended later does not touch it, but for
three things: the version is rolled back, deprecated or dropped. Gates ask `standing`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeGuard

from mlreg.domain.events import APPROVED, REJECTED, ROLLED_BACK, Draft, Event
from mlreg.domain.keyring import Key, Keyring, Notary, person
from mlreg.domain.names import quoted
from mlreg.domain.times import moment_of, timestamp
from mlreg.errors import UsageError

NAMESPACE = "mlreg-approval@v1"
SIGNATURE_MAX_CHARACTERS = 32_768
_KINDS = {"approve": APPROVED, "reject": REJECTED}
_TEXTS = ("repository", "model", "version", "record", "stage", "decision", "approver", "previous", "nonce", "at")
_TEXTS_OR_NOTHING = ("policy", "key", "keyring", "expires", "comment")
_MEMBERS = {"format", *_TEXTS, *_TEXTS_OR_NOTHING}
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_SPAN = re.compile(r"([0-9]{1,5})(h|d|w)")
_SPAN_H = {"h": 1, "d": 24, "w": 168}


class Subject(NamedTuple):
    """What an approval is of. `stage` None: of any stage, and under whatever policy.

    `model` is the name as it is spelled, `record` and `policy` are digests.
    """

    repository: str
    model: str
    version: str
    record: str
    stage: str | None
    policy: str | None = None


class Trust(NamedTuple):
    """Whose word counts here: the keys of the repository, the root that the user has pinned, what config allows."""

    keyring: Keyring
    root: str | None = None
    allows_unsigned: bool = False

    @property
    def takes_unsigned(self) -> bool:
        """Whether approvals without a signature count: never where anybody has a key, or a root is pinned."""
        return self.allows_unsigned and self.root is None and self.keyring.newest.root is None

    @property
    def is_anchored(self) -> bool:
        """Whether the root is the one that the user has pinned."""
        return self.root is not None and self.root == self.keyring.newest.root

    @property
    def obstacle(self) -> tuple[str, str] | None:
        """Why no signature counts at all: a code and a sentence; None where some may."""
        newest = self.keyring.newest
        if self.keyring.faults:
            number, why = self.keyring.faults[0]
            return "keys-in-doubt", f"the keys are in doubt: event {number} of @repository: {why}"
        if self.root is not None and newest.root != self.root:
            return "other-root", f"the root of the keys is {newest.root or 'nobody'}, not {self.root}, which you trust"
        return None


class Refusal(NamedTuple):
    """Why an approval does not count: a stable code, and a sentence."""

    code: str
    why: str


class Approval(NamedTuple):
    """One approval or rejection of a history, `refusal` being None where it counts.

    `groups` are those that its key was of when it signed, and still is. `at` is what was signed, else the event's.
    """

    event: int
    decision: str
    approver: str
    stage: str
    at: str
    expires: str | None
    comment: str | None
    key: str | None
    groups: tuple[str, ...] = ()
    policy: str | None = None
    refusal: Refusal | None = None

    @property
    def is_signed(self) -> bool:
        """Whether a key stands behind it; else it is a note that anybody could have written."""
        return self.key is not None

    def document(self) -> dict[str, Any]:
        """Returns the approval as documents show it."""
        return {
            "event": self.event,
            "decision": self.decision,
            "approver": self.approver,
            "stage": self.stage,
            "at": self.at,
            "expires": self.expires,
            "comment": self.comment,
            "signed": self.is_signed,
            "key": self.key,
            "groups": list(self.groups),
            "policy": self.policy,
            "counts": self.refusal is None,
            "code": self.refusal.code if self.refusal else None,
            "why": self.refusal.why if self.refusal else None,
        }


class Tally(NamedTuple):
    """Which approvals and rejections of a version count, and which do not; in the order of their events.

    `registrant` is who registered the version, as they called themselves; nobody has signed that. `anchored` says
    whether the root of the keys is pinned outside of the repository: if not, who can write there can replace them all.
    """

    valid: Sequence[Approval]
    rejections: Sequence[Approval]
    refused: Sequence[Approval]
    registrant: str
    anchored: bool

    @property
    def in_order(self) -> list[Approval]:
        """All of them."""
        return sorted([*self.valid, *self.rejections, *self.refused])


def parse_setting(table: Mapping[str, Any], error: Callable[[str, str], Exception]) -> bool:
    """Returns whether approvals without a signature count, as the section `[approvals]` of a configuration says.

    Raises:
        Exception: What `error` makes of a key and a sentence, where that means nothing.
    """
    for key, value in table.items():
        if key != "unsigned" or not isinstance(value, bool):
            raise error(key, "approvals can say `unsigned = true` or `unsigned = false`, and nothing else")
    return bool(table.get("unsigned", False))


def statement(
    subject: Subject, decision: str, who: str, *, key: Key | None, ring: str | None, previous: str, at: str, nonce: str,
    expires: str | None = None, comment: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Returns what `who` signs with `key` to approve or reject `subject`.

    Args:
        ring: The digest of the change after which the ring is that the key is in.
        previous: The digest of the event before, which names that of the one before it, and so on to the first.
        nonce: A random text, by which the approval counts once.
    """
    return {
        "format": 1,
        **subject._asdict(),
        "decision": decision,
        "approver": who,
        "key": key.fingerprint if key else None,
        "keyring": ring,
        "previous": previous,
        "at": at,
        "nonce": nonce,
        "expires": expires,
        "comment": comment,
    }


def draft(said: Mapping[str, Any], signature: str | None) -> Draft:
    """Returns the event that keeps the statement `said` with its signature; None: nobody signed it."""
    signed = None if signature is None else {"sshsig": signature}
    effects = {"version": said["version"], "approval": dict(said), "signed": signed}
    return Draft(_KINDS[said["decision"]], effects, said["comment"])


def expiry(text: str, now: datetime) -> str:
    """Returns the timestamp until which an approval counts that is to count for `text`: `30d`, or a date or time.

    Raises:
        UsageError: It is neither, or it is past.
    """
    span = _SPAN.fullmatch(text)
    try:
        until = timestamp(now + timedelta(hours=int(span[1]) * _SPAN_H[span[2]])) if span else moment_of(text)
    except (OverflowError, UsageError):
        until = ""
    if until <= timestamp(now):
        raise UsageError(
            f"{quoted(text)} is no time to come", hint="write `30d`, `24h` or `2w`, or a date as `2027-06-30`"
        )
    return until


def standing(told: Iterable[Event], subject: Subject, trust: Trust, notary: Notary, now: str) -> Tally:
    """Tells which approvals of `subject` count at the moment `now`, and why the others do not.

    One of those that count is of a person who is not the registrant, has said nothing else of the stage since, and
    signed it with a key that was in the ring then and is still: so the people of `Tally.valid` are all different. How
    many there have to be, of which groups and how old, is for who asks. The signatures are checked one by one, five
    milliseconds each, and only where all else is right.

    Args:
        told: The events of the model from the one that registered the version on, the oldest first, each known to
            follow the one before; those about other versions may be left out.
        subject: What is to be approved. Without a stage everything that was said of the version is in the answer.
        trust: Whose word counts. No signature does where `trust.obstacle` is not None.
        now: A timestamp.
    """
    events = [event for event in told if subject.version in (event.version, event.effects.get("replaced"))]
    who = next((event.actor for event in reversed(events) if "record" in event.effects), "")
    lapse = next((event for event in reversed(events) if _ends(event, subject.version)), None)
    judge = _Judge(subject, trust, notary, now, lapse, who)
    approvals = _last_words([approval for event in events if (approval := judge.judged(event)) is not None])
    counting = [approval for approval in approvals if approval.refusal is None]
    return Tally(
        valid=[approval for approval in counting if approval.decision == "approve"],
        rejections=[approval for approval in counting if approval.decision == "reject"],
        refused=[approval for approval in approvals if approval.refusal is not None],
        registrant=who,
        anchored=trust.is_anchored,
    )


class _Judge:
    """Looks at one approval after the other; knows which it has seen already."""

    def __init__(
        self, subject: Subject, trust: Trust, notary: Notary, now: str, lapse: Event | None, registrant: str
    ) -> None:
        self._subject = subject
        self._trust = trust
        self._notary = notary
        self._now = now
        self._tomorrow = timestamp(datetime.fromisoformat(now) + timedelta(days=1))  # clocks differ, but not by days
        self._lapse = lapse
        self._registrant = registrant
        self._nonces: set[str] = set()

    def judged(self, event: Event) -> Approval | None:
        """Returns the approval that `event` keeps, with the first thing that is wrong with it.

        None: it keeps none, or one for another stage.
        """
        if "approval" not in event.effects and event.kind not in _KINDS.values():
            return None
        said = event.effects.get("approval")
        if not _is_statement(said):
            text = ("", event.actor, "", event.at)
            return Approval(event.number, *text, None, None, None, refusal=Refusal("malformed", "it is no approval"))
        approval = Approval(
            event=event.number,
            decision=said["decision"],
            approver=said["approver"],
            stage=said["stage"],
            at=said["at"],
            expires=said["expires"],
            comment=said["comment"],
            key=said["key"],
            policy=said["policy"],
        )
        if self._subject.stage not in (None, said["stage"]):
            return None
        key = self._key(said)
        groups = self._groups(said, key) if isinstance(key, Key) else ()
        refusal = _edited(event, said) or self._elsewhere(said)
        refusal = refusal or (key if isinstance(key, Refusal) else self._forged(event, said, key))
        return approval._replace(groups=groups, refusal=refusal or self._late(event, said))

    def _elsewhere(self, said: Mapping[str, Any]) -> Refusal | None:
        """Returns what it is of, where that is something else."""
        subject = self._subject
        if said["repository"] != subject.repository:
            return Refusal("other-repository", "it was given in another repository")
        if (said["model"], said["version"]) != (subject.model, subject.version):
            return Refusal("other-version", f"it is of {said['model']} {said['version']}")
        if said["record"] != subject.record:
            return Refusal("other-record", "it is of another version of the same number: the record differs")
        is_bound = subject.stage is not None and said["decision"] == "approve"  # who is against it needs no rules
        if is_bound and said["policy"] != subject.policy:
            return Refusal("other-policy", "it was given under another policy")
        return None

    def _key(self, said: Mapping[str, Any]) -> Key | Refusal | None:
        """Returns the key that signed it, why that one does not count, or None where nobody signed and may."""
        if said["key"] is None:
            return None if self._trust.takes_unsigned else Refusal("unsigned", "nobody signed it")
        if obstacle := self._trust.obstacle:
            return Refusal(*obstacle)
        ring = self._trust.keyring.rings.get(said["keyring"] or "")
        if ring is None:
            return Refusal("unknown-keyring", "it names keys that this repository never had")
        key, now = ring.keys.get(said["key"]), self._trust.keyring.newest.keys.get(said["key"])
        if key is None:
            return Refusal("unknown-key", f"{said['key']} was not among the keys when it was signed")
        if now is None or now.since != key.since:
            return Refusal("removed-key", f"{said['key']} was removed from the keys")
        if said["approver"] != key.who:
            return Refusal("other-person", f"{said['key']} is the key of {key.who}")
        return key

    def _groups(self, said: Mapping[str, Any], key: Key) -> tuple[str, ...]:
        now = self._trust.keyring.newest.keys[key.fingerprint]
        return tuple(group for group in key.groups if group in now.groups)

    def _forged(self, event: Event, said: Mapping[str, Any], key: Key | None) -> Refusal | None:
        """Returns why nobody signed this in this place."""
        signed = event.effects.get("signed")
        if key is not None:
            signature = signed.get("sshsig") if isinstance(signed, Mapping) else None
            is_text = isinstance(signature, str) and len(signature) <= SIGNATURE_MAX_CHARACTERS
            if not is_text or not self._notary.is_signed(said, str(signature), key.public, NAMESPACE):
                return Refusal("bad-signature", f"its signature is not one of it by {key.fingerprint}")
        elif signed is not None:
            return _EDITED
        if said["nonce"] in self._nonces:
            return Refusal("replayed", "it stands in the history before")
        self._nonces.add(said["nonce"])
        if said["previous"] != event.previous:
            return Refusal("misplaced", "what came before it is not what its signer saw")
        return None

    def _late(self, event: Event, said: Mapping[str, Any]) -> Refusal | None:
        """Returns why it does not count any more, or never did for who gave it."""
        if self._lapse is not None and event.number < self._lapse.number:
            how = "rolled back" if self._lapse.kind == ROLLED_BACK else self._lapse.kind
            return Refusal("lapsed", f"the version was {how} after it: event {self._lapse.number}")
        if said["decision"] == "approve" and person(said["approver"]) == person(self._registrant):
            return Refusal("own-version", f"{said['approver']} registered the version")
        if said["at"] > self._tomorrow:
            return Refusal("misdated", f"it was given on {said['at'][:10]}, which is to come")
        if said["expires"] is not None and said["expires"] <= self._now:
            return Refusal("expired", f"it expired on {said['expires'][:10]}")
        return None


_EDITED = Refusal("edited", "the event does not say what was signed")


def _last_words(approvals: Sequence[Approval]) -> list[Approval]:
    """Refuses what the same person has said of the same stage before their last word: nobody counts twice.

    A word that has expired was one: what was said before it does not come back.
    """
    last = {(person(one.approver), one.stage): one for one in approvals if _is_a_word(one)}
    return [_beside(approval, last[person(approval.approver), approval.stage]) if approval.refusal is None else approval
            for approval in approvals]  # fmt: skip


def _is_a_word(approval: Approval) -> bool:
    return approval.refusal is None or approval.refusal.code == "expired"


def _beside(approval: Approval, last: Approval) -> Approval:
    if approval is last:
        return approval
    how = "said again" if last.decision == approval.decision else "taken back"
    return approval._replace(refusal=Refusal(how.replace(" ", "-"), f"it was {how}: event {last.event}"))


def _ends(event: Event, version: str) -> bool:
    effects = event.effects
    if event.version == version and any(effects.get(name) for name in ("deprecated", "dropped", "record")):
        return True
    return event.kind == ROLLED_BACK and effects.get("replaced") == version


def _edited(event: Event, said: Mapping[str, Any]) -> Refusal | None:
    """Returns a refusal where the event shows something else than what was signed."""
    same = (
        event.kind == _KINDS[said["decision"]]
        and event.effects.keys() == {"version", "approval", "signed"}
        and event.effects.get("version") == said["version"]
        and event.reason == said["comment"]
        and event.actor == said["approver"]
    )
    return None if same else _EDITED


def _is_statement(said: Any) -> TypeGuard[Mapping[str, Any]]:
    return (
        isinstance(said, Mapping)
        and said.keys() == _MEMBERS
        and type(said["format"]) is int
        and said["format"] == 1
        and all(isinstance(said[name], str) for name in _TEXTS)
        and all(said[name] is None or isinstance(said[name], str) for name in _TEXTS_OR_NOTHING)
        and said["decision"] in _KINDS
        and all(said[name] is None or _MOMENT.fullmatch(said[name]) for name in ("at", "expires"))
    )
