"""Owns the check of a repository: every byte that was written once is read again, everything wrong is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import filterfalse

from mlreg.answers.verified import Problem, Verified
from mlreg.bench import Bench
from mlreg.domain.events import Event
from mlreg.domain.lineage import faults, kin_of
from mlreg.domain.names import checked_model_name, folded
from mlreg.domain.record import FileEntry, ModelVersion
from mlreg.domain.state import ModelState
from mlreg.errors import IntegrityError, MlregError, NotFoundError
from mlreg.store import codec, layout
from mlreg.store.blobs import Progress, announce, no_progress
from mlreg.store.catalog import content_digest, facts_digest, version_from_record
from mlreg.store.history import Seen, check_chain, check_place, event_from_bytes, replay
from mlreg.store.repository import Repository, format_bytes

_UNCHECKED = (layout.CONFIG, layout.CACHE, layout.TMP, layout.OBSERVATIONS)
_GAP_MAX = 100
_MALFORMED = (AttributeError, KeyError, TypeError, ValueError)


@dataclass(slots=True)
class Findings:
    """What has been looked at so far, and what is wrong with it."""

    checked: Counter[str] = field(default_factory=lambda: Counter(models=0, events=0, records=0, blobs=0, bytes=0))
    problems: list[Problem] = field(default_factory=list)

    def add(self, code: str, key: str, message: str) -> None:
        """Notes a problem, once."""
        problem = Problem(code, key, message)
        if problem not in self.problems:
            self.problems.append(problem)


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
        self._policies: set[str] = set()
        self._kin: dict[str, list[str]] = {}
        self._registered: dict[str, str] = {}

    def everything(self) -> Findings:
        keys = [key for key in self._repository.backend.list("") if key.split("/", 1)[0] not in _UNCHECKED]
        histories: dict[str, list[str]] = {}
        for key in keys:
            model = layout.model_of_event(key)
            if model is not None and layout.number_of_event(key) is not None:
                histories.setdefault(model, []).append(key)
        self._birth(histories.pop(layout.REPOSITORY, []))
        for model, event_keys in histories.items():
            self._model(model, event_keys)
        recorded = {model for key in keys if (model := layout.model_of_record(key))}
        for model in sorted(recorded - histories.keys()):
            self._nothing_more(layout.event(model, 1))
        self._seen(self._repository.seen(recorded | histories.keys()))
        self._unreferenced(keys)
        self._referenced_blobs()
        self._lineage()
        return self._findings

    def only(self, model: str) -> Findings:
        self._format()
        keys = self._repository.backend.list(layout.events(model))
        self._model(model, [key for key in keys if layout.number_of_event(key) is not None])
        self._seen(seen for seen in self._repository.seen([folded(model)]) if seen.model == folded(model))
        self._referenced_blobs()
        return self._findings

    def _birth(self, event_keys: list[str]) -> None:
        key = layout.event(layout.REPOSITORY, 1)
        if not event_keys:
            self._findings.add("event-missing", key, "is missing")
        first = next((event for event in self._events(layout.REPOSITORY, event_keys) if event.number == 1), None)
        if first is None:
            self._format()
            return
        try:
            self._founding_files(first)
        except _MALFORMED:
            self._findings.add("event-damaged", key, "does not say how the repository was made")

    def _founding_files(self, first: Event) -> None:
        expected = {
            **first.effects["files"],
            layout.FORMAT: codec.digest(format_bytes(first.effects["repository"])),
        }
        for key, digest in expected.items():
            data = self._bytes(key)
            if data is not None and codec.digest(data) != digest:
                self._findings.add("file-damaged", key, "is not what it was when the repository was made")

    def _format(self) -> None:
        """Checks that the file that says what this is can be read: nothing but a check begins without it."""
        try:
            self._repository.id()
        except NotFoundError:
            self._findings.add("file-missing", layout.FORMAT, "is missing")
        except OSError as error:
            self._note(layout.FORMAT, error, "unreadable")
        except IntegrityError:
            self._findings.add("file-damaged", layout.FORMAT, "is not what it was when the repository was made")

    def _model(self, model: str, event_keys: list[str]) -> None:
        self._findings.checked["models"] += 1
        events = self._events(model, event_keys)
        dropped = _dropped(events)
        for event in events:
            if isinstance(policy := event.effects.get("policy"), str):
                self._policies.add(policy)
            if "record" in event.effects:
                try:
                    self._record(event, needs_bytes=event.version not in dropped)
                except _MALFORMED:
                    key = layout.event(event.model, event.number)
                    self._findings.add("event-damaged", key, "does not say what it has registered")

    def _events(self, model: str, event_keys: list[str]) -> list[Event]:
        state, previous, events = ModelState(spelling=model), None, []
        is_known = is_whole = True  # the event before; all events before
        for key in _without_gaps(model, event_keys):
            event = None
            try:
                event = self._event(key)
                if is_known:
                    check_chain(key, event, previous)
                if is_whole:
                    replay(state, event)
            except FileNotFoundError:
                self._findings.add("event-missing", key, "is missing")
                is_whole = False
            except (MlregError, OSError) as error:
                self._note(key, error, "event-damaged")
                is_whole = False
            events += [event] if event else []
            previous, is_known = event, event is not None
        self._nothing_more(layout.event(model, (layout.number_of_event(event_keys[-1]) or 0) + 1 if event_keys else 1))
        self._findings.checked["events"] += len(event_keys)
        return events

    def _event(self, key: str) -> Event:
        event = event_from_bytes(self._read(key), key)
        check_place(key, event)
        return event

    def _nothing_more(self, key: str) -> None:
        """Checks that nothing lies where the next event goes: a listing does not show an empty directory."""
        try:
            self._read(key)
        except FileNotFoundError:
            return
        except OSError as error:
            self._note(key, error, "unreadable")

    def _seen(self, events: Iterable[Seen]) -> None:
        """Checks that the events are there that the cache has seen: it is believed in nothing else."""
        for model, number, digest in events:
            key = layout.event(model, number)
            try:
                if self._event(key).digest != digest:
                    self._findings.add("chain-broken", key, "is another event than was here before")
            except FileNotFoundError:
                if key not in {problem.object for problem in self._findings.problems}:
                    self._findings.add("event-missing", key, "is missing and was here before")
            except (MlregError, OSError):
                continue  # it was noted on the way

    def _record(self, event: Event, *, needs_bytes: bool) -> None:
        key = layout.record(event.model, str(event.version), event.effects["record"])
        self._records.add(key)
        self._kin[f"{event.model}@{event.version}"] = []  # it is there, whatever its record looks like
        self._registered[f"{event.model}@{event.version}"] = key
        data = self._bytes(key, "record-missing")
        if data is None:
            return
        self._findings.checked["records"] += 1
        if codec.digest(data) != event.effects["record"]:
            self._findings.add("record-damaged", key, "is not what its name says")
            return
        try:
            self._facts(key, version_from_record(data, key), event, needs_bytes=needs_bytes)
        except MlregError as error:
            self._note(key, error, "record-damaged")

    def _facts(self, key: str, version: ModelVersion, event: Event, *, needs_bytes: bool) -> None:
        same = (version.name, str(version.version)) == (event.model, event.version)
        if (
            not same
            or content_digest(version) != event.effects.get("content")
            or facts_digest(version) != event.effects.get("facts")
        ):
            self._findings.add("record-mismatch", key, f"does not say what event {event.number} says of it")
        self._kin[f"{event.model}@{event.version}"] = kin_of(version.lineage)
        for entry in version.files if needs_bytes else ():
            known = self._blobs.setdefault(entry.digest, entry)
            if known.size_bytes != entry.size_bytes:
                self._findings.add("record-mismatch", key, f"gives {entry.path!a} another size than other records")

    def _lineage(self) -> None:
        """Checks that what versions come from is there, and that none comes from itself: `register` lets neither in."""
        for fault in faults(self._kin):
            self._findings.add(fault.code, self._registered[fault.ref], fault.message)

    def _referenced_blobs(self) -> None:
        sizes: dict[str, int | None] = dict.fromkeys(self._policies)
        sizes |= {digest: entry.size_bytes for digest, entry in self._blobs.items()}
        announce(self._progress, sum(size_bytes or 0 for size_bytes in sizes.values()))
        for digest, size_bytes in sorted(sizes.items()):
            try:
                self._blob(digest, size_bytes)
            except OSError as error:
                coded = layout.coded_blob(digest)
                is_coded = str(error.filename).endswith(coded)
                self._note(coded if is_coded else layout.blob(digest), error, "unreadable")
            except (ValueError, MlregError) as error:
                self._note(_blob_key(digest), error, "blob-damaged")

    def _blob(self, digest: str, size_bytes: int | None) -> None:
        self._findings.checked["blobs"] += 1
        key = layout.blob(digest)
        blobs = self._repository.blobs
        stored = blobs.stored(digest)
        if stored is None:
            self._findings.add("blob-missing", key, "is not here: its bytes were never fetched, or are lost")
        elif size_bytes is not None and stored.size_bytes != size_bytes:
            self._findings.add("blob-damaged", key, f"has {stored.size_bytes} bytes instead of {size_bytes}")
        elif self._hashes:
            for chunk in blobs.read_all_forms(digest, self._progress):
                self._findings.checked["bytes"] += len(chunk)
        else:
            blobs.check(digest)
            for base in filterfalse(blobs.has, stored.bases):
                self._findings.add("blob-missing", layout.blob(base), f"is not here, and {key} is stored against it")

    def _unreferenced(self, keys: Iterable[str]) -> None:
        """Checks what no event refers to: left by a crash it is harmless, but it must be what its name says."""
        fixed = {layout.README, layout.FORMAT, layout.GITIGNORE, layout.GITATTRIBUTES}
        for key in keys:
            blob = layout.digest_of_blob(key)
            if blob is not None:
                if blob not in self._blobs and blob not in self._policies:
                    self._stray_blob(key, blob)
            elif layout.model_of_record(key) is not None:
                if key not in self._records:
                    self._stray_record(key)
            elif layout.number_of_event(key) is None and key not in fixed:
                self._findings.add("stray-file", key, "is no file of a repository")

    def _stray_blob(self, key: str, digest: str) -> None:
        try:
            self._blob(digest, None)
        except (MlregError, OSError) as error:
            self._note(key, error, "blob-damaged")

    def _stray_record(self, key: str) -> None:
        data = self._bytes(key)
        if data is None:
            return
        try:
            version = version_from_record(data, key)
        except MlregError as error:
            self._note(key, error, "record-damaged")
        else:
            if layout.record(version.name, str(version.version), codec.digest(data)) != key:
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


def _dropped(events: Iterable[Event]) -> set[str | None]:
    """Returns the versions whose bytes were dropped: that these are not here is meant."""
    last = {event.version: event.effects["dropped"] for event in events if "dropped" in event.effects}
    return {version for version, drop in last.items() if drop is not None}


def _without_gaps(model: str, event_keys: Iterable[str]) -> Iterator[str]:
    """Yields `event_keys`, and between them the keys that are missing: those of a wide gap only to begin with."""
    last = 0
    for key in event_keys:
        number = layout.number_of_event(key) or 0
        yield from (layout.event(model, missing) for missing in range(last + 1, min(number, last + _GAP_MAX)))
        yield key
        last = number


def _blob_key(digest: str) -> str:
    try:
        return layout.blob(digest)
    except ValueError:
        return digest
