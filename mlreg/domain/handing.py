"""Owns what is handed to others: versions with all their facts, and the files of a layout that hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mlreg.domain.record import FileEntry, ModelVersion
from mlreg.domain.roles import MODEL, PICKLES
from mlreg.domain.state import Standing

if TYPE_CHECKING:
    from mlreg.domain.approvals import Approval


class Handed(NamedTuple):
    """A version that is handed on: as it stands, with its record; `deployed_at` is when it last came to the top.

    `approvals` are what people say of it that counts, where the form asks for that.
    """

    standing: Standing
    record: ModelVersion
    deployed_at: str | None
    score: float | None = None
    approvals: Sequence[Approval] = ()

    @property
    def version(self) -> str:
        """The version as text."""
        return str(self.standing.version)

    @property
    def ref(self) -> str:
        """The version as a reference."""
        return f"{self.record.name}@{self.version}"


class Stock(NamedTuple):
    """All that is handed on: by model its versions, the greatest first; the stages that are held, by reference.

    `settings` are those of the repository that a layout has a place for, `serving` what a copy of a model gets where a
    version does not say it itself; `views` are texts about all of it, by name.
    """

    repository: str
    top: str
    models: Mapping[str, Sequence[Handed]]
    held: Mapping[str, Mapping[str, str]]
    settings: Mapping[str, Any]
    serving: Mapping[str, Any]
    views: Mapping[str, str]


class Tree(NamedTuple):
    """The files of a layout by their paths: those with the bytes of a model, and texts about them."""

    blobs: Mapping[str, FileEntry]
    texts: Mapping[str, str]


def main_file(record: ModelVersion) -> FileEntry | None:
    """Returns the file that is the model, or None where several may be."""
    unnamed = [entry for entry in record.files if entry.role is None]
    pickles = [entry for entry in unnamed if entry.path.lower().endswith(PICKLES)]
    choices = ([entry for entry in record.files if entry.role == MODEL], unnamed, pickles)
    return next((entries[0] for entries in choices if len(entries) == 1), None)


def named_for(record: ModelVersion) -> dict[str, FileEntry]:
    """Returns the files of a version by the names of a layout: the model is `model.pkl`, or has the suffix it had.

    A file never gets a suffix that promises another format; one whose new name is taken keeps its own.
    """
    found = {entry.path: entry for entry in record.files}
    main = main_file(record)
    if main is not None:
        name = f"model{suffix(main)}"
        if name not in found or found[name] is main:
            found = {name if entry is main else path: entry for path, entry in found.items()}
    return found


def suffix(entry: FileEntry) -> str:
    """Returns how the name of a file ends, `.pkl` for all that pickles are called."""
    name = entry.path.rpartition("/")[2].lstrip(".")
    end = f".{name.rpartition('.')[2]}" if "." in name else ""
    return ".pkl" if end.lower() in PICKLES else end


def flat_name(name: str) -> str:
    """Returns the name of a model as one word of a path."""
    return name.replace("/", "+")
