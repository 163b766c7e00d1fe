"""Owns whose keys count: public keys, the signed changes that add and remove them, and the ring after each of these.

The first key is the *root*: it signs for itself. Every later change is signed by the root or by a key of the group
`admins` that was in the ring just before, and names that ring, so that no change can be left out, moved or brought from
another repository. A key is of one person and may be of groups. A change that does not fit puts the whole ring in
doubt: nothing is signed until history is in order again.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from mlreg.domain.events import KEY_ADDED, KEY_REMOVED, Draft, Event
from mlreg.domain.names import quoted
from mlreg.errors import BlockedError, ConflictError, NotAllowedError, NotFoundError, TakenError, UsageError

NAMESPACE = "mlreg-keys@v1"
ADMINS = "admins"
KEYS_MAX = 1000
_KINDS = {"add": KEY_ADDED, "remove": KEY_REMOVED}
_CURVES = ("nistp256", "nistp384", "nistp521")
_TYPES = (
    "ssh-ed25519", *(f"ecdsa-sha2-{curve}" for curve in _CURVES), "ssh-rsa",
    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
)  # fmt: skip
_LINE = re.compile(r"([a-z0-9@.-]{1,64}) ([A-Za-z0-9+/]{32,8192}={0,2})(?:[ \t]+([^\r\n]*))?[ \t]*\r?\n?")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_RSA_LEAST_BITS = 2048


class Notary(Protocol):
    """Seals statements and checks signatures of them."""

    def digest(self, statement: Mapping[str, Any]) -> str:
        """Returns the digest of the one way to write `statement`."""
        ...

    def is_signed(self, statement: Mapping[str, Any], signature: str, key: str, namespace: str) -> bool:
        """Whether `signature` is one of `statement` by the public key `key`, for the purpose `namespace`."""
        ...


class PublicKey(NamedTuple):
    """A public key: `text` is its type and its base64, `fingerprint` as `ssh-keygen -l` prints it."""

    text: str
    fingerprint: str


class Key(NamedTuple):
    """A key of the ring: whose it is, its groups, and the digest of the change that brought it in."""

    fingerprint: str
    public: str
    who: str
    groups: tuple[str, ...]
    since: str


class Ring(NamedTuple):
    """The keys that count after the change with the digest `after` (None: before the first)."""

    after: str | None
    keys: Mapping[str, Key]
    root: str | None

    def may_change(self, fingerprint: str) -> bool:
        """Whether a change may be signed with this key."""
        key = self.keys.get(fingerprint)
        return key is not None and (fingerprint == self.root or ADMINS in key.groups)

    def of(self, who: str) -> list[Key]:
        """Returns the keys of a person."""
        return [key for key in self.keys.values() if person(key.who) == person(who)]


class Fault(NamedTuple):
    """A change of keys that does not fit, and why."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Keyring:
    """All rings that ever were, by the digest of the change that made them; the newest; what is wrong."""

    rings: Mapping[str, Ring]
    newest: Ring
    faults: Sequence[Fault] = ()


def person(who: str) -> str:
    """Returns what two spellings of one person have in common."""
    return unicodedata.normalize("NFKC", who).casefold().strip()


def checked_fingerprint(text: str) -> str:
    """Returns `text` where it is the fingerprint of a key.

    Raises:
        UsageError: It is not.
    """
    if _FINGERPRINT.fullmatch(text) is None:
        raise UsageError(
            f"{quoted(text)} is not the fingerprint of a key", hint="see it with `mlreg keys list`: it begins SHA256:"
        )
    return text


def parse_public_key(text: str, source: str) -> PublicKey:
    """Returns the public key that `text`, the content of the file `source`, is.

    Raises:
        UsageError: It is no single key of a kind that can sign, or RSA of fewer than 2048 bits.
    """
    found = _LINE.fullmatch(text)
    kind, blob = (found[1], _decoded(found[2])) if found else ("", b"")
    if found is None or kind not in _TYPES or not _is_of(blob, kind):
        raise UsageError(
            f"{quoted(source, 200)} is not a public key that can sign",
            hint="name a `.pub` file of type ed25519, ecdsa or rsa; make one with `ssh-keygen -t ed25519`",
        )
    if kind == "ssh-rsa" and _rsa_bits(blob) < _RSA_LEAST_BITS:
        raise UsageError(
            f"{quoted(source, 200)} has {_rsa_bits(blob)} bits: too few to sign with",
            hint="make a better one with `ssh-keygen -t ed25519`",
        )
    seal = base64.b64encode(sha256(blob).digest()).decode().rstrip("=")
    return PublicKey(f"{kind} {base64.b64encode(blob).decode()}", f"SHA256:{seal}")


