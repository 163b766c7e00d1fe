"""A repository whose people have real SSH keys, and what somebody can do who may write to it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mlreg import approving
from mlreg.adapters import load
from mlreg.domain import approvals
from mlreg.domain.approvals import Tally
from mlreg.domain.events import Draft
from mlreg.registry import Registry
from mlreg.store import codec, layout
from mlreg.store.history import Stamp
from mlreg.store.repository import Repository, found
from mlreg.trusting import SshNotary, trust_of

Body = dict[str, Any]
MAKER = "dan@example.org"  # registers the versions
KINDS = {"ann": ("ed25519", 256), "bo": ("ecdsa", 256), "cy": ("rsa", 2048), "dan": ("ed25519", 256),
         "eve": ("ed25519", 256), "bo2": ("ed25519", 256)}  # fmt: skip
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
MODEL, VERSION, STAGE = "fraud", "1.1.0", "production"


def make_keys(place: Path) -> Path:
    """Makes a key pair for each name of `KINDS` in `place`."""
    for name, (kind, bits) in KINDS.items():
        words = ["ssh-keygen", "-q", "-t", kind, "-b", str(bits), "-N", "", "-C", name, "-f", str(place / name)]
        subprocess.run(words, check=True)
    return place


class Town:
    """A repository in memory, the keys in a directory, and a clock that goes on by a minute."""

    def __init__(self, keys: Path, repository: Repository | None = None, moment: datetime = START) -> None:
        self.keys = keys
        self.moment = moment
        self.repository = repository or Repository(load("backends", "memory").connect("."))
        if repository is None:
            found(self.repository, Stamp(os.urandom(16).hex(), "2026-01-05T09:00:00.000000Z", MAKER))

    def copy(self) -> Town:
        """Returns the same once more."""
        backend = load("backends", "memory").connect(".")
        for key in self.repository.backend.list(""):
            backend.create(key, [self.read(key)])
        return Town(self.keys, Repository(backend), self.moment)

    def now(self) -> datetime:
        self.moment += timedelta(minutes=1)
        return self.moment

    def as_(self, who: str) -> Registry:
        """Returns the registry as `who` has it open."""
        return Registry(self.repository, actor=who, now=self.now)

    def key(self, name: str) -> Path:
        return self.keys / name

    def fingerprint(self, name: str) -> str:
        return SshNotary().public_key(self.key(name)).fingerprint

    def read(self, key: str) -> bytes:
        with self.repository.backend.open(key) as stream:
            return stream.read()

    def bodies(self, model: str = MODEL) -> list[Body]:
        """Returns the events of `model` as they stand in their files."""
        return [
            codec.parse_json(self.read(key), name=key) for key in self.repository.backend.list(layout.events(model))
        ]

    def rewrite(self, bodies: Iterable[Body], model: str = MODEL) -> None:
        """Makes the history of `model` anew of `bodies`: numbers and digests are made to fit."""
        backend, previous = self.repository.backend, None
        for key in list(backend.list(layout.events(model))):
            backend.delete(key)
        for number, old in enumerate(bodies, 1):
            body = {**old, "number": number, "previous": previous}
            body.pop("digest", None)
            previous = codec.digest(codec.canonical_json(body))
            backend.create(layout.event(model, number), [codec.canonical_json({**body, "digest": previous})])

    def edit(self, change: Callable[[list[Body]], list[Body] | None], model: str = MODEL) -> None:
        """Makes the history of `model` anew after `change` of its events."""
        bodies = deepcopy(self.bodies(model))
        self.rewrite(change(bodies) or bodies, model)

    def append(self, body: Body, model: str = MODEL, actor: str = MAKER) -> None:
        """Appends an event with the kind, the reason and the effects of `body`."""
        state = self.repository.history.state(model)
        own = {"kind", "reason", "number", "digest", "previous", "at", "actor", "id", "model", "format"}
        effects = {name: value for name, value in body.items() if name not in own}
        stamp = Stamp("f" * 32, body.get("at") or approvals.timestamp(self.now()), body.get("actor", actor))
        self.repository.history.append(state, model, Draft(body["kind"], effects, body.get("reason")), stamp)

    def statement(self, who: str, **changes: Any) -> Body:
        """Returns what the person with the key `who` would sign now, but for `changes`."""
        bench = self.as_(who)._bench
        state = bench.state(MODEL)
        ring = trust_of(bench, SshNotary()).keyring.newest
        known = ring.keys.get(self.fingerprint(who))
        version = changes.get("version", VERSION)
        return {
            "format": 1,
            "repository": self.repository.id(),
            "model": MODEL,
            "version": version,
            "record": state.versions[version].record,
            "stage": STAGE,
            "policy": None,
            "decision": "approve",
            "approver": known.who if known else f"{who}@example.org",
            "key": self.fingerprint(who),
            "keyring": ring.after,
            "previous": state.head_digest,
            "at": approvals.timestamp(self.now()),
            "nonce": "5" * 32,
            "expires": None,
            "comment": None,
            **changes,
        }

    def sign(self, statement: Body, key: str, namespace: str = approvals.NAMESPACE) -> str:
        notary = SshNotary()
        return notary.sign(statement, self.key(key), notary.public_key(self.key(key)), namespace)

    def forge(
        self, by: str, *, signs: Body | None = None, namespace: str = approvals.NAMESPACE,
        signature: Callable[[str], Any] = str, event: Body | None = None, **changes: Any,
    ) -> None:  # fmt: skip
        """Appends an approval that the key `by` has signed, with `changes` of its statement.

        Args:
            signs: What is signed in place of the statement that the event shows.
            signature: What stands there in place of the signature.
            event: Members of the event in place of what they should be.
        """
        said = self.statement(by, **changes)
        sealed = signature(self.sign({**said, **(signs or {})}, by, namespace))
        body = {"kind": "approved", "version": said["version"], "approval": said, "signed": {"sshsig": sealed},
                "reason": said["comment"], "actor": said["approver"]}  # fmt: skip
        self.append({**body, **(event or {})})

    def tally(
        self, version: str = VERSION, stage: str = STAGE, *, model: str = MODEL, policy: str | None = None,
        root: str | None = None,
    ) -> Tally:  # fmt: skip
        """Tells which approvals count."""
        bench = self.as_(MAKER)._bench
        state = bench.state(model)
        return approving.tally(bench, state, state.versions[version], stage=stage, policy=policy, root=root)


def settle(town: Town, people: Sequence[str] = ("bo", "cy")) -> Town:
    """Registers two versions and gives keys to ann, the root, and to `people`."""
    for content in (b"old", b"new"):
        (town.keys / "model.bin").write_bytes(content)
        town.as_(MAKER).register(MODEL, town.keys / "model.bin", bump="minor")
    town.as_("ann").add_key("ann@example.org", town.key("ann.pub"), groups=["admins"])
    for name in people:
        town.as_("ann").add_key(f"{name}@example.org", town.key(f"{name}.pub"), groups=["risk"], key=town.key("ann"))
    return town
