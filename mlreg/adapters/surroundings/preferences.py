"""Owns files of settings: where that of the user is, and how one is changed without ever being half written."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlreg.adapters.surroundings.durable import sync_directory, sync_way_to
from mlreg.domain.names import quoted
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule
from mlreg.store.config import Config, parse_user_config

if TYPE_CHECKING:
    from mlreg.store import settings
else:
    settings = LazyModule("mlreg.store.settings")

FILE = "config.toml"
_PLACE = "mlreg"
STORAGE_TYPE = "storage.type"
STORAGE_VARIABLES = ("MLREG_STORAGE_TYPE", "BRXA_STORAGE_TYPE")  # of that setting: known here, as every call asks


def user_file(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Returns where the settings of the user are, whether they are there or not; None where there is no home."""
    home, given = environment.get("HOME", ""), environment.get("XDG_CONFIG_HOME", "")
    base = given if os.path.isabs(given) else os.path.join(home, ".config") if os.path.isabs(home) else ""
    return Path(base, _PLACE, FILE) if base else None


def stated(variables: tuple[str, ...], environment: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """Returns the first of `variables` that is set to something, and to what."""
    return next(((name, value) for name in variables if (value := environment.get(name))), None)


def present(variables: tuple[str, ...], environment: Mapping[str, str] = os.environ) -> list[str]:
    """Returns those of `variables` that are set to something."""
    return [name for name in variables if environment.get(name)]


def check_storage(environment: Mapping[str, str] = os.environ) -> None:
    """Checks that nobody asks for bytes to be kept elsewhere than in the repository.

    Raises:
        UsageError: Somebody does: what they register would not be where they look for it.
    """
    asked = stated(STORAGE_VARIABLES, environment)
    if asked is None:
        return
    (name, wanted), (key, _) = asked, settings.parse_key(STORAGE_TYPE)
    if not key.kind.accepts(key.kind.read(wanted)):
        raise UsageError(
            f"{name} asks for {quoted(wanted)}: bytes are kept in the repository only, `{key.default}`",
            hint=f"`unset {name}`",
        )


def read(path: Path) -> bytes:
    """Returns the bytes of a file of settings; none where it is not there.

    Raises:
        OSError: It cannot be read.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        return path.read_bytes()
    return b""


def read_own(path: Path | None) -> bytes:
    """Returns the bytes of the user's file; none where it is not there, or not for this user to read.

    Raises:
        OSError: The disk is failing.
    """
    with suppress(PermissionError):  # HOME may be somebody else's, as in a container
        return b"" if path is None else read(path)
    return b""


def own_config() -> Config:
    """Returns what the settings of the user say.

    Raises:
        UsageError: They cannot be understood; file and line are named.
    """
    path = user_file()
    return parse_user_config(read_own(path), str(path))


def change(path: Path, make: Callable[[bytes], bytes], staging: Path | None = None) -> bool:
    """Writes what `make` makes of the file's bytes in place of them, whole or not at all; returns whether it differs.

    Of several at once one waits for the other. A link, as people who keep such files elsewhere make, stays one.

    Args:
        staging: A directory on the same device for what is half written; by default the file's own.

    Raises:
        OSError: It cannot be written; it is as it was.
    """
    real = Path(os.path.realpath(path))
    real.parent.mkdir(parents=True, exist_ok=True)
    new = _staged(real, real.parent if staging is None or real != path.absolute() else staging)
    directory = os.open(real.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # file systems without locks
            fcntl.flock(directory, fcntl.LOCK_EX)
            new.unlink()  # of who was killed, or lost power with both names on the disk
        before = real.read_bytes() if real.exists() else b""
        after = make(before)
        if after != before:
            _replace(real, after, new)
        sync_directory(real.parent)  # also where there was no change: who made it may have been killed before this
        if staging is None:
            sync_way_to(real.parent)
        return after != before
    finally:
        os.close(directory)


def _staged(path: Path, staging: Path) -> Path:
    return staging / f".{path.name}.new"  # always the same: what was killed leaves one at most


def _replace(path: Path, data: bytes, new: Path) -> None:
    new.parent.mkdir(exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    try:
        with open(new, "wb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW, mode)) as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
