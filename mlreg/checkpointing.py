"""Owns checkpoints: the heads of all histories in a small file to keep elsewhere, and a repository held against one.

A head is the digest of an event that names the digest of the one before, and so on to the first: who changes, drops,
moves or makes anew any event that a checkpoint covers comes to another head. It says nothing of what came later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mlreg.adapters.surroundings import files
from mlreg.answers.checkpointed import After, Checkpointed, Head, VerifiedAgainst
from mlreg.answers.verified import Problem, Verified
from mlreg.bench import Bench
from mlreg.domain.events import Event
from mlreg.domain.keyring import checked_fingerprint, parse_public_key
from mlreg.domain.names import checked_model_name, folded, quoted, unfolded
from mlreg.domain.times import timestamp
from mlreg.errors import IntegrityError, MlregError, NotAllowedError, NotFoundError, TakenError, UsageError
from mlreg.store import codec, layout
from mlreg.trusting import PathLike, SshNotary, keyring_of, pinned, signer

NAMESPACE = "mlreg-checkpoint@v1"
MAX_BYTES = 4 << 20
_KIND = "mlreg-checkpoint"
_SIGNED, _UNSIGNED = "anchored", "unsigned"
_MEMBERS = {"kind", "format", "repository", "at", "histories", "digest", "key", "signature"}


def _usual(bench: Bench, notary: SshNotary) -> Path | None:
    """Returns the file of the user's key that is known here; None where nobody ever had one, nor expects one."""
    ring = keyring_of(bench, notary).newest
    if not ring.keys and pinned(bench) is None:
        return None
    if not ring.keys:
        raise NotAllowedError(
            "nobody has a key here to sign with",
            hint="sign it with your own, `--key ~/.ssh/id_ed25519`, or not at all, `--unsigned`",
            code="unknown-key",
        )
    return signer(ring, notary, None).path


def make(bench: Bench, *, file: PathLike | None, key: PathLike | None, unsigned: bool, dry_run: bool) -> Checkpointed:
    """Makes a checkpoint of all histories, signed with a key, and writes it to `file`.

    It is not signed where it is wished `unsigned`, or nobody has a key here.

    Raises:
        NotAllowedError: None of the user's keys is known here and none is named.
        ConflictError: A file of that name is there with another content.
        IntegrityError: A history is damaged.
    """
    notary = SshNotary()
    if unsigned and key is not None:
        raise UsageError("it is signed with a key, or it is not", hint="leave `--key` or `--unsigned` away")
    heads = {model: head for model in _histories(bench) if (head := _head(bench, model)) is not None}
    said = _statement(bench.repository.id(), timestamp(bench.journal.now()), heads)
    public = signature = None
    path = None if unsigned else Path(key) if key is not None else _usual(bench, notary)
    if path is not None:
        public = notary.public_key(path)
        signature = notary.sign({**said, "key": public.text}, path, public, NAMESPACE)
    data = codec.canonical_json({**said, "key": public.text if public else None, "signature": signature})
    if file is not None and not dry_run:
        _write(Path(file), data)
    return Checkpointed(
        repository=said["repository"],
        at=said["at"],
        heads=heads,
        digest=said["digest"],
        key=public.fingerprint if public else None,
        file=None if file is None else str(file),
        text=data.decode().rstrip("\n"),
        notes=[] if public else ["unsigned: keep it where nobody else can write"],
        dry_run=dry_run,
    )


def hold(bench: Bench, verified: Verified, file: PathLike, *, root: str | None) -> VerifiedAgainst:
    """Holds the repository against the checkpoint in `file`, and adds what it finds to `verified`.

    Args:
        root: The fingerprint of the key that has to vouch for the checkpoint: its own, or the root of the keys.

    Raises:
        NotFoundError: There is no such file.
        UsageError: It is no checkpoint.
        IntegrityError: Its signature is not one of it.
        NotAllowedError: A root is pinned, and neither that nor a key that it vouches for has signed the checkpoint.
    """
    known, trust = _read(bench, Path(file), root)
    problems, after = [*verified.problems], list[After]()
    if bench.repository.identity() not in (known.repository, None):
        problems.append(Problem("other-repository", layout.FORMAT, f"is not of the repository {known.repository}"))
    for model, head in known.heads.items():
        problems += _problems(bench, model, head, after)
    for model in _histories(bench):
        if model not in known.heads:
            after += _told(model, _new(bench, model))
    seen = list(dict.fromkeys(problems))
    return VerifiedAgainst(
        checked=verified.checked,
        problems=seen,
        mended=verified.mended,
        against=known,
        trust=trust,
        after=after,
        notes=[*verified.notes, *_notes(trust)],
    )


def _histories(bench: Bench) -> list[str]:
    return [layout.REPOSITORY, *bench.repository.history.models()]


def _head(bench: Bench, model: str) -> Head | None:
    """Returns the last event of a history, each one before it checked; None where there is none."""
    last = None
    for event in bench.repository.history.events(model):
        last = Head(event.number, event.digest)
    return last


def _statement(repository: str, at: str, heads: Mapping[str, Head]) -> dict[str, Any]:
    histories = {model: list(head) for model, head in heads.items()}
    return {
        "kind": _KIND,
        "format": 1,
        "repository": repository,
        "at": at,
        "histories": histories,
        "digest": _digest(repository, histories),
    }


def _digest(repository: str, histories: Mapping[str, Any]) -> str:
    return codec.digest(codec.canonical_json({"repository": repository, "histories": dict(histories)}))


def _write(path: Path, data: bytes) -> None:
    try:
        files.add(path, data)
    except FileExistsError:
        raise TakenError(
            f"{quoted(str(path), 200)} is there",
            hint="write to another with `-o FILE`: a checkpoint is never written over",
            code="file-exists",
        ) from None


