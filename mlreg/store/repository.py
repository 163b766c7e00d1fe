"""Owns the repository: its format, its id, and the rooms in it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from mlreg.domain import events
from mlreg.domain.events import Draft
from mlreg.domain.names import unfolded
from mlreg.errors import ConflictError, IntegrityError, MissingError, MlregError, NotFoundError
from mlreg.lazy import LazyModule
from mlreg.ports import Backend, Cache
from mlreg.store import codec, layout
from mlreg.store.blobs import Blobs
from mlreg.store.config import TEMPLATE, Config, parse_config
from mlreg.store.history import History, Seen, Stamp

if TYPE_CHECKING:
    from mlreg.domain import listing
    from mlreg.store import cards, catalog, index, rankings, search
    from mlreg.store import origins as origins_
else:
    cards = LazyModule("mlreg.store.cards")
    search = LazyModule("mlreg.store.search")
    listing = LazyModule("mlreg.domain.listing")
    catalog = LazyModule("mlreg.store.catalog")
    index = LazyModule("mlreg.store.index")
    rankings = LazyModule("mlreg.store.rankings")
    origins_ = LazyModule("mlreg.store.origins")

REPOSITORY_FORMAT = 1
INDEXED_FROM = 16

_README = b"""\
This directory is a repository of machine-learning models, kept by mlreg.

    catalog/    what each version is: one YAML file each, written once
    history/    what happened to it: one JSON file each, written once, chained by digests
    blobs/      the files of the models, named by their SHA-256
    config.toml yours to edit
    cache/      can be deleted at any time
    tmp/        work in progress

Change nothing here by hand but config.toml: `mlreg verify` finds every byte that changed.
`mlreg list` shows what is in it. The format is described in docs/format.md of mlreg.
"""
_FILES = {
    layout.README: _README,
    layout.GITIGNORE: f"{layout.CACHE}/\n{layout.TMP}/\n{layout.BLOBS}/\n".encode(),
    layout.GITATTRIBUTES: b"* -text\n",
}


class Founding(NamedTuple):
    """What `init` made or found: the repository's id, and whether it is new."""

    id: str
    created: bool


class _Frozen:
    """A cache that is read only."""

    def __init__(self, cache: Cache) -> None:
        self.get = cache.get

    def put(self, key: str, data: bytes) -> None:
        """Keeps nothing."""


class Repository:
    """A `.mlreg`: `blobs`, `catalog` and `history` over one backend; `cache` for what can be derived again."""

    def __init__(self, backend: Backend, cache: Cache | None = None) -> None:
        self.backend = backend
        self._cache = cache
        self.blobs = Blobs(backend)
        self.history = History(backend, cache)

    def frozen(self) -> Repository:
        """Returns the same repository with a cache that is read and never written."""
        return Repository(self.backend, None if self._cache is None else _Frozen(self._cache))

    @cached_property
    def catalog(self) -> catalog.Catalog:
        """The records; what reads them is loaded when the first one is asked for."""
        return catalog.Catalog(self.backend, self._cache)

    @cached_property
    def cards(self) -> cards.Cards:
        """What the records say, as far as listings and searches look at it."""
        return cards.Cards(self.catalog, self._cache)

    @cached_property
    def search(self) -> search.Search:
        """What finds versions by their facts."""
        return search.Search(self.history, self.cards, self._cache)

    @cached_property
    def rankings(self) -> rankings.Rankings:
        """The leaderboards that were made before."""
        return rankings.Rankings(self._cache)

    def id(self) -> str:
        """Returns the id of the repository.

        Raises:
            NotFoundError: `init` has not come to its end here.
            MissingError: The format is newer than this mlreg.
            IntegrityError: The file that says so is damaged.
        """
        try:
            with self.backend.open(layout.FORMAT) as stream:
                return id_from_format(stream.read(4096))
        except (FileNotFoundError, NotADirectoryError):
            raise NotFoundError(
                "there is no complete repository here", hint="make or complete one with `mlreg init`"
            ) from None

    def check_founded(self) -> None:
        """Checks that there is a repository, whatever may be wrong with the file that says so.

        Raises:
            NotFoundError: `init` has not come to its end here.
            MissingError: The format is newer than this mlreg.
        """
        try:
            self.id()
        except NotFoundError:
            if not any(True for _ in self.backend.list(layout.events(layout.REPOSITORY))):
                raise
        except (IntegrityError, OSError):
            pass  # `verify` tells what is wrong with it

    def identity(self) -> str | None:
        """Returns the id; by the first event where `format` is damaged, None where that is damaged too."""
        try:
            return self.id()
        except (MlregError, OSError):
            with suppress(MlregError, OSError):
                return birth_of(self.history)["repository"]
        return None

    def config(self) -> Config:
        """Returns what `config.toml` says; the defaults where there is none.

        Raises:
            UsageError: It cannot be understood.
        """
        try:
            with self.backend.open(layout.CONFIG) as stream:
                return parse_config(stream.read())
        except FileNotFoundError:
            return Config()

    def overview(self) -> tuple[list[listing.Summary], dict[str, MlregError]]:
        """Returns what a listing says of each model, sorted by name, and by name what is wrong with the others.

        These are those whose history is damaged, or shorter than the cache has seen it.
        """
        models = self.history.models()
        if self._cache is not None and len(models) >= INDEXED_FROM:
            found, faults = index.Index(self.backend, self.history, self._cache).summaries(models)
        else:
            found, faults = self._read(models)
        in_order = sorted(found.values(), key=lambda summary: summary.name.lower())
        return in_order, {unfolded(model): fault for model, fault in faults.items()}

    def summaries(self) -> list[listing.Summary]:
        """Returns what a listing says of each model, sorted by name.

        Raises:
            IntegrityError: The history of a model is damaged, or shorter than the cache has seen it.
        """
        found, faults = self.overview()
        for fault in faults.values():
            raise fault
        return found

    def _read(self, models: Iterable[str]) -> tuple[dict[str, listing.Summary], dict[str, MlregError]]:
        found, faults = {}, dict[str, MlregError]()
        for model in models:
            try:
                state = self.history.state(model)
            except MlregError as error:
                faults[model] = error
            else:
                if state.head:
                    found[model] = listing.summary_of(state)
        return found, faults

    def origins(self) -> origins_.Origins:
        """Returns what tells where all versions come from.

        Raises:
            IntegrityError: A history or a record that has to be read is damaged.
        """
        return origins_.Origins(self.search.fold, self._cache, self.summaries())

    def seen(self, models: Iterable[str]) -> list[Seen]:
        """Returns the newest events that the cache has seen of `models`, folded names, and of what else it knows."""
        return [] if self._cache is None else index.seen(self._cache, models)

    def sharing(self) -> AbstractContextManager[None]:
        """Holds off the removal of bytes that no event refers to yet."""
        return self.backend.sharing()


