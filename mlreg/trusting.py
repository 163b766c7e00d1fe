"""Owns whose signatures count: the keys of the repository, the root that the user has pinned, the keys one signs with.

A pin stands in the user's own settings, in `[roots]` by the id of the repository, or is given: what a repository says
of itself pins nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mlreg.adapters import load
from mlreg.adapters.surroundings import preferences
from mlreg.answers.keyed import KeyChange, KeyListing, RootTrusted
from mlreg.bench import Bench
from mlreg.domain import keyring
from mlreg.domain.approvals import Trust
from mlreg.domain.events import Draft
from mlreg.domain.keyring import Key, Keyring, PublicKey, Ring, checked_fingerprint
from mlreg.domain.names import checked_label, checked_line
from mlreg.domain.state import ModelState
from mlreg.domain.times import timestamp
from mlreg.errors import BlockedError, NotAllowedError, NotFoundError, UsageError
from mlreg.journal import Journal
from mlreg.store import codec, layout, toml_text
from mlreg.store.config import document

VARIABLE = "MLREG_TRUST_ROOT"
ROOTS = "roots"
PathLike = str | os.PathLike[str]


class SshNotary:
    """Seals statements as canonical JSON and signs them with SSH keys; remembers what it has checked."""

    def __init__(self) -> None:
        self._ssh = load("signers", "ssh")
        self._known: dict[tuple[bytes, str, str, str], bool] = {}

    def digest(self, statement: Mapping[str, Any]) -> str:
        """Returns the digest of the canonical form of `statement`."""
        return codec.digest(codec.canonical_json(dict(statement)))

    def is_signed(self, statement: Mapping[str, Any], signature: str, key: str, namespace: str) -> bool:
        """Whether `signature` is one of `statement` by the public key `key`, for the purpose `namespace`."""
        asked = (codec.canonical_json(dict(statement)), signature, key, namespace)
        if asked not in self._known:
            self._known[asked] = self._ssh.is_signed(*asked)
        return self._known[asked]

    def sign(self, statement: Mapping[str, Any], path: Path, key: PublicKey | Key, namespace: str) -> str:
        """Returns the signature of `statement` by the key in the file `path`, which is `key`.

        Raises:
            NotAllowedError: It did not sign, or signed with another key.
        """
        signature: str = self._ssh.sign(codec.canonical_json(dict(statement)), path, namespace)
        public = key.public if isinstance(key, Key) else key.text
        if not self.is_signed(statement, signature, public, namespace):
            raise NotAllowedError(
                f"{str(path)!a} signed with another key than {key.fingerprint}",
                hint="is the `.pub` file beside it another one's?",
                code="key-refused",
            )
        return signature

    def public_key(self, path: Path) -> PublicKey:
        """Returns the public key of the file `path`."""
        key: PublicKey = self._ssh.public_key(path)
        return key

    def usual_keys(self) -> list[Path]:
        """Returns the files of keys that the user signs with where none is named."""
        files: list[Path] = self._ssh.usual_keys()
        return files


class Signer(NamedTuple):
    """A file with a key, and the key of the ring that it is."""

    path: Path
    key: Key


def trust_of(bench: Bench, notary: SshNotary, root: str | None = None) -> Trust:
    """Returns whose word counts in the repository.

    Args:
        root: The fingerprint that is pinned in place of what `MLREG_TRUST_ROOT` and the user's settings say.
    """
    return Trust(keyring_of(bench, notary), pinned(bench, root), allows_unsigned(bench))


def keyring_of(bench: Bench, notary: SshNotary) -> Keyring:
    """Returns the keys of the repository; each change of them is checked, with its signature."""
    return keyring.fold(bench.repository.history.events(layout.REPOSITORY), bench.repository.id(), notary)


def allows_unsigned(bench: Bench) -> bool:
    """Whether the repository's configuration says `unsigned = true` in `[approvals]`."""
    return bench.config.sections.get("approvals") is True


