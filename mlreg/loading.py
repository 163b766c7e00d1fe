"""Owns the way back to Python objects: the bytes of a version, verified while they are read, and what they hold.

What is checked is what is used: a file is copied out of the repository and hashed on the way, the scan looks at that
copy, which nobody else can open, and the object is made of it. Nothing is looked up by a path between the check and the
use. A file that the scan does not allow comes to no loader, unless its own classes are trusted.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from mlreg import objects
from mlreg.adapters.frameworks._foreign import Bytes
from mlreg.adapters.surroundings import environment
from mlreg.bench import Bench
from mlreg.domain import formats
from mlreg.domain.decide import check_kept
from mlreg.domain.names import quoted
from mlreg.domain.record import FileEntry, ModelVersion
from mlreg.domain.refs import LATEST
from mlreg.domain.roles import PICKLES, companions, model_files, which_model
from mlreg.errors import MlregError, NotAllowedError, UsageError
from mlreg.lazy import LazyModule
from mlreg.resolve import Found, find_used, joined_ref
from mlreg.scanning import Finding, Report, scan_stream, settled
from mlreg.scanning.codes import ALLOWED, NEEDS_TRUST, REFUSED
from mlreg.scanning.formats import UNKNOWN
from mlreg.store import codec
from mlreg.store.blobs import Blobs, Progress
from mlreg.vouching import trusted_of

if TYPE_CHECKING:
    import tempfile
else:
    tempfile = LazyModule("tempfile")

IN_MEMORY_MAX_BYTES = 64 << 20
Trust = bool | Collection[str]
_DETAILS_MAX = 5
_SCAN_BYTES_PER_S: Final = 1_000_000  # loading millions of small objects takes as long as looking at them
_DIRECTORIES: Final = ("onnx", "transformers", "saved-model")  # formats of which several files make one model
_SOURCE: Final = "MLR317"  # no adapter runs it
_UNKNOWN_FORMAT: Final = "MLR331"  # no pickle, and left for its adapter to understand or not: see `_checked`


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
        notes: What was assumed on the way to the version, and what is different here from where it was registered.
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


def load_model(
    bench: Bench, name: str, version: str | None, *, trust: Trust, options: Mapping[str, Any], progress: Progress
) -> Any:
    """Returns the model of the version that `name` and `version` mean, and warns of what was assumed or is different.

    Args:
        trust: The classes that may be built beyond those that mlreg knows and those that the history trusts for this
            version; True for all of its own. What is refused stays refused.
        options: What the adapter is told beside: `device`, `into`.

    Raises:
        NotAllowedError: It needs trust that nobody has given, or would run what no model needs.
        UsageError: It cannot be loaded.
    """
    found = find_used(bench, joined_ref(name, version, bench.stages))
    loader = _loader(bench, found, trust, progress)
    model = loader.model(options)
    for note in (
        "; ".join(found.notes) if found.by == LATEST and "@" not in name and version is None else "",
        loader.difference(),
    ):
        if note:
            warnings.warn(note, stacklevel=3)
    return model


def load_with_companions(
    bench: Bench, name: str, version: str | None, *, trust: Trust, options: Mapping[str, Any], progress: Progress
) -> Loaded:
    """Returns the model of the version that `name` and `version` mean, its companions and its facts.

    Raises:
        MlregError: As `load_model` does.
    """
    found = find_used(bench, joined_ref(name, version, bench.stages))
    loader = _loader(bench, found, trust, progress)
    beside = {
        role: {file.path: loader.value(file) for file in files}
        for role, files in companions(loader.record.files).items()
    }
    return Loaded(
        model=loader.model(options),
        companions={role: next(iter(of.values())) if len(of) == 1 else of for role, of in beside.items()},
        name=found.name,
        version=found.version,
        digest=found.standing.record,
        record=loader.record,
        notes=[*found.notes, *filter(None, [loader.difference()])],
    )


@dataclass(frozen=True, slots=True)
class _Loader:
    """Makes objects of the files of one version.

    Attributes:
        trusted: The classes that may be built beyond those that mlreg knows.
        takes_own: Whether all classes of its own may be built, for this once.
    """

    blobs: Blobs
    found: Found
    record: ModelVersion
    trusted: frozenset[str]
    takes_own: bool
    progress: Progress

    def model(self, options: Mapping[str, Any]) -> Any:
        """Returns the model."""
        entries = model_files(self.record.files, f"{self.found.name} {self.found.version}")
        return self._loaded(entries, options)

    def value(self, entry: FileEntry) -> Any:
        """Returns what a companion is."""
        name = entry.path.lower()
        if name.endswith(PICKLES):
            return self._loaded([entry], {})
        data = b"".join(self.blobs.read(entry.digest, self.progress))
        return codec.parse_json(data, name=entry.path) if name.endswith(".json") else data

    def difference(self) -> str:
        """Returns in one line what is so different here that predictions may be, empty where nothing is."""
        pairs = list(_differences(self.record))
        was, here = (" and ".join(pair[index] for pair in pairs) for index in (0, 1))
        subject = f"{self.found.name} {self.found.version}"
        return f"{subject} was registered with {was}; here it is loaded with {here}" if pairs else ""

    def _loaded(self, entries: Sequence[FileEntry], options: Mapping[str, Any]) -> Any:
        pins = self.record.captured.get("environment", {}).get("packages", ())
        with ExitStack() as held:
            opened = {entry.path: held.enter_context(_verified(self.blobs, entry, self.progress)) for entry in entries}
            files = _of_the_model(opened)
            if not files:
                raise which_model(entries, f"{self.found.name} {self.found.version}")
            trusted = self._checked(files)
            return objects.load(files, framework=self.record.framework, pins=pins, trusted=trusted, **options)

    def _checked(self, files: Mapping[str, BinaryIO]) -> frozenset[str]:
        """Returns what is trusted, once nothing else is needed by any of `files`; all stand at their beginning."""
        trusted, reports = self.trusted, []
        for path, stream in files.items():
            report = self._scanned(stream, path, trusted)
            while self.takes_own and not trusted.issuperset(report.to_trust):
                trusted |= {*report.to_trust}
                report = self._scanned(stream, path, trusted)
            reports.append(report)
        for report, stream in zip(settled(reports), files.values(), strict=True):
            is_seen_otherwise = report.format == UNKNOWN and formats.identify(Bytes(stream)) is not None
            stream.seek(0)
            left = {_SOURCE} if is_seen_otherwise else {_SOURCE, _UNKNOWN_FORMAT}
            bad = [one for one in report.findings if one.verdict != ALLOWED and one.code not in left]
            if bad:
                raise self._refusal(report, bad)
        return trusted

    @staticmethod
    def _scanned(stream: BinaryIO, path: str, trusted: frozenset[str]) -> Report:
        return scan_stream(stream, path, trusted=trusted, bytes_per_s=_SCAN_BYTES_PER_S)

    def _refusal(self, report: Report, bad: Sequence[Finding]) -> MlregError:
        version, actor = f"{self.found.name} {self.found.version}", self.found.standing.registered.actor
        reference = f"{self.found.name}@{self.found.version}"
        facts = {
            "model": self.found.name,
            "version": self.found.version,
            "file": report.path,
            "verdict": report.verdict,
            "reasons": [one.document() for one in bad],
            "registered_by": actor,
        }
        details = [f"{one.code}  {one.message}" for one in bad[:_DETAILS_MAX]]
        if report.verdict == REFUSED:
            return NotAllowedError(
                f"loading {version} would run what no model needs: see {quoted(report.path)}",
                hint=f"look closer with `mlreg scan {reference}`; `checkout` takes the files and runs nothing",
                facts=facts,
                code="refused",
                details=details,
            )
        if report.verdict == NEEDS_TRUST:
            words = "".join(f" --global {name}" for name in report.to_trust)
            command = f"`mlreg trust add {reference}{words}`" if words else f"`mlreg scan {reference}`"
            return NotAllowedError(
                f"loading {version} builds what mlreg does not know: {', '.join(report.to_trust) or 'programs'}",
                hint=f"if you trust {actor}, who registered it: {command}",
                facts=facts,
                code="needs-trust",
                details=[] if words else details,
            )
        return UsageError(
            f"{report.path} cannot be loaded: {bad[0].message}",
            hint=f"look closer with `mlreg scan {reference}`, or take its bytes with `checkout`",
            facts=facts,
            code="not-loaded",
        )


def _loader(bench: Bench, found: Found, trust: Trust, progress: Progress) -> _Loader:
    check_kept(found.state, found.standing)
    given = {trust} if isinstance(trust, str) else trust if isinstance(trust, Collection) else ()
    return _Loader(
        blobs=bench.repository.blobs,
        found=found,
        record=bench.record(found.state, found.standing),
        trusted=frozenset([*trusted_of(bench, found.state, found.standing), *given]),
        takes_own=trust is True,
        progress=progress,
    )


def _of_the_model(files: Mapping[str, BinaryIO]) -> Mapping[str, BinaryIO]:
    """Returns those of `files` that the model is made of; a README beside it is not. None where nothing tells."""
    if len(files) == 1:
        return files
    sources = {path: Bytes(stream) for path, stream in files.items()}
    found = formats.recognise(sources)
    if found is None or found.format in _DIRECTORIES:
        return files if found else {}
    return {path: stream for path, stream in files.items() if formats.identify(sources[path])}


def _differences(record: ModelVersion) -> Iterator[tuple[str, str]]:
    """Yields what was there when a version was registered and what is here instead, where that may matter.

    That is another minor version of Python for pickles, and another major one of a package that its framework needs.
    """
    known = record.captured.get("environment", {})
    then, now = str(known.get("python_version", "")), environment.capture()["python_version"]
    is_pickle = any(entry.path.lower().endswith(PICKLES) for entry in record.files)
    if is_pickle and then and then.split(".")[:2] != now.split(".")[:2]:
        yield f"Python {then}", f"Python {now}"
    adapter = objects.adapter_of(record.framework)
    for name in adapter.DISTRIBUTIONS.values() if adapter else ():
        was = environment.pin_of(name, known.get("packages", ()))
        here = environment.pin_of(name, environment.installed([name])) if was else None
        if was and here and _major(was) != _major(here):
            yield was.replace("==", " "), here.replace("==", " ")


def _major(pin: str) -> list[str]:
    """Returns the part of a version that changes where much does: the first number, and after a 0 the second too."""
    numbers = pin.partition("==")[2].split(".")
    return numbers[: 2 if numbers[0] == "0" else 1]


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