def _read(bench: Bench, path: Path, root: str | None) -> tuple[Checkpointed, str]:
    """Returns the checkpoint in a file, and who vouches for it: `anchored`, `unanchored`, or `unsigned`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(
            f"there is no checkpoint {quoted(str(path), 200)}", hint="make one with `mlreg checkpoint -o FILE`"
        ) from None
    said = _parsed(data, str(path))
    known = Checkpointed(
        repository=said["repository"],
        at=said["at"],
        heads={model: Head(*head) for model, head in said["histories"].items()},
        digest=said["digest"],
        key=None if said["key"] is None else parse_public_key(said["key"], str(path)).fingerprint,
        file=str(path),
        text=data.decode(),
    )
    return known, _vouched(bench, said, known, root)


def _vouched(bench: Bench, said: dict[str, Any], known: Checkpointed, root: str | None) -> str:
    trusted = pinned(bench, root)
    if known.key is None:
        if trusted is not None:  # else whoever can write there would leave the signature out
            raise NotAllowedError(
                "nobody has signed the checkpoint, and you trust a root",
                hint="sign one with your own key, `mlreg checkpoint --key FILE`, and name that: `--trust-root FPR`",
                code="unsigned",
            )
        return _UNSIGNED
    notary = SshNotary()
    signature, statement = said.pop("signature"), said
    if not isinstance(signature, str) or not notary.is_signed(statement, signature, said["key"], NAMESPACE):
        raise IntegrityError(
            f"the signature of {quoted(str(known.file), 200)} is not one of it",
            hint="it was changed after it was made: take the one that you keep elsewhere",
            code="bad-signature",
        )
    if trusted is None:
        return "unanchored"
    if known.key == checked_fingerprint(trusted):
        return _SIGNED
    ring = _ring(bench, notary, trusted)
    if known.key not in ring:
        raise NotAllowedError(
            f"{known.key}, which signed the checkpoint, is not a key that {trusted} vouches for",
            hint="ask its owner; see the keys with `mlreg keys list`",
            facts={"fingerprint": known.key},
            code="unknown-key",
        )
    return _SIGNED


def _ring(bench: Bench, notary: SshNotary, trusted: str) -> frozenset[str]:
    """Returns the keys for which the root that is pinned vouches."""
    try:
        keys = keyring_of(bench, notary)
    except (MlregError, OSError):  # what is wrong with their history is found in its own place
        return frozenset()
    return frozenset() if keys.faults or keys.newest.root != trusted else frozenset(keys.newest.keys)


def _parsed(data: bytes, source: str) -> dict[str, Any]:
    try:
        if len(data) > MAX_BYTES:
            raise ValueError("it is too long")
        said = codec.parse_canonical_json(data.rstrip(b"\r\n") + b"\n", name=source)
    except ValueError:
        said = None
    if not isinstance(said, dict) or said.get("kind") != _KIND:
        raise UsageError(f"{quoted(source, 200)} is no checkpoint", hint="make one with `mlreg checkpoint -o FILE`")
    if said.keys() != _MEMBERS or said["format"] != 1 or not _is_whole(said):
        raise IntegrityError(
            f"the checkpoint {quoted(source, 200)} is damaged",
            hint="take the one that you keep elsewhere",
            code="checkpoint-damaged",
        )
    return said


def _is_whole(said: Mapping[str, Any]) -> bool:
    histories = said["histories"]
    return (
        all(isinstance(said[name], str) for name in ("repository", "at", "digest"))
        and isinstance(said["key"], str | None)
        and isinstance(histories, dict)
        and all(_is_history(model) and _is_head(head) for model, head in histories.items())
        and _digest(said["repository"], histories) == said["digest"]
    )


def _is_history(model: str) -> bool:
    try:
        return model == layout.REPOSITORY or folded(checked_model_name(unfolded(model))) == model
    except UsageError:
        return False


def _is_head(head: Any) -> bool:
    return isinstance(head, list) and len(head) == 2 and type(head[0]) is int and head[0] > 0 and type(head[1]) is str


def _problems(bench: Bench, model: str, head: Head, after: list[After]) -> Iterator[Problem]:
    """Yields what is not as the checkpoint saw it in one history, and keeps in `after` what came since."""
    last, later, read = None, [], 0
    try:
        for event in bench.repository.history.events(model):
            read = event.number
            last = event if event.number <= head.number else last
            later += [event] if event.number > head.number else []
    except MlregError as error:
        key = str(error.facts.get("object", layout.event(model, head.number)))
        yield Problem(error.stable_code, key, error.message.removeprefix(f"{key} "))
        if read < head.number:  # what lies behind it was not looked at
            return
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        yield Problem("unreadable", layout.event(model, read + 1), f"cannot be read: {why}")
        if read < head.number:
            return
    key = layout.event(model, head.number)
    if last is None or last.number < head.number:
        yield Problem("event-missing", key, "is missing, and the checkpoint saw it")
    elif last.digest != head.digest:
        yield Problem("chain-broken", key, "is another event than the checkpoint saw: it or one before it was changed")
    else:
        after += _told(model, later)


def _new(bench: Bench, model: str) -> Iterator[Event]:
    try:
        yield from bench.repository.history.events(model)
    except (MlregError, OSError):  # `verify` itself names it: no checkpoint covers it
        return


def _told(model: str, events: Iterable[Event]) -> list[After]:
    return [After(model, event.number, event.kind, event.version, event.at, event.actor) for event in events]


def _notes(trust: str) -> list[str]:
    if trust == _UNSIGNED:
        return ["the checkpoint is unsigned: it proves as much as the place where it was kept"]
    if trust == _SIGNED:
        return []
    return ["the checkpoint is signed, but no root is pinned that vouches for its key: `mlreg keys trust`"]