def pinned(bench: Bench, given: str | None = None) -> str | None:
    """Returns the fingerprint of the root that the user trusts: given, or a variable, or a setting; None: nobody's.

    Raises:
        UsageError: It is no fingerprint.
    """
    if given is not None:
        return checked_fingerprint(given)
    if stated := preferences.stated((VARIABLE,)):
        return checked_fingerprint(stated[1])
    path = preferences.user_file()
    roots = document(preferences.read_own(path), str(path)).get(ROOTS, {})
    known = roots.get(bench.repository.identity()) if isinstance(roots, Mapping) else roots
    return None if known is None else checked_fingerprint(str(known))


def signer(ring: Ring, notary: SshNotary, given: PathLike | None) -> Signer:
    """Returns the key to sign with: the one in the file `given`, else the first of the user's own that is in `ring`.

    Raises:
        NotAllowedError: It is not in the ring, or none is.
    """
    for path in notary.usual_keys() if given is None else [Path(given)]:
        found = notary.public_key(path).fingerprint
        if found in ring.keys:
            return Signer(path, ring.keys[found])
        if given is not None:
            raise NotAllowedError(
                f"{found} is not among the keys of this repository",
                hint="somebody who may has to add it: `mlreg keys add WHO FILE.pub`",
                facts={"fingerprint": found},
                code="unknown-key",
            )
    raise NotAllowedError(
        "none of your keys is among those of this repository",
        hint="name the one to sign with: `--key FILE`; see which there are with `mlreg keys list`",
        code="unknown-key",
    )


def list_keys(bench: Bench, *, root: str | None) -> KeyListing:
    """Lists the keys of the repository, and whether their root is the one that is pinned."""
    trust = trust_of(bench, SshNotary(), root)
    ring = trust.keyring.newest
    return KeyListing(
        ring=ring,
        pinned=trust.root,
        misfits=trust.keyring.faults,
        unsigned=trust.takes_unsigned,
        notes=_notes(trust),
    )


def add_key(
    bench: Bench, who: str, file: PathLike, *, groups: Iterable[str], key: PathLike | None, dry_run: bool
) -> KeyChange:
    """Adds the public key in `file` as one of `who`; the very first one is the root and signs for itself."""
    notary = SshNotary()
    owner, named = checked_line(who, "a person"), [checked_label(group, "a group") for group in groups]
    new = notary.public_key(Path(file))
    ring = _sound(bench, notary).newest
    if ring.root is None:
        path = Path(key) if key is not None else _private_beside(Path(file))
        by = Signer(path, Key(notary.public_key(path).fingerprint, new.text, owner, (), ""))
    else:
        by = signer(ring, notary, key)

    def stated(now: Ring, at: str) -> dict[str, Any] | None:
        repository = bench.repository.id()
        return keyring.addition(now, new, owner, named, repository=repository, by=by.key.fingerprint, at=at)

    return _change(bench, notary, by, stated, new=new, dry_run=dry_run)


def remove_key(bench: Bench, wanted: str, *, groups: Iterable[str], key: PathLike | None, dry_run: bool) -> KeyChange:
    """Removes the keys of a person, or the one with a fingerprint; with `groups` only takes them out of these."""
    notary = SshNotary()
    named = [checked_label(group, "a group") for group in groups]
    by = signer(_sound(bench, notary).newest, notary, key)

    def stated(now: Ring, at: str) -> dict[str, Any] | None:
        repository = bench.repository.id()
        return keyring.removal(now, wanted, named, repository=repository, by=by.key.fingerprint, at=at)

    return _change(bench, notary, by, stated, dry_run=dry_run)