def found(repository: Repository, stamp: Stamp) -> Founding:
    """Makes a repository, or completes one that a crash left half made, or finds it whole.

    The format file is written last: what lacks it is no repository yet.
    """
    foresee(repository, stamp)  # refuses what a newer mlreg has made
    backend, history = repository.backend, repository.history
    for key, content in {**_FILES, layout.CONFIG: TEMPLATE.encode()}.items():
        backend.create(key, [content])
    try:
        state = history.state(layout.REPOSITORY)
        if state.head == 0:
            history.append(state, layout.REPOSITORY, Draft(events.INITIALISED, _birth(backend, stamp)), stamp)
        history.settle(layout.REPOSITORY, state)
    except ConflictError:  # somebody else is making it at this moment: theirs counts
        pass
    repository_id = birth_of(history)["repository"]
    created = backend.create(layout.FORMAT, [format_bytes(repository_id)])
    return Founding(repository_id, created)


def foresee(repository: Repository, stamp: Stamp) -> Founding:
    """Tells what `found` would make or find, and writes nothing."""
    try:
        return Founding(repository.id(), created=False)
    except NotFoundError:
        return Founding(stamp.id, created=True)


def birth_of(history: History) -> dict[str, str]:
    """Returns what the first event of the repository states: its id and the digests of its fixed files.

    Raises:
        IntegrityError: The event is missing or damaged.
    """
    for event in history.events(layout.REPOSITORY):
        return {"repository": event.effects["repository"], **event.effects["files"]}
    key = layout.event(layout.REPOSITORY, 1)
    raise IntegrityError(f"{key} is missing", facts={"object": key}, code="event-missing")


def format_bytes(repository_id: str) -> bytes:
    """Returns the format file of a repository."""
    return f"mlreg {REPOSITORY_FORMAT}\n{repository_id}\n".encode()


def id_from_format(data: bytes) -> str:
    """Returns the id that the format file `data` names.

    Raises:
        MissingError: The format is newer than this mlreg.
        IntegrityError: It is not a format file.
    """
    word, _, rest = data.decode("utf-8", "replace").partition(" ")
    number, _, repository_id = rest.partition("\n")
    if word == "mlreg" and number.isascii() and number.isdigit() and int(number[:9]) > REPOSITORY_FORMAT:
        raise MissingError(
            f"this repository has format {number[:9]}, newer than this mlreg knows",
            hint="install the newest with `pip install -U mlreg`",
            code="newer-format",
        )
    if data != format_bytes(repository_id.strip()):
        raise IntegrityError(
            f"the file '{layout.FORMAT}' of the repository is damaged",
            hint=f"move it away and type `mlreg init`, which makes it out of `{layout.event(layout.REPOSITORY, 1)}`",
            facts={"object": layout.FORMAT},
            code="format-damaged",
        )
    return repository_id.strip()


def _birth(backend: Backend, stamp: Stamp) -> dict[str, object]:
    digests = {}
    for key in _FILES:
        with backend.open(key) as stream:
            digests[key] = codec.digest(stream.read())
    return {"repository": stamp.id, "files": digests}
