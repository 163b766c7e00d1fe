"""Whatever is damaged in a repository that has everything is found and named; and nothing that is left is ever lost.

A damage is made to one file (two change places), then `verify` is asked, with the cache and without. After that
`verify --repair` and `gc --prune` do what they do, the damaged file comes back from a copy, and every byte of every
version has to be there. The long form makes 2,000 damages.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from mlreg.adapters import load
from mlreg.errors import MlregError
from mlreg.registry import Registry
from mlreg.store import layout
from mlreg.store.repository import INDEXED_FROM, Repository

VALUES = 6_000  # 24 kB: enough to be coded
NOT_GUARDED = (layout.CACHE, layout.TMP, layout.CONFIG)
BLOB_KINDS = ("blob", "coded blob", "difference")


class Grown(NamedTuple):
    """A repository with everything: where it is, a checkpoint of it, what was registered by digest, and its keys."""

    root: Path
    checkpoint: Path
    files: Mapping[str, Path]
    kinds: Mapping[str, Sequence[str]]

    @property
    def repository(self) -> Path:
        return self.root / ".mlreg"


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Grown:
    root = tmp_path_factory.mktemp("grown")
    registry = Registry.init(root, actor="ann@example.org")
    files = [_live(registry, root), _train(registry, root)]
    if shutil.which("ssh-keygen"):
        _stand_for(registry, root)
    registry.checkpoint(root / "checkpoint", unsigned=True)
    _read_all(root / ".mlreg")
    repository = root / ".mlreg"
    by_digest = {f"sha256:{sha256(path.read_bytes()).hexdigest()}": path for found in files for path in found}
    return Grown(root, root / "checkpoint", by_digest, _by_kind(repository))


def _live(registry: Registry, root: Path) -> list[Path]:
    """Has small files of two models registered, and everything said and done that can be."""
    files = []
    for number in range(7):
        path = root / f"{number}.bin"
        path.write_text(f"weights {number} " * 50)
        registry.register("fraud", path, version=f"{number + 1}.0.0", metrics={"auc": number / 10})
        files.append(path)
    registry.promote("fraud", "1.0.0", to="production", reason="the first")
    registry.promote("fraud", "2.0.0", to="production", reason="better")
    registry.rollback("fraud", reason="worse")
    registry.archive("fraud", "5.0.0", reason="leaks")
    registry.deprecate("fraud", "3.0.0", reason="old")
    registry.lift_deprecation("fraud", "3.0.0")
    registry.tag("fraud", "3.0.0", tags=["reviewed", "new"])
    registry.untag("fraud", "3.0.0", tags=["new"])
    registry.set("fraud", "3.0.0", metrics={"latency": 35}, description="the third")
    registry.set_signature("fraud@3.0.0", signature={"inputs": ["amount"]})
    registry.alias("fraud", "1.0.0", alias="champion")
    registry.alias("fraud", "3.0.0", alias="spare")
    registry.unalias("fraud", "spare")
    registry.hold("fraud", "3.0.0", reason="case 4711")
    registry.lift_hold("fraud", "3.0.0")
    registry.trust("fraud", "3.0.0", names=["team.Scorer"], reason="seen")
    (root / "mlreg.toml").write_text('consumer = "shop"\n\n[models]\nfraud = ">=1,<9"\n')
    registry.lock(root, announce=True)
    (root / ".mlreg/config.toml").write_text('[retention]\nkeep_newest = 3\n\n[retention.models."net"]\n')
    Registry.open(root, actor="ann@example.org").gc("fraud", prune=True, now=True, squeeze=False)
    parts = root / "parts"
    parts.mkdir()
    for name, text in (("a", "same"), ("b", "same"), ("c", "")):
        (parts / name).write_text(text)
    registry.register("risk/churn", parts)
    for number in range(INDEXED_FROM):  # from so many models on the cache has seen what is newest of each
        registry.register(f"small/{number}", root / "0.bin")
    return [*files, *parts.iterdir()]


def _train(registry: Registry, root: Path) -> list[Path]:
    """Has weights registered that are kept in the coded form, each but the first as a difference from another."""
    lots = np.random.default_rng(7)
    values, files = lots.standard_normal(VALUES).astype("f4"), []
    for number in range(3):
        path = root / f"net-{number}.npy"
        np.save(path, values)
        parent = f"net@{number}.0.0" if number else None
        registry.register("net", path, version=f"{number + 1}.0.0", parent=parent)
        values = values + (lots.standard_normal(VALUES) * 1e-4).astype("f4")
        files.append(path)
    return files


def _stand_for(registry: Registry, root: Path) -> None:
    """Has keys, an approval and a rejection in the history."""
    for name in ("ann", "bo"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(root / name)]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
        registry.add_key(f"{name}@example.com", root / f"{name}.pub", key=root / "ann")
    registry.approve("fraud", "6.0.0", stage="production", key=root / "bo")
    registry.reject("fraud", "7.0.0", stage="production", reason="drifts", key=root / "bo")
    registry.remove_key("bo@example.com", key=root / "ann")


def _by_kind(repository: Path) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for path in sorted(path for path in repository.rglob("*") if path.is_file()):
        key = path.relative_to(repository).as_posix()
        if path.stat().st_size and not key.startswith(layout.TMP):
            kinds.setdefault(_kind(repository, key), []).append(key)
    return kinds


def _kind(repository: Path, key: str) -> str:
    digest = layout.digest_of_blob(key)
    if digest is not None:
        stored = _opened(repository).blobs.stored(digest)
        assert stored is not None
        return "difference" if stored.bases else "coded blob" if stored.is_coded else "blob"
    if layout.model_of_event(key) is not None:
        return "event of the repository" if layout.REPOSITORY in key else "event"
    if layout.model_of_record(key) is not None:
        return "record"
    return {layout.CACHE: "cache", layout.CONFIG: "config"}.get(key.split("/")[0], "file of init")


# ---- damages


def _flip(path: Path, lots: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[lots.randrange(len(data))] ^= 1 << lots.randrange(8)
    _rewrite(path, bytes(data))


def _truncate(path: Path, lots: random.Random) -> None:
    data = path.read_bytes()
    _rewrite(path, data[: lots.randrange(1, len(data))] if len(data) > 1 else b"")


def _append(path: Path, lots: random.Random) -> None:
    _rewrite(path, path.read_bytes() + lots.randbytes(lots.randint(1, 100)))


def _empty(path: Path, lots: random.Random) -> None:
    _rewrite(path, b"")


def _delete(path: Path, lots: random.Random) -> None:
    path.unlink()


def _link(path: Path, lots: random.Random) -> None:
    """The bytes are the same, but they are elsewhere, where anybody may change them."""
    kept = next(parent for parent in path.parents if parent.name == ".mlreg").with_name("elsewhere")
    shutil.copy(path, kept)
    path.unlink()
    path.symlink_to(kept)


def _rewrite(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


DAMAGES: Mapping[str, Callable[[Path, random.Random], None]] = {
    "flip": _flip,
    "truncate": _truncate,
    "append": _append,
    "empty": _empty,
    "delete": _delete,
    "link": _link,
}
SWAP = "swap"


def _damage(grown: Grown, repository: Path, lots: random.Random) -> tuple[str, str, set[str]]:
    """Damages one file, or lets two change places; returns how, of which kind it is, and the keys."""
    kind = lots.choice(sorted(grown.kinds))
    key = lots.choice(grown.kinds[kind])
    how = lots.choice([*DAMAGES, SWAP])
    if how != SWAP:
        DAMAGES[how](repository / key, lots)
        return how, kind, {key}
    data = (repository / key).read_bytes()
    other = lots.choice([one for keys in grown.kinds.values() for one in keys])
    there = (repository / other).read_bytes()
    if there == data:
        return _damage(grown, repository, lots)
    _rewrite(repository / key, there)
    _rewrite(repository / other, data)
    return how, kind, {key, other}


# ---- what is asked


def _opened(repository: Path) -> Repository:
    return Repository(load("backends", "local").connect(repository))


def _registry(repository: Path, *, with_cache: bool = True) -> Registry:
    if with_cache:
        with suppress(MlregError, OSError):  # the file that says what it is may be damaged
            return Registry.open(repository, actor="ann@example.org")
    return Registry(_opened(repository), actor="ann@example.org")


def _named(repository: Path, *, with_cache: bool) -> set[str]:
    return _blobs({problem.object for problem in _registry(repository, with_cache=with_cache).verify().problems})


def _blobs(keys: set[str]) -> set[str]:
    """Returns `keys`, with those of missing blobs in either form: nobody knows in which they were kept."""
    return keys | {key + ".mlb" for key in keys if layout.digest_of_blob(key) and not key.endswith(".mlb")}


def _against(repository: Path, checkpoint: Path) -> set[str]:
    """Returns what is wrong with what a checkpoint has seen; or the file without which there is no repository."""
    registry = _registry(repository, with_cache=False)
    try:
        _opened(repository).id()
    except (MlregError, OSError):
        return _named(repository, with_cache=False)
    return _blobs({problem.object for problem in registry.hold_against(registry.verify(), checkpoint).problems})


def _read_all(repository: Path) -> Mapping[str, Any]:
    """Returns what anybody would see, without moments: what is listed, each version, and its history."""
    registry = Registry.open(repository, actor="ann@example.org")
    models = registry.list().document()["models"]
    return {
        model["name"]: (model, registry.versions(model["name"]).document(), registry.history(model["name"]).document())
        for model in models
    }


def _guarded(keys: set[str]) -> set[str]:
    return {key for key in keys if key.split("/")[0] not in NOT_GUARDED}


def _is_newest(repository: Path, key: str) -> bool:
    number, model = layout.number_of_event(key), layout.model_of_event(key)
    return number is not None and model is not None and not (repository / layout.event(model, number + 1)).exists()


def check_found(grown: Grown, repository: Path, how: str, keys: set[str]) -> None:
    """What is guarded is named, that the newest event is gone by who has seen it; what is not guarded is no problem."""
    guarded = _guarded(keys)
    is_newest = how == "delete" and any(_is_newest(repository, key) for key in guarded)
    if not is_newest:
        assert guarded <= _named(repository, with_cache=False)
    elif layout.REPOSITORY not in next(iter(guarded)):
        assert guarded <= _named(repository, with_cache=True)
    assert guarded <= _against(repository, grown.checkpoint)
    if not guarded:
        assert not _named(repository, with_cache=False)


def check_nothing_is_lost(grown: Grown, repository: Path, keys: set[str], truth: Mapping[str, Any]) -> None:
    """Mends and collects; then what was damaged comes back from a copy, and all of every version is there."""
    registry = _registry(repository)
    with suppress(MlregError, OSError):
        registry.repair()
    with suppress(MlregError, OSError):
        registry.gc(prune=True, now=True)
    for key in keys:
        (repository / key).unlink(missing_ok=True)
        (repository / key).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(grown.repository / key, repository / key)
    assert not _named(repository, with_cache=True)
    assert _read_all(repository) == truth
    blobs = _opened(repository).blobs
    for digest in _needed(grown):
        for _ in blobs.read(digest):
            pass


def _needed(grown: Grown) -> set[str]:
    blobs = _opened(grown.repository).blobs
    return {digest for digest in grown.files if blobs.has(digest)}


def check_mended(grown: Grown, repository: Path) -> None:
    """With the files that were registered at hand all blobs come back."""
    answer = _registry(repository).repair(files=list(grown.files.values()))
    assert not answer.problems


# ---- the tests


def _numbers(short: int, long: int) -> Sequence[Any]:
    """Returns lots of ten damages: a few of them for the short form."""
    return [*range(short), *(pytest.param(number, marks=pytest.mark.long) for number in range(short, long))]


def test_the_repository_has_everything(grown: Grown) -> None:
    assert {"blob", "coded blob", "difference", "event", "event of the repository", "record", "config", "cache"} < set(
        grown.kinds
    )
    assert not _named(grown.repository, with_cache=True) and not _against(grown.repository, grown.checkpoint)
    texts = [path.read_text() for path in (grown.repository / layout.HISTORY).rglob("*.json")]
    kinds = {json.loads(text)["kind"] for text in texts}
    assert {"dropped", "held", "released", "announced", "trusted", "signature-set", "aliased", "archived"} < kinds
    assert len(_needed(grown)) < len(grown.files)  # bytes were dropped


@pytest.mark.parametrize("number", _numbers(15, 200))
def test_ten_damages_are_found_and_named_and_cost_nothing_but_themselves(
    grown: Grown, tmp_path: Path, number: int
) -> None:
    lots = random.Random(number)
    truth = _read_all(grown.repository)
    for turn in range(10):
        repository = Path(shutil.copytree(grown.repository, tmp_path / str(turn) / ".mlreg"))
        how, kind, keys = _damage(grown, repository, lots)
        told = f"{how} of a {kind}: {' '.join(sorted(keys))}"
        try:
            check_found(grown, repository, how, keys)
            if not _guarded(keys) and layout.CONFIG not in keys:
                assert _read_all(repository) == truth
            if kind in BLOB_KINDS and how != SWAP:
                mended = Path(shutil.copytree(repository, tmp_path / str(turn) / "again" / ".mlreg", symlinks=True))
                check_mended(grown, mended)
            if layout.CONFIG not in keys and (number >= 15 or turn % 3 == 0):
                check_nothing_is_lost(grown, repository, keys, truth)
        except Exception as error:
            error.add_note(told)
            raise
        shutil.rmtree(tmp_path / str(turn))