def fold(events: Iterable[Event], repository: str, notary: Notary) -> Keyring:
    """Returns the ring after the `events` of the repository with the id `repository`, and all those before it."""
    ring = Ring(None, {}, None)
    rings: dict[str, Ring] = {}
    faults: list[Fault] = []
    for event in events:
        if "keyring" not in event.effects and event.kind not in _KINDS.values():
            continue
        try:
            ring = _after(ring, event, repository, notary)
            rings[ring.after or ""] = ring
        except (KeyError, TypeError, ValueError, UsageError, BlockedError, ConflictError, NotFoundError) as error:
            faults.append(Fault(event.number, str(error) if isinstance(error, ValueError) else "it is malformed"))
    return Keyring(rings, ring, tuple(faults))


def addition(
    ring: Ring, key: PublicKey, who: str, groups: Iterable[str], *, repository: str, by: str, at: str
) -> dict[str, Any] | None:
    """Returns the statement that puts `key` of `who` into `groups`, or None where it is there.

    Args:
        by: The fingerprint of the key that will sign it.

    Raises:
        ConflictError: The key is another person's.
        NotAllowedError: The key `by` may not change keys.
        BlockedError: There are too many.
    """
    known = ring.keys.get(key.fingerprint)
    named = tuple(sorted({*groups, *(known.groups if known else ())}))
    if known and person(known.who) != person(who):
        raise TakenError(
            f"that key is of {known.who}",
            hint=f"remove it first: `mlreg keys remove {key.fingerprint}`",
            facts={"fingerprint": key.fingerprint, "who": known.who},
        )
    if known and known.groups == named:
        return None
    if len(ring.keys) >= KEYS_MAX:
        raise BlockedError(f"there are {KEYS_MAX} keys already", hint="remove some with `mlreg keys remove WHO`")
    if ring.root is None and by != key.fingerprint:
        raise _not_allowed(by, "the first key signs for itself")
    _check_may(ring, by)
    spelled = known.who if known else next((key.who for key in ring.of(who)), who)
    return {
        **_start("add", ring, repository, by, at),
        "who": spelled,
        "key": key.text,
        "fingerprint": key.fingerprint,
        "groups": list(named),
    }


def removal(ring: Ring, wanted: str, groups: Iterable[str], *, repository: str, by: str, at: str) -> dict[str, Any]:
    """Returns the statement that takes the keys `wanted`, a person or a fingerprint, away, or out of `groups` only.

    Raises:
        NotFoundError: There is no such key, or it is of none of the groups.
        NotAllowedError: The key `by` may not change keys.
        BlockedError: Nobody could change keys any more.
    """
    keys = [ring.keys[wanted]] if wanted in ring.keys else ring.of(wanted)
    gone = sorted(set(groups))
    if gone:
        keys = [key for key in keys if set(gone) & set(key.groups)]
    if not keys:
        where = f" in {', '.join(gone)}" if gone else ""
        raise NotFoundError(f"there is no key {quoted(wanted)}{where}", hint="see them with `mlreg keys list`")
    _check_may(ring, by)
    statement = {
        **_start("remove", ring, repository, by, at),
        "fingerprints": sorted(key.fingerprint for key in keys),
        "groups": gone,
    }
    _check_changeable(_without(ring, statement))
    return statement


def draft(statement: Mapping[str, Any], signature: str) -> Draft:
    """Returns the event that makes the signed change `statement`."""
    return Draft(_KINDS[statement["change"]], {"keyring": dict(statement), "signed": {"sshsig": signature}})


