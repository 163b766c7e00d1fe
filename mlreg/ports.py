"""Owns what is asked of the outside world: one Protocol for each kind of adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

Bytes = bytes | bytearray | memoryview


class Backend(Protocol):
    """Keeps bytes under keys: `/`-separated relative paths such as `blobs/sha256/58/5891…`.

    Bytes under a key never change once they are there. Five verbs stream; `mark` and `folders` look without reading;
    `sharing` guards against a concurrent removal of what nothing refers to yet.
    """

    def open(self, key: str) -> BinaryIO:
        """Opens the bytes under `key` for reading; the stream is seekable.

        Raises:
            FileNotFoundError: Nothing is kept under `key`.
            OSError: The backend could not read.
        """
        ...

    def create(self, key: str | Callable[[], str], chunks: Iterable[Bytes]) -> bool:
        """Keeps `chunks` under `key` unless something is there, and returns whether it did.

        A `key` that is only known when `chunks` have passed is a function, called then.

        All or nothing: a reader, or a crash at any moment, never sees a part. On return the bytes *and the name*
        survive a loss of power, also where another process had made them: so `create` is what one calls for
        everything that one is about to rely on. `chunks` is not consumed where `key` is found at once.

        Raises:
            OSError: The backend could not write; nothing was added, or (only after a failing last step) all of it
                was: the caller reads again to know.
        """
        ...

    def replace(self, key: str, chunks: Iterable[Bytes]) -> None:
        """Keeps `chunks` under `key` in place of what is there: another form of the same, or the same mended.

        All or nothing, as `create`; who has the old one open goes on reading it.

        Raises:
            OSError: The backend could not write.
        """
        ...

    def link(self, key: str, path: str) -> bool:
        """Makes `path` a read-only name of the file under `key`, where there is one and that can be done.

        Raises:
            FileExistsError: Something is at `path`.
        """
        ...

    def clone(self, key: str, file: int) -> bool:
        """Lets the open file `file` share the bytes under `key` until either is written to, where that can be done."""
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """Yields every key below the directory `prefix` (`""` for all), sorted; nothing where there is none."""
        ...

    def folders(self, prefix: str) -> Iterator[str]:
        """Yields the names of the directories directly in the directory `prefix`, sorted.

        A directory may have nothing in it: what made it may have been killed, or is about to fill it.
        """
        ...

    def mark(self, key: str) -> str | None:
        """Returns a mark of what lies under `key`, or None where nothing does.

        As long as it is the same, so are the bytes. The same bytes may have another one: copied, or just written.

        Raises:
            OSError: The backend could not look.
        """
        ...

    def delete(self, key: str) -> None:
        """Removes `key`; nothing happens where it is not there.

        Raises:
            OSError: The backend could not write.
        """
        ...

    def settle(self, prefix: str) -> None:
        """Makes what was added and removed below `prefix` stay so: whoever did it may have been killed before.

        Raises:
            OSError: The backend could not write.
        """
        ...

    def together(self) -> AbstractContextManager[None]:
        """Lets much be added at less cost: names survive a loss of power once it has come to its end, not before.

        What is removed inside goes when all that was added before it is safe. One thread does all of it.
        """
        ...

    def removing(self) -> AbstractContextManager[bool]:
        """Holds off whoever adds (`sharing`) while bytes are removed; False at once where one is adding now.

        It dies with the process.
        """
        ...

    def sharing(self) -> AbstractContextManager[None]:
        """Holds off removal (gc) while bytes are being added that no event refers to yet.

        It dies with the process, blocks no other writer, and readers do not ask for it.
        """
        ...


class Cache(Protocol):
    """Keeps what can be derived again; losing any of it at any time loses nothing. Never raises."""

    def get(self, key: str) -> bytes | None:
        """Returns what was put under `key`, or None where nothing is, or it cannot be read."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Keeps `data` under `key`, in place of what was there, if that is possible: all of it or nothing."""
        ...


class Framework(Protocol):
    """Turns the models of one framework into files and back.

    A module of `mlreg.adapters.frameworks` is one. Importing it imports nothing of the framework; that happens when a
    model is saved or loaded, and a package that is not installed is a `ModuleNotFoundError` then.
    """

    @property
    def NAMES(self) -> Sequence[str]:
        """What people call the framework; the first is how records spell it."""
        ...

    @property
    def DISTRIBUTIONS(self) -> Mapping[str, str]:
        """The distribution that has each of the packages which every model of it needs."""
        ...

    @property
    def FORMATS(self) -> Sequence[str]:
        """The formats that it loads, as `mlreg.domain.formats` calls them."""
        ...

    @property
    def OPTIONS(self) -> Sequence[str]:
        """What `load` can be told besides the files."""
        ...

    def detects(self, model: object) -> bool:
        """Whether `model` is one of this framework; the generic one, asked last, takes what can be a model at all."""
        ...

    def takes(self, model: object) -> bool:
        """Whether it can save `model` where somebody asks for it by name."""
        ...

    def framework(self, model: object) -> str | None:
        """Returns what a record calls the framework of `model`, or None where there is nothing to call it."""
        ...

    def distributions(self, model: object | None = None) -> Sequence[str]:
        """Returns the distributions that models of the framework need, and `model` where it is given."""
        ...

    def feature_count(self, model: object) -> int | None:
        """Returns how many features `model` says that it takes, or None where it does not say."""
        ...

    def feature_names(self, model: object) -> Sequence[str] | None:
        """Returns the features that `model` says it was trained on, in order, or None where it does not say."""
        ...

    def save(self, model: object, directory: Path, stem: str) -> Sequence[Path]:
        """Writes `model` below `directory`, names beginning with `stem`, and returns the files, or one directory.

        The same object gives the same bytes, wherever and whenever it is saved.

        Raises:
            UsageError: It cannot be saved.
        """
        ...

    def load(self, files: Mapping[str, BinaryIO], **options: Any) -> Any:
        """Returns the model that the streams `files` hold, each under its name. **It may run code of theirs.**

        It reads nothing but these streams, and never tries a weaker way where one has failed.

        Args:
            options: Some of `OPTIONS`: `device`, where its numbers shall lie; `into`, the object that they shall be put
                into; `trusted`, the classes (`package.module.Class`) beyond its own that it may make.

        Raises:
            UsageError: They hold no model that can be loaded.
            NotAllowedError: They need a class that is not among the `trusted`.
        """
        ...
