"""Measures cutting into chunks by content: how fast, how large, how much two versions of a model have in common.

    python benchmarks/chunking.py DIR    for every file in DIR that has no tensors, ours beside the package `fastcdc`

DIR/lineage.txt, where there is one, names the parent of each file (`file parent`, `-` for none). A column "common" is
the share of bytes in chunks that the parent has too; "at most" is what it could be: the size of the parent in that of
the file. Speed is in megabytes (10^6) for a second of CPU, the best of some runs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from mlreg.store.blobs.cutting import chunks, look

try:
    from fastcdc import fastcdc
except ImportError:
    fastcdc = None

RUNS = 5
LARGEST_BYTES = 1 << 30
Cut = Callable[[bytes], list[int]]


class Held:
    """A file in memory."""

    def __init__(self, data: bytes) -> None:
        self.data, self.size_bytes = data, len(data)

    def read_at(self, offset: int, size_bytes: int) -> bytes:
        """Returns bytes of it."""
        return self.data[offset : offset + size_bytes]


def ours(data: bytes) -> list[int]:
    """Returns the ends of our chunks."""
    return chunks.borders(memoryview(data), final=True)


def theirs(data: bytes) -> list[int]:
    """Returns the ends of the chunks of `fastcdc` for the same sizes."""
    cut = fastcdc(data, chunks.MIN, chunks.AVERAGE, chunks.MAX)
    return [chunk.offset + chunk.length for chunk in cut]


def parents(directory: Path) -> dict[str, str]:
    """Returns the parent of each file that has one."""
    lineage = directory / "lineage.txt"
    lines = lineage.read_text().splitlines() if lineage.exists() else []
    pairs = (line.split() for line in lines)
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and pair[1] != "-"}


def files(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Yields name and content of each file that is cut by content."""
    for path in sorted(directory.iterdir()):
        if path.is_file() and path.stat().st_size <= LARGEST_BYTES and path.name != "lineage.txt":
            data = path.read_bytes()
            if data and not look(Held(data)).tensors:
                yield path.name, data


def digests(data: bytes, ends: list[int]) -> dict[bytes, int]:
    """Returns digest and size of each chunk, of equal ones once."""
    return {sha256(data[begin:end]).digest(): end - begin for begin, end in pairwise([0, *ends])}


def speed(cut: Cut, data: bytes) -> float:
    """Returns the megabytes that `cut` does in a second of CPU."""

    def cpu_s() -> float:
        started = time.process_time()
        cut(data)
        return time.process_time() - started

    return len(data) / 1e6 / max(min(cpu_s() for _ in range(RUNS)), 1e-9)


def common(cut: Cut, data: bytes, parent: bytes) -> float:
    """Returns the share of `data` that lies in chunks of `parent`."""
    known = digests(parent, cut(parent))
    found = ((sha256(data[begin:end]).digest(), end - begin) for begin, end in pairwise([0, *cut(data)]))
    return sum(size for digest, size in found if digest in known) / len(data)


def row(name: str, data: bytes, parent: bytes | None, cuts: dict[str, Cut]) -> str:
    """Returns a line of the table."""
    cells = [
        f"{name:30.30}",
        f"{len(data) / 1e6:8.1f}",
        f"{min(1, len(parent) / len(data)):8.1%}" if parent else " " * 8,
    ]
    for cut in cuts.values():
        average_kib = len(data) / len(cut(data)) / 1024
        shared = f"{common(cut, data, parent):8.1%}" if parent else " " * 8
        cells.append(f"{average_kib:8.1f} {shared} {speed(cut, data):8.0f}")
    return " ".join(cells)


def main() -> int:
    """Prints the table and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    cuts: dict[str, Cut] = {"ours": ours} | ({"fastcdc": theirs} if fastcdc else {})
    columns = " ".join(f"{'KiB':>8} {'common':>8} {'MB/CPU-s':>8}" for _ in cuts)
    print(" " * 48, " ".join(f"{name:26}" for name in cuts))
    print(f"{'file':30} {'MB':>8} {'at most':>8} {columns}")
    held = dict(files(directory))
    lineage = parents(directory)
    for name, data in held.items():
        print(row(name, data, held.get(lineage.get(name, "")), cuts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