def trust_root(bench: Bench, fingerprint: str | None, *, dry_run: bool) -> RootTrusted:
    """Pins the root of the keys in the user's own settings: from now on the repository can have no other.

    Raises:
        UsageError: The fingerprint is not said, which is to come from somebody one knows and not from here.
        BlockedError: The root is another one.
        NotFoundError: There are no keys, or there is no place for settings.
    """
    root = _sound(bench, SshNotary()).newest.root
    if root is None:
        raise NotFoundError("there are no keys here", hint="make the first: `mlreg keys add YOU FILE.pub`")
    if fingerprint is None:
        raise UsageError(
            f"the root of the keys says that it is {root}",
            hint=f"ask its owner by another way; if it is so: `mlreg keys trust {root}`",
            facts={"root": root},
        )
    if checked_fingerprint(fingerprint) != root:
        raise _other_root(root, fingerprint)
    path = preferences.user_file()
    if path is None:
        raise NotFoundError("there is no place for settings of your own", hint="set HOME, as login does")
    words = (ROOTS, bench.repository.id())

    def make(data: bytes) -> bytes:
        return toml_text.with_value(data.decode(), words, root).encode()

    before = preferences.read(path)
    changed = make(before) != before if dry_run else preferences.change(path, make)
    return RootTrusted(root=root, file=str(path), repository=words[1], changed=changed, dry_run=dry_run)


def _change(
    bench: Bench, notary: SshNotary, by: Signer, stated: Any, *, new: PublicKey | None = None, dry_run: bool
) -> KeyChange:
    """Makes the change that `stated` states of the newest ring; where it states none, `new` is there already."""
    said: dict[str, Any] = {}

    def wish(state: ModelState) -> Draft | None:
        now = timestamp(bench.journal.now())
        said["ring"] = _sound(bench, notary).newest
        said["statement"] = statement = stated(said["ring"], now)
        if statement is None:
            return None
        return keyring.draft(statement, notary.sign(statement, by.path, by.key, keyring.NAMESPACE))

    history = bench.repository.history
    journal = Journal(history, actor=by.key.who, now=bench.journal.now)
    state = history.state(layout.REPOSITORY)
    outcome = journal.foresee(state, wish) if dry_run else journal.commit(state, layout.REPOSITORY, wish)
    statement, ring = said["statement"], said["ring"]
    known = ring.keys[new.fingerprint] if new and statement is None else None
    about = known._asdict() if known else statement
    fingerprints = about.get("fingerprints") or [about["fingerprint"]]
    return KeyChange(
        change=statement["change"] if statement else None,
        who=about.get("who") or ring.keys[fingerprints[0]].who,
        fingerprints=fingerprints,
        groups=about["groups"],
        by=by.key.fingerprint,
        is_root=ring.root is None,
        event=outcome.number,
        at=outcome.at,
        notes=_notes(trust_of(bench, notary), made=fingerprints[0] if ring.root is None else None),
        dry_run=dry_run,
    )


def _sound(bench: Bench, notary: SshNotary) -> Keyring:
    """Returns the keys of the repository, which nothing is wrong with.

    Raises:
        BlockedError: A change of them does not fit, or the root is not the one that is pinned.
    """
    known, root = keyring_of(bench, notary), pinned(bench)
    if known.faults:
        number, why = known.faults[0]
        key = layout.event(layout.REPOSITORY, number)
        raise BlockedError(
            f"the keys are in doubt: {key}: {why}",
            hint="bring history back from a copy; see what else is wrong with `mlreg verify`",
            facts={"object": key},
            code="keys-in-doubt",
        )
    if root is not None and known.newest.root not in (None, root):
        raise _other_root(str(known.newest.root), root)
    return known


def _notes(trust: Trust, *, made: str | None = None) -> list[str]:
    """Returns what has to be told of `trust` to who has `made` the root just now, or to anybody."""
    root = trust.keyring.newest.root
    if trust.obstacle:
        return [trust.obstacle[1]]
    if root is None or trust.is_anchored:
        return []
    if made:
        return [f"unanchored until you pin your root, as everybody should: `mlreg keys trust {made}`"]
    return [
        "unanchored: you have pinned no root; ask its owner for the fingerprint, then `mlreg keys trust FINGERPRINT`"
    ]


def _other_root(root: str, wanted: str) -> BlockedError:
    return BlockedError(
        f"the root of the keys is {root}, not {wanted}",
        hint="ask its owner what is right: the keys of this repository may have been replaced",
        facts={"root": root, "trusted": wanted},
        code="other-root",
    )


def _private_beside(path: Path) -> Path:
    private = path.with_suffix("") if path.suffix == ".pub" else path
    return private if private.is_file() else path  # with the public one an agent or a token signs
