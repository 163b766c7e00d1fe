"""What a new file may be stored against: which files are the likeliest, and what it costs to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import BinaryIO

from hypothesis import given
from hypothesis import strategies as st

from mlreg.adapters.backends.memory import MemoryBackend
from mlreg.domain.record import FileEntry
from mlreg.kinship import FILES_MAX, VERSIONS_MAX, Shelf
from mlreg.registry import Registry
from mlreg.store import layout
from mlreg.store.history import Stamp
from mlreg.store.repository import Repository, found

paths = st.builds("{}.{}".format, st.sampled_from("abcdefghijklmnopqrst"), st.sampled_from(["bin", "txt"]))
directories = st.dictionaries(paths, st.integers(0, 5), max_size=40)


def likeliest(entries: Sequence[FileEntry], path: str) -> list[FileEntry]:
    def unlikeness(entry: FileEntry) -> tuple[bool, bool, int]:
        return entry.path != path, entry.path[-3:] != path[-3:], -entry.size_bytes

    return sorted(entries, key=unlikeness)[:FILES_MAX]


@given(sizes=directories, path=paths)
def test_the_file_of_the_same_name_comes_first_then_of_the_same_suffix_then_by_size(
    sizes: dict[str, int], path: str
) -> None:
    entries = [FileEntry(path, f"sha256:{path}", size) for path, size in sizes.items()]
    assert list(Shelf(entries).by_likeness(path)) == likeliest(entries, path)


class CountingBackend(MemoryBackend):
    """Counts how often each key is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: Counter[str] = Counter()

    def open(self, key: str) -> BinaryIO:
        """Opens the bytes under `key`, and counts that."""
        self.opened[key] += 1
        return super().open(key)


def test_older_versions_are_read_once_however_many_files_there_are(tmp_path: Path) -> None:
    backend = CountingBackend()
    repository = Repository(backend)
    found(repository, Stamp("0" * 32, "2026-01-05T09:00:00.000000Z", "ann@example.org"))
    registry, lots = Registry(repository, actor="ann@example.org"), Random(1)
    for _ in range(VERSIONS_MAX):
        for number in range(12):
            (tmp_path / f"{number}.bin").write_bytes(lots.randbytes(20_000))
        backend.opened.clear()
        registry.register("net", tmp_path)
    records = [times for key, times in backend.opened.items() if layout.model_of_record(key) is not None]
    assert 0 < max(records) < 4  # to choose a version, to look whether it is the same, for all files