def _start(change: str, ring: Ring, repository: str, by: str, at: str) -> dict[str, Any]:
    return {"format": 1, "change": change, "repository": repository, "after": ring.after, "by": by, "at": at}


def _after(ring: Ring, event: Event, repository: str, notary: Notary) -> Ring:
    """Returns the ring after the change that `event` makes.

    Raises:
        ValueError: It does not fit; the text says why.
    """
    statement, signature = event.effects["keyring"], event.effects["signed"]["sshsig"]
    if statement["format"] != 1 or _KINDS[statement["change"]] != event.kind:
        raise ValueError("it is not the change that it says it is")
    if statement["repository"] != repository:
        raise ValueError("it was made for another repository")
    if statement["after"] != ring.after:
        raise ValueError("it does not follow the change of keys before it")
    digest = notary.digest(statement)
    changed = _with(ring, statement, digest) if statement["change"] == "add" else _without(ring, statement)
    _check_changeable(changed)
    signer = _signer(ring, changed, statement)
    if person(event.actor) != person(signer.who):
        raise ValueError("who did it is not whose key signed it")
    if not notary.is_signed(statement, signature, signer.public, NAMESPACE):
        raise ValueError("its signature is not one of it")
    return changed._replace(after=digest)


def _signer(before: Ring, after: Ring, statement: Mapping[str, Any]) -> Key:
    by = statement["by"]
    if before.root is None:
        if by != statement["fingerprint"]:
            raise ValueError("the first key did not sign for itself")
        return after.keys[by]
    if not before.may_change(by):
        raise ValueError("who signed it may not change keys")
    return before.keys[by]


def _with(ring: Ring, statement: Mapping[str, Any], digest: str) -> Ring:
    key = parse_public_key(statement["key"], "the key")
    groups = statement["groups"]
    if key.fingerprint != statement["fingerprint"] or key.text != statement["key"]:
        raise ValueError("the key is not the one that its fingerprint says")
    if not isinstance(statement["who"], str) or not isinstance(groups, list) or groups != sorted(set(map(str, groups))):
        raise ValueError("it does not say whose key it is, or its groups")
    known = ring.keys.get(key.fingerprint)
    if known and person(known.who) != person(statement["who"]):
        raise ValueError("the key is another person's")
    since = known.since if known else digest
    new = Key(key.fingerprint, key.text, statement["who"], tuple(groups), since)
    return Ring(digest, {**ring.keys, new.fingerprint: new}, ring.root or new.fingerprint)


def _without(ring: Ring, statement: Mapping[str, Any]) -> Ring:
    keys = dict(ring.keys)
    groups = set(statement["groups"])
    for fingerprint in statement["fingerprints"]:
        key = keys.pop(fingerprint)
        if groups:
            keys[fingerprint] = key._replace(groups=tuple(group for group in key.groups if group not in groups))
    return ring._replace(keys=keys)


def _check_may(ring: Ring, by: str) -> None:
    if ring.root is not None and not ring.may_change(by):
        raise _not_allowed(by, f"only the root and the group {ADMINS} may change keys")


def _check_changeable(ring: Ring) -> None:
    if not any(map(ring.may_change, ring.keys)):
        raise BlockedError(
            "nobody could change keys any more",
            hint=f"first let somebody else: `mlreg keys add WHO FILE.pub --group {ADMINS}`",
        )


def _not_allowed(by: str, why: str) -> NotAllowedError:
    return NotAllowedError(
        f"{by} may not sign that: {why}",
        hint="name the key that may with `--key FILE`; see them with `mlreg keys list`",
        facts={"fingerprint": by},
        code="key-not-allowed",
    )


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _is_of(blob: bytes, kind: str) -> bool:
    name = kind.encode()
    return blob.startswith(len(name).to_bytes(4, "big") + name)


def _rsa_bits(blob: bytes) -> int:
    """Returns the length of the modulus: the third of the strings that an RSA key is made of."""
    at = 0
    for _ in range(2):
        at += 4 + int.from_bytes(blob[at : at + 4], "big")
    size = int.from_bytes(blob[at : at + 4], "big")
    return int.from_bytes(blob[at + 4 : at + 4 + size], "big").bit_length()
