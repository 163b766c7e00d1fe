"""Owns where the repository is: what the user says, else the environment, else the nearest upwards."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlreg.adapters.surroundings.durable import sync_way_to
from mlreg.domain.names import quoted
from mlreg.errors import ConflictError, NotFoundError, TakenError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import shlex
else:
    shlex = LazyModule("shlex")

DIRECTORY = ".mlreg"
VARIABLE = "MLREG_DIR"
OTHER_VARIABLE = "BRXA_MODEL_REGISTRY_PATH"  # of an older system; ours comes first


def find(given: str | os.PathLike[str] | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Returns the `.mlreg` directory that `given` (it, or the directory that holds it), `MLREG_DIR` or the working
    directory and its parents lead to.

    Raises:
        NotFoundError: There is none; none is at the empty text, as an unset variable leaves it.
    """
    named = _checked(given) or _named(environment)
    if named:
        path = target(named)
        if os.path.isdir(path):
            return path
        raise NotFoundError(
            f"there is no repository at {quoted(str(named), 200)}",
            hint=f"make one with `mlreg init {shlex.quote(os.fspath(named))}`",
            code="no-repository",
        )
    here = working_directory()
    for directory in (here, *here.parents):
        if (directory / DIRECTORY).is_dir():
            return directory / DIRECTORY
    raise NotFoundError(
        f"there is no repository in {quoted(str(here), 200)} or above it",
        hint="make one with `mlreg init`, or name one with `-C DIR`",
        code="no-repository",
    )


def is_named(given: str | os.PathLike[str] | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody said where the repository is, so that it is not looked for."""
    return given is not None or _named(environment) is not None


def place_for_new(given: str | os.PathLike[str] | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Returns where `init` makes the repository: below `given`, `MLREG_DIR` or the working directory.

    Raises:
        ConflictError: A file is in the way.
    """
    directory = target(_checked(given) or _named(environment) or working_directory())
    there = next(path for path in (directory, *directory.parents) if os.path.lexists(path))
    if not there.is_dir():
        raise _in_the_way(there)
    return directory


def make(directory: Path) -> None:
    """Makes `directory` with its parents; on return their names survive a loss of power.

    Raises:
        ConflictError: A file is in the way.
        OSError: The disk cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise _in_the_way(directory) from None
    sync_way_to(directory)


def target(named: str | os.PathLike[str]) -> Path:
    """Returns the `.mlreg` directory that `named`, it or the directory that holds it, means."""
    path = Path(os.path.abspath(named))
    return path if path.name == DIRECTORY or _looks_like_repository(path) else path / DIRECTORY


def working_directory() -> Path:
    """Returns the working directory.

    Raises:
        NotFoundError: It has been deleted.
    """
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise NotFoundError("the working directory does not exist any more", hint="go to one that does: `cd`") from None


def _checked(given: str | os.PathLike[str] | None) -> str | os.PathLike[str] | None:
    if given == "":
        raise NotFoundError(
            "there is no repository at ''", hint="is a variable unset? name a place", code="no-repository"
        )
    return given


def _named(environment: Mapping[str, str]) -> str | None:
    return environment.get(VARIABLE) or environment.get(OTHER_VARIABLE) or None


def _in_the_way(path: Path) -> ConflictError:
    return TakenError(
        f"{quoted(str(path), 200)} is in the way: it is not a directory",
        hint="name another place, as in `mlreg init DIR`",
        facts={"file": ascii(str(path))},
    )


def _looks_like_repository(path: Path) -> bool:
    # other than the methods of a path, these take a name that is too long for one that is not there
    return os.path.isfile(path / "format") and os.path.isdir(path / "history")
