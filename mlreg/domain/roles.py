"""Owns what the files of a version are to it: which one is the model, which are its companions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mlreg.domain.names import checked_label, quoted
from mlreg.domain.record import FileEntry
from mlreg.errors import UsageError

MODEL: Final = "model"
PICKLES: Final = (".joblib", ".pkl", ".pickle")


def checked_role(text: str) -> str:
    """Returns `text` where it can be a role.

    Raises:
        UsageError: It is not one word of ASCII letters, digits, `.`, `_` and `-`.
    """
    return checked_label(text, "a role")


def model_files(files: Sequence[FileEntry], version: str) -> Sequence[FileEntry]:
    """Returns the files that the model is among: those of that role, else the only one without any role.

    Where several have none, the only one among them that is called as pickles are, and without any such all of them:
    a directory of a framework, or a file with others beside it. Their content says which.

    Args:
        version: What messages call the version.

    Raises:
        UsageError: No file or several can be meant.
    """
    stated = [entry for entry in files if entry.role == MODEL]
    unnamed = [entry for entry in files if entry.role is None]
    pickles = [entry for entry in unnamed if entry.path.lower().endswith(PICKLES)]
    found = stated or (unnamed if len(unnamed) == 1 else pickles or unnamed)
    if found and (len(pickles) < 2 or stated):
        return found
    raise which_model(files, version)


def which_model(files: Sequence[FileEntry], version: str) -> UsageError:
    """Returns the error that asks which of `files` is the model."""
    shown = ", ".join(quoted(entry.path) for entry in files[:5])
    return UsageError(
        f"which file of {version} is the model? It has {shown}{' …' if len(files) > 5 else ''}",
        hint="say so where it is registered, with `--role model=PATH`; `checkout` gives all of its files",
        facts={"files": [entry.path for entry in files]},
        code="no-model-file",
    )


def companions(files: Iterable[FileEntry]) -> dict[str, list[FileEntry]]:
    """Returns the files that have a role beside the model, by role, in the order of the files."""
    found: dict[str, list[FileEntry]] = {}
    for entry in files:
        if entry.role not in (None, MODEL):
            found.setdefault(str(entry.role), []).append(entry)
    return found
