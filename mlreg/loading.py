"""Owns the way back to Python objects: the bytes of a version, verified while they are read, and what they hold.

What is checked is what is used: a file is copied out of the repository, hashed on the way, and the object is made of
that copy, which nobody else can open. Nothing is looked up by a path between the check and the use.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from mlreg import objects
from mlreg.bench import Bench
from mlreg.domain.decide import check_kept
from mlreg.domain.names import quoted
from mlreg.domain.record import FileEntry, ModelVersion
from mlreg.domain.refs import LATEST
from mlreg.domain.roles import PICKLES, companions, model_file
from mlreg.errors import NotAllowedError
from mlreg.lazy import LazyModule
from mlreg.resolve import Found, find_used, joined_ref
from mlreg.store import codec
from mlreg.store.blobs import Blobs, Progress

if TYPE_CHECKING:
    import tempfile
else:
    tempfile = LazyModule("tempfile")

IN_MEMORY_MAX_BYTES = 64 << 20


@dataclass(frozen=True, kw_only=True, eq=False)
class Loaded:
    """A version in memory.

    Attributes:
        model: The model.
        companions: What was registered with it, by role: an object where it was a pickle, the values of a JSON file,
            else the bytes; of several files of one role a mapping from their paths.
        name: The name of the model.
        version: The version.
        digest: The digest of the record: with it, a prediction says for good where it came from.
        record: The facts of the version: metrics, parameters, features and all the rest.
        notes: What was assumed on the way to the version.
    """

    model: Any
    companions: Mapping[str, Any]
    name: str
    version: str
    digest: str
    record: ModelVersion
    notes: Sequence[str] = ()

    @property
    def reference(self) -> str:
        """The version as one writes it: `NAME@VERSION`."""
        return f"{self.name}@{self.version}"


def load_model(bench: Bench, name: str, version: str | None, *, trust: bool, progress: Progress) -> Any:
    """Returns the model of the version that `name` and `version` mean, and warns where the version was assumed.

    Raises:
        NotAllowedError: `trust` is not True.
    """
    found = find_used(bench, joined_ref(name, version, bench.stages))
    check_kept(found.state, found.standing)
    record, entry = _trusted(bench, found, trust=trust)
    if found.by == LATEST and "@" not in name and version is None:
        warnings.warn("; ".join(found.notes), stacklevel=3)
    return _unpickled(bench.repository.blobs, record, entry, progress)


def load_with_companions(bench: Bench, name: str, version: str | None, *, trust: bool, progress: Progress) -> Loaded:
    """Returns the model of the version that `name` and `version` mean, its companions and its facts.

    Raises:
        NotAllowedError: `trust` is not True.
    """
    found = find_used(bench, joined_ref(name, version, bench.stages))
    check_kept(found.state, found.standing)
    record, entry = _trusted(bench, found, trust=trust)
    blobs = bench.repository.blobs
    beside = {
        role: {file.path: _value(blobs, record, file, progress) for file in files}
        for role, files in companions(record.files).items()
    }
    return Loaded(
        model=_unpickled(blobs, record, entry, progress),
        companions={role: next(iter(of.values())) if len(of) == 1 else of for role, of in beside.items()},
        name=found.name,
        version=found.version,
        digest=found.standing.record,
        record=record,
        notes=found.notes,
    )


def _trusted(bench: Bench, found: Found, *, trust: bool) -> tuple[ModelVersion, FileEntry]:
    """Returns the record of a version and the file that is its model, where the caller trusts it."""
    record = bench.record(found.state, found.standing)
    entry = model_file(record.files, f"{found.name} {found.version}")
    if trust is not True:
        raise NotAllowedError(
            f"loading {found.name} {found.version} runs code: {quoted(entry.path)} is a pickle",
            hint=f"if you trust {found.standing.registered.actor}, who registered it, say `trust=True`; "
            "`checkout` takes the files and runs nothing",
            facts={
                "model": found.name,
                "version": found.version,
                "file": entry.path,
                "registered_by": found.standing.registered.actor,
            },
            code="needs-trust",
        )
    return record, entry


def _value(blobs: Blobs, record: ModelVersion, entry: FileEntry, progress: Progress) -> Any:
    name = entry.path.lower()
    if name.endswith(PICKLES):
        return _unpickled(blobs, record, entry, progress)
    data = b"".join(blobs.read(entry.digest, progress))
    return codec.parse_json(data, name=entry.path) if name.endswith(".json") else data


def _unpickled(blobs: Blobs, record: ModelVersion, entry: FileEntry, progress: Progress) -> Any:
    pins = record.captured.get("environment", {}).get("packages", ())
    with _verified(blobs, entry, progress) as stream:
        return objects.load({entry.path: stream}, framework=record.framework, pins=pins)


@contextmanager
def _verified(blobs: Blobs, entry: FileEntry, progress: Progress) -> Iterator[BinaryIO]:
    """Yields the bytes of a file once all of them were found to be what their name says.

    A large file waits on the disk, in a file without a name, so that memory holds the object alone.
    """
    with ExitStack() as held:
        is_small = entry.size_bytes <= IN_MEMORY_MAX_BYTES
        copy = cast("BinaryIO", held.enter_context(io.BytesIO() if is_small else tempfile.TemporaryFile()))
        for chunk in blobs.read(entry.digest, progress):
            copy.write(chunk)
        copy.seek(0)
        yield copy
