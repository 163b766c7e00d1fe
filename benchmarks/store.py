"""Measures the blob store on real checkpoints: sizes exactly, times as ratios to what copying and hashing takes.

    python benchmarks/store.py CHECKPOINTS [--peer restic] [--large MB] [--runs N]

`CHECKPOINTS` is a directory of model files with a `lineage.txt` of lines `child parent`, in the order to register.
Times are medians of alternating runs in this process; each is held against a copy, fsync and SHA-256 (for reading: a
copy and SHA-256) of the same file, made in the same round.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mlreg.adapters.backends.local import LocalBackend
from mlreg.checkout import write_files
from mlreg.domain.record import FileEntry
from mlreg.store.blobs import Blobs

KIN_MAX = 8


@dataclass
class Store:
    """Blobs in a directory, with the digest of each file."""

    root: Path
    digests: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True)
        self.blobs = Blobs(LocalBackend(self.root))

    def add(self, path: Path, parent: str | None = None, *, raw: bool = False) -> str:
        """Keeps a file as `register` does: its parent is the likeliest relative, then what was kept last."""
        with path.open("rb") as stream:
            keep = self.blobs.add_plain if raw else self.blobs.add
            self.digests[path.name], _ = keep(stream, path.name, kin=self.kin(parent))
        return self.digests[path.name]

    def kin(self, parent: str | None, before: str | None = None) -> list[str]:
        """Returns the digests of relatives: those of files that were kept before `before`."""
        names = list(self.digests)
        older = names[: names.index(before)] if before else names
        likely = [parent] if parent in older else []
        return [self.digests[name] for name in dict.fromkeys([*likely, *reversed(older)])][:KIN_MAX]

    def squeeze(self, lineage: Sequence[tuple[str, str | None]]) -> None:
        """Does what `gc` does to the blobs."""
        for name, parent in lineage:
            self.blobs.squeeze(self.digests[name], self.kin(parent, name))

    def stored_bytes(self, name: str) -> int:
        """Returns how much room a file takes."""
        found = self.blobs.stored(self.digests[name])
        return found.stored_bytes if found else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoints", type=Path)
    parser.add_argument("--peer", choices=["restic"], action="append", default=[])
    parser.add_argument("--large", type=int, default=500, metavar="MB", help="size of the files that are timed")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", choices=["sizes", "times", "memory"], action="append")
    arguments = parser.parse_args()
    wanted = arguments.only or ["sizes", "times", "memory"]
    with tempfile.TemporaryDirectory() as place:
        if "sizes" in wanted:
            sizes(arguments.checkpoints, Path(place), arguments.peer)
        if "times" in wanted:
            times(arguments.checkpoints, Path(place), arguments.large << 20, arguments.runs)
        if "memory" in wanted:
            memory(Path(place))


def sizes(checkpoints: Path, place: Path, peers: Sequence[str]) -> None:
    """Prints what part of its size each file takes, after `register` and after `gc`."""
    lineage = read_lineage(checkpoints)
    store = Store(place / "sizes")
    for name, parent in lineage:
        store.add(checkpoints / name, parent)
    registered = {name: store.stored_bytes(name) for name, _ in lineage}
    store.squeeze(lineage)
    squeezed = {name: store.stored_bytes(name) for name, _ in lineage}
    for name, _ in lineage:
        hasher = hashlib.sha256()
        for piece in store.blobs.read(store.digests[name]):
            hasher.update(piece)
        assert f"sha256:{hasher.hexdigest()}" == store.digests[name]
    raw = {name: (checkpoints / name).stat().st_size for name, _ in lineage}
    print(f"{'file':34}{'parent':28}{'MB':>7}{'register':>10}{'gc':>9}")
    for name, parent in lineage:
        print(
            f"{name:34}{parent or '':28}{raw[name] / 1e6:7.1f}"
            f"{registered[name] / raw[name]:10.4f}{squeezed[name] / raw[name]:9.4f}"
        )
    total = sum(raw.values())
    print(f"{'all':62}{total / 1e6:7.1f}{sum(registered.values()) / total:10.4f}{sum(squeezed.values()) / total:9.4f}")
    for peer in peers:
        print(f"{peer:62}{total / 1e6:7.1f}{PEERS[peer](checkpoints, lineage, place) / total:10.4f}")


def times(checkpoints: Path, place: Path, size: int, runs: int) -> None:
    """Prints how long keeping and giving back take, as ratios."""
    base, tuned = place / "base.safetensors", place / "tuned.safetensors"
    head = place / "head.safetensors"
    enlarge(checkpoints / "base_fp32.safetensors", base, size)
    enlarge(checkpoints / "full_fp32_s100.safetensors", tuned, size)
    enlarge(checkpoints / "head_fp32_s100.safetensors", head, size)
    rounds: dict[str, list[float]] = {}
    for number in range(runs):
        keeping(place / f"run{number}", base, tuned, head, rounds)
        shutil.rmtree(place / f"run{number}")
    print(f"\n{'of copy + fsync + SHA-256 (of copy + SHA-256 for checkout)':62}{'median':>8}{'least':>8}{'most':>8}")
    for what, ratios in rounds.items():
        print(f"{what:62}{statistics.median(ratios):8.2f}{min(ratios):8.2f}{max(ratios):8.2f}")


def keeping(place: Path, base: Path, tuned: Path, head: Path, rounds: dict[str, list[float]]) -> None:
    """Times one round of everything."""
    store, raw = Store(place / "coded"), Store(place / "raw")

    def note(what: str, path: Path, work: Callable[[], object], *, durable: bool = True) -> None:
        rounds.setdefault(what, []).append(timed(work) / timed(lambda: copy_and_hash(path, place, durable=durable)))

    note("register fp32", base, lambda: store.add(base))
    note("register a fine-tune of it", tuned, lambda: store.add(tuned, base.name))
    note("register a head-only fine-tune of it", head, lambda: store.add(head, base.name))
    note("register the same bytes again", tuned, lambda: store.add(tuned, base.name))
    note("register --raw", base, lambda: raw.add(base, raw=True))
    note("register --raw a fine-tune of it", tuned, lambda: raw.add(tuned, base.name, raw=True))
    for what, kept, path in (
        ("checkout of a plain blob", raw, base),
        ("checkout of a coded blob", store, base),
        ("checkout of a difference", store, tuned),
    ):
        entry = FileEntry(path.name, kept.digests[path.name], path.stat().st_size)
        out = place / what.replace(" ", "-")
        note(what, path, lambda kept=kept, entry=entry, out=out: write_files(kept.blobs, [entry], out), durable=False)
        shutil.rmtree(out)


def memory(place: Path) -> None:
    """Prints the most memory that keeping and giving back a sparse file of 8 GB takes."""
    large = place / "large.npy"
    with large.open("wb") as stream:
        header = np.lib.format.header_data_from_array_1_0(np.empty(0, np.float32)) | {"shape": (2 << 30,)}
        np.lib.format.write_array_header_1_0(stream, header)
        stream.truncate(stream.tell() + (8 << 30))
    for verb in ("keep", "give"):
        done = subprocess.run(
            [sys.executable, __file__, "--child", verb, str(large), str(place / "memory")],
            check=True,
            capture_output=True,
            text=True,
        )
        print(f"memory, 8 GB, {verb}: {int(done.stdout) >> 10} MB")
    shutil.rmtree(place / "memory")


def child(verb: str, path: Path, root: Path) -> None:
    """Does one half of `memory` and prints the most memory it took, in KiB."""
    with suppress(FileExistsError):
        Store(root)
    blobs = Blobs(LocalBackend(root))
    if verb == "keep":
        with path.open("rb") as stream:
            digest, _ = blobs.add(stream, path.name)
        (root / "digest").write_text(digest)
    else:
        for _ in blobs.read((root / "digest").read_text()):
            pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def read_lineage(checkpoints: Path) -> list[tuple[str, str | None]]:
    """Returns the files in the order to register them, each with its parent."""
    lines = [line.split() for line in (checkpoints / "lineage.txt").read_text().splitlines()]
    return [(child_, None if parent == "-" else parent) for child_, parent in lines]


def enlarge(path: Path, to: Path, size: int) -> None:
    """Writes the tensors of `path` to `to`, several times under other names and turned a little, up to `size` bytes."""
    from safetensors.numpy import load_file, save_file

    arrays, large, total, turn = load_file(path), {}, 0, 0
    while total < size:
        for name, array in arrays.items():
            large[f"part{turn}.{name}"] = np.roll(array, turn + 1) if turn else array
            total += array.nbytes
        turn += 1
    save_file(large, to)


def copy_and_hash(path: Path, place: Path, *, durable: bool) -> None:
    """Does what a store does that only copies and names files by their digest."""
    to = place / "copy"
    shutil.copyfile(path, to)
    if durable:
        with to.open("rb") as stream:
            os.fsync(stream.fileno())
    hasher = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            hasher.update(chunk)
    to.unlink()


def timed(work: Callable[[], object]) -> float:
    """Returns the seconds that `work` takes."""
    os.sync()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def restic(checkpoints: Path, lineage: Sequence[tuple[str, str | None]], place: Path) -> int:
    """Returns the size of a restic repository with all files."""
    root = place / "restic"
    environment = {**os.environ, "RESTIC_PASSWORD": "x", "RESTIC_REPOSITORY": str(root)}
    subprocess.run(["restic", "init"], env=environment, check=True, capture_output=True)
    for name, _ in lineage:
        subprocess.run(["restic", "backup", str(checkpoints / name)], env=environment, check=True, capture_output=True)
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


PEERS = {"restic": restic}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()
