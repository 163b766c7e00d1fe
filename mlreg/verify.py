"""Owns the check of a repository: every byte that was written once is read again, everything wrong is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from mlreg.answers.verified import Problem, Verified
from mlreg.bench import Bench
from mlreg.domain.events import Event
from mlreg.domain.names import checked_model_name, folded
from mlreg.domain.record import FileEntry, ModelVersion
from mlreg.domain.state import ModelState
from mlreg.errors import IntegrityError, MlregError
from mlreg.store import codec, layout
from mlreg.store.blobs import Progress, no_progress
from mlreg.store.catalog import content_digest, facts_digest, version_from_record
from mlreg.store.history import check_link, event_from_bytes, replay
from mlreg.store.repository import Repository, format_bytes

_UNCHECKED = (layout.CONFIG, layout.CACHE, layout.TMP, layout.OBSERVATIONS)


@dataclass(slots=True)
class Findings:
    """What has been looked at so far, and what is wrong with it."""

    checked: Counter[str] = field(default_factory=lambda: Counter(models=0, events=0, records=0, blobs=0, bytes=0))
    problems: list[Problem] = field(default_factory=list)

    def add(self, code: str, key: str, message: str) -> None:
        """Notes a problem."""
        self.problems.append(Problem(code, key, message))


def verify(bench: Bench, name: str | None, progress: Progress = no_progress) -> Verified:
    """Reads everything again, or all of the model `name`, and tells what is not as it was written."""
    return _verified(bench, name, _Check(bench.repository, progress, hashes=True))


def verify_quickly(bench: Bench, name: str | None, progress: Progress = no_progress) -> Verified:
    """Tells what can be told without hashing blobs: only their sizes are looked at."""
    return _verified(bench, name, _Check(bench.repository, progress, hashes=False))


def _verified(bench: Bench, name: str | None, check: _Check) -> Verified:
    if name is None:
        findings = check.everything()
    else:
        if folded(checked_model_name(name)) not in bench.repository.history.models():
            bench.state(name)
        findings = check.only(name)
    return Verified(checked=dict(findings.checked), problems=findings.problems)


class _Check:
    """One walk over a repository."""

    def __init__(self, repository: Repository, progress: Progress, *, hashes: bool) -> None:
        self._repository = repository
        self._progress = progress
        self._hashes = hashes
        self._findings = Findings()
        self._records: set[str] = set()
        self._blobs: dict[str, FileEntry] = {}

    def everything(self) -> Findings:
        keys = [key for key in self._repository.backend.list("") if key.split("/", 1)[0] not in _UNCHECKED]
        histories: dict[str, list[str]] = {}
        for key in keys:
            model = layout.model_of_event(key)
            if model is not None and layout.number_of_event(key) is not None:
                histories.setdefault(model, []).append(key)
        self._birth(histories.pop(layout.REPOSITORY, []), set(keys))
        for model, event_keys in histories.items():
            self._model(model, event_keys)
        self._unreferenced(keys)
        self._referenced_blobs()
        return self._findings

    def only(self, model: str) -> Findings:
        keys = self._repository.backend.list(layout.events(model))
        self._model(model, [key for key in keys if layout.number_of_event(key) is not None])
        self._referenced_blobs()
        return self._findings

    def _birth(self, event_keys: list[str], keys: set[str]) -> None:
        state = self._events(layout.REPOSITORY, event_keys)
        first = state[0] if state else None
        if first is None:
            if not event_keys:
                self._findings.add("event-missing", layout.event(layout.REPOSITORY, 1), "is missing")
            return
        expected = {
            **first.effects["files"],
            layout.FORMAT: codec.digest(format_bytes(first.effects["repository"])),
        }
        for key, digest in expected.items():
            data = self._bytes(key)
            if data is not None and codec.digest(data) != digest:
                self._findings.add("file-damaged", key, "is not what it was when the repository was made")

    def _model(self, model: str, event_keys: list[str]) -> None:
        self._findings.checked["models"] += 1
        for event in self._events(model, event_keys):
            if "record" in event.effects:
                self._record(event)

    def _events(self, model: str, event_keys: list[str]) -> list[Event]:
        state, previous, is_whole, events = ModelState(spelling=model), None, True, []
        for number, key in enumerate(event_keys, 1):
            try:
                event = event_from_bytes(self._read(key), key)
                events.append(event)
                if number == 1 or previous is not None:
                    check_link(key, event, previous)
                if is_whole:
                    replay(state, event)
                previous = event
            except (MlregError, OSError) as error:
                self._note(key, error, "event-damaged")
                previous, is_whole = self._after(key), False
            self._findings.checked["events"] += 1
        return events

    def _after(self, key: str) -> Event | None:
        """Returns the event at `key`, if it is one, to hold the next against; None after one that is damaged."""
        try:
            return event_from_bytes(self._read(key), key)
        except (MlregError, OSError):
            return None

    def _record(self, event: Event) -> None:
        key = layout.record(event.model, str(event.version), event.effects["record"])
        self._records.add(key)
        data = self._bytes(key, "record-missing")
        if data is None:
            return
        self._findings.checked["records"] += 1
        if codec.digest(data) != event.effects["record"]:
            self._findings.add("record-damaged", key, "is not what its name says")
            return
        try:
            self._facts(key, version_from_record(data, key), event)
        except MlregError as error:
            self._note(key, error, "record-damaged")

    def _facts(self, key: str, version: ModelVersion, event: Event) -> None:
        same = (version.name, str(version.version)) == (event.model, event.version)
        if (
            not same
            or content_digest(version) != event.effects["content"]
            or facts_digest(version) != event.effects["facts"]
        ):
            self._findings.add("record-mismatch", key, f"does not say what event {event.number} says of it")
        for entry in version.files:
            known = self._blobs.setdefault(entry.digest, entry)
            if known.size_bytes != entry.size_bytes:
                self._findings.add("record-mismatch", key, f"gives {entry.path!a} another size than other records")

    def _referenced_blobs(self) -> None:
        for digest, entry in sorted(self._blobs.items()):
            try:
                self._blob(digest, entry.size_bytes)
            except (ValueError, MlregError, OSError) as error:
                self._note(_blob_key(digest), error, "blob-damaged")

    def _blob(self, digest: str, size_bytes: int | None) -> None:
        self._findings.checked["blobs"] += 1
        key = layout.blob(digest)
        actual = self._repository.blobs.size_bytes(digest)
        if actual is None:
            self._findings.add("blob-missing", key, "is not here: its bytes were never fetched, or are lost")
        elif size_bytes is not None and actual != size_bytes:
            self._findings.add("blob-damaged", key, f"has {actual} bytes instead of {size_bytes}")
        elif self._hashes:
            for chunk in self._repository.blobs.read(digest, self._progress):
                self._findings.checked["bytes"] += len(chunk)

    def _unreferenced(self, keys: Iterable[str]) -> None:
        """Checks what no event refers to: left by a crash it is harmless, but it must be what its name says."""
        fixed = {layout.README, layout.FORMAT, layout.GITIGNORE, layout.GITATTRIBUTES}
        for key in keys:
            blob, record = layout.digest_of_blob(key), layout.digest_of_record(key)
            if blob is not None:
                if blob not in self._blobs:
                    self._stray_blob(key, blob)
            elif record is not None:
                if key not in self._records:
                    self._stray_record(key, record)
            elif layout.number_of_event(key) is None and key not in fixed:
                self._findings.add("stray-file", key, "is no file of a repository")

    def _stray_blob(self, key: str, digest: str) -> None:
        try:
            self._blob(digest, None)
        except (MlregError, OSError) as error:
            self._note(key, error, "blob-damaged")

    def _stray_record(self, key: str, start: str) -> None:
        data = self._bytes(key)
        if data is not None and not codec.digest(data).startswith(start):
            self._findings.add("record-damaged", key, "is not what its name says")

    def _read(self, key: str) -> bytes:
        with self._repository.backend.open(key) as stream:
            return stream.read()

    def _bytes(self, key: str, missing: str = "file-missing") -> bytes | None:
        try:
            return self._read(key)
        except FileNotFoundError:
            self._findings.add(missing, key, "is missing")
        except OSError as error:
            self._note(key, error, "unreadable")
        return None

    def _note(self, key: str, error: Exception, code: str) -> None:
        if isinstance(error, OSError):
            self._findings.add("unreadable", key, f"cannot be read: {(error.strerror or str(error)).lower()}")
        elif isinstance(error, IntegrityError):
            named = str(error.facts.get("object", key))
            own = error.stable_code if error.stable_code != "integrity" else code
            self._findings.add(own, named, error.message.removeprefix(f"{named} "))
        else:
            self._findings.add(code, key, str(error))


def _blob_key(digest: str) -> str:
    try:
        return layout.blob(digest)
    except ValueError:
        return digest
