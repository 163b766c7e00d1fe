"""Owns what comes in from outside: the files of a version, and files of facts about it. Nothing of it is executed."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from mlreg.adapters.backends.local import NamedFile
from mlreg.domain.names import checked_path, quoted, suggestion
from mlreg.domain.places import Place
from mlreg.domain.roles import checked_role
from mlreg.errors import DiskError, NotAllowedError, UsageError
from mlreg.lazy import LazyModule
from mlreg.store import codec

if TYPE_CHECKING:
    from packaging import requirements as packaging_requirements

    from mlreg.store import strict_yaml
else:
    strict_yaml = LazyModule("mlreg.store.strict_yaml")
    packaging_requirements = LazyModule("packaging.requirements")

STDIN = Path("/dev/stdin")
LEFT_OUT = frozenset({".mlreg", ".git"})
_NO_ROLES: Mapping[str, Sequence[Path]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be registered: where it is, its `path` in the version, and what it is to it, where that was stated."""

    path: str
    source: Path
    size_bytes: int
    executable: bool
    role: str | None = None

    def open(self) -> BinaryIO:
        """Opens it for reading.

        Raises:
            UsageError: It is not there any more, or not readable.
        """
        return open_input(self.source)


def gather(
    paths: Sequence[Path], roles: Mapping[str, Sequence[Path]] = _NO_ROLES, *, follow_links: bool = False
) -> list[SourceFile]:
    """Returns the files that `paths`, one directory or some files, name; sorted by their path in the version.

    Links among `paths` are followed; links inside a directory only where they stay inside it, or with `follow_links`.
    Repositories (`.mlreg`, `.git`) inside a directory are left out.

    Args:
        roles: Files, or directories of them, by what they are to the version. Those that are among `paths` get the
            role, others are added.

    Raises:
        UsageError: There is nothing to register, or two files of one name, a directory among files, a link that leads
            out, what is neither file nor directory, or a file of two roles.
    """
    if not paths and not roles:
        raise UsageError("nothing to register", hint="name the files of the model: `mlreg register NAME model.pkl`")
    files = _without_doubles(_named(paths, follow_links=follow_links)) if paths else []
    for role, given in roles.items():
        for path in given:
            files = _with_role(files, path, checked_role(role), follow_links=follow_links)
    return _without_doubles(sorted(files, key=lambda file: file.path))


def _named(paths: Sequence[Path], *, follow_links: bool) -> list[SourceFile]:
    kinds = [_stat(path) for path in paths]
    if any(stat.S_ISDIR(kind.st_mode) for kind in kinds):
        if len(paths) > 1:
            raise UsageError(
                "a directory is registered alone", hint="name one directory, or files only: `mlreg register NAME DIR`"
            )
        files = list(_walk(paths[0], follow_links=follow_links))
    else:
        files = [_source_file(path, path.name, kind) for path, kind in zip(paths, kinds, strict=True)]
    if not files:
        raise UsageError(f"{quoted(str(paths[0]))} has no files", hint="see what is there with `ls -lA`")
    return files


def _with_role(files: Sequence[SourceFile], path: Path, role: str, *, follow_links: bool) -> list[SourceFile]:
    """Returns `files` with those that `path` names, in their `role`."""
    inside = f"{path.resolve().name}/" if path.is_dir() else ""
    result, places = list(files), _Places(files)
    for file in _named([path], follow_links=follow_links):
        known = places.find(file.source)
        if known is None:
            places.add(file.source)
            result.append(replace(file, path=inside + file.path, role=role))
        elif result[known].role in (None, role):
            result[known] = replace(result[known], role=role)
        else:
            raise UsageError(
                f"{quoted(str(file.source), 200)} is given two roles, {result[known].role} and {role}",
                hint="give it one of them",
            )
    return result


class _Places:
    """Where files are, so that each is found again by its number; another name of one counts where none has its own."""

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self._numbers: dict[Callable[[Path], str], dict[str, int]] = {os.path.abspath: {}, os.path.realpath: {}}
        self._count = 0
        for file in files:
            self.add(file.source)

    def add(self, source: Path) -> None:
        """Gives the next number to the file `source`."""
        for real, numbers in self._numbers.items():
            numbers.setdefault(real(source), self._count)
        self._count += 1

    def find(self, source: Path) -> int | None:
        """Returns the number of the file `source`."""
        found = (numbers.get(real(source)) for real, numbers in self._numbers.items())
        return next((number for number in found if number is not None), None)


def open_input(path: Path) -> BinaryIO:
    """Opens the file `path`, given by the user, for reading.

    Raises:
        UsageError: It is not there, or a directory.
        NotAllowedError: It may not be read.
        DiskError: It cannot be read.
    """
    try:
        return io.BufferedReader(NamedFile(os.fspath(path), "rb"))
    except OSError as error:
        raise _input_error(path, error) from error


def named_file(word: str) -> Path:
    """Returns the file of facts that `word` names; `-` is standard input."""
    return STDIN if word == "-" else Path(word)


def read_facts(path: Path, example: str = "auc: 0.91") -> Any:
    """Returns the values of the file `path`: JSON where its name ends so, else YAML. `example` is for the hint.

    Standard input is JSON where it can be read as such. NaN and the infinities, which Python writes into JSON, are
    numbers.

    Raises:
        UsageError: It is not there or cannot be understood; file and line are named.
    """
    data = _read(path)
    try:
        return _parsed(data, path)
    except UsageError as error:
        error.hint = error.hint or f"mend it: such a file is YAML or JSON, as in `{example}`"
        raise


def _parsed(data: bytes, path: Path) -> Any:
    if path.suffix.lower() == ".json" or path == STDIN:
        try:
            return codec.parse_json(data, name=str(path), finite=False)
        except UsageError:
            if path != STDIN:
                raise
    return strict_yaml.parse(data, name=str(path))


def read_value(text: str) -> Any:
    """Returns the value that `text`, typed behind a `name=`, means: a number, true, false, null, else the text."""
    try:
        value = strict_yaml.parse(text.encode("utf-8", "surrogateescape"), name="the value")
    except UsageError:
        return text
    return text if isinstance(value, dict | list) or (value is None and text == "") else value


def read_mapping(path: Path) -> dict[str, Any]:
    """Returns the mapping that the file `path` holds.

    Raises:
        UsageError: It holds something else, or cannot be read.
    """
    value = read_facts(path)
    if not isinstance(value, dict):
        raise UsageError(
            f"cannot read {quoted(str(path))}: it is not a mapping of names to values",
            hint="write a line for each, as in `auc: 0.91`",
        )
    return value


def read_features(path: Path) -> list[str]:
    """Returns the names in the file `path`: a list, a mapping with the key `features`, or one name a line.

    One name a line is a file whose name ends in `.txt`, or standard input.

    Raises:
        UsageError: It holds something else, or cannot be read.
    """
    if path.suffix.lower() == ".txt" or (path == STDIN and not _is_structured(path)):
        return _names(path)
    value = read_facts(path, "- amount")
    value = value.get("features") if isinstance(value, dict) else value
    if not isinstance(value, list) or not all(map(_is_name, value)):
        raise UsageError(
            f"cannot read {quoted(str(path))}: it is not a list of features",
            hint="write a line for each, as in `- amount`",
        )
    return [str(name) for name in value]


def _names(path: Path) -> list[str]:
    return [line.strip() for line in read_lines(path) if line.strip() and not line.lstrip().startswith("#")]


def _is_structured(path: Path) -> bool:
    return "".join(_names(path)[:1]).startswith(("[", "{", "-", "features:"))


def _is_name(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def read_requirements(path: Path) -> list[str]:
    """Returns the Python requirements of the file `path`, one a line, without comments and pip's own options.

    Raises:
        UsageError: A line is no requirement.
    """
    found = []
    for number, line in enumerate(read_lines(path), 1):
        text = re.split(r"\s(?:#|--)", line, maxsplit=1)[0].strip().removesuffix("\\").strip()
        if text and not text.startswith(("#", "-")):
            found.append(checked_requirement(text, f"{quoted(str(path), 200)}, line {number}"))
    return found


def checked_requirement(text: str, source: str) -> str:
    """Returns `text` where it is a Python requirement (PEP 508) such as `xgboost==1.7.0`.

    Raises:
        UsageError: It is not; `source` says where it stands.
    """
    try:
        return str(packaging_requirements.Requirement(text))
    except packaging_requirements.InvalidRequirement:
        raise UsageError(
            f"cannot read {source}: {quoted(text)} is not a Python requirement",
            hint="write it as `xgboost==1.7.0`",
        ) from None


def read_lines(path: Path) -> list[str]:
    """Returns the lines of the text file `path`.

    Raises:
        UsageError: It is not there, not UTF-8, or longer than 16 MiB.
    """
    try:
        return codec.check_readable(_read(path), name=str(path)).removeprefix("\ufeff").splitlines()
    except UsageError as error:
        error.hint = error.hint or "mend it: such a file is plain text, see what it is with `file`"
        raise


def find_place(path: Path, keys: Sequence[str]) -> Place | None:
    """Returns where in the YAML or JSON file `path` that stands what `keys` lead to: the last of them that is there.

    None where none of them is. An entry of a list is meant by its number, or by its `name`.
    """
    # a name may have dots, and whoever tells of it may have lost where one key ends
    known = {".".join(way): place for way, place in reversed(strict_yaml.places(_read(path)).items())}
    ways = (".".join(keys[:size]) for size in range(len(keys), 0, -1))
    return next((known[way] for way in ways if way in known), None)


def _read(path: Path) -> bytes:
    if path == STDIN:
        return _piped(sys.stdin)
    with open_input(path) as stream:
        return stream.read(codec.MAX_BYTES + 1)


@lru_cache(maxsize=1)
def _piped(stdin: TextIO | None) -> bytes:
    """Returns what stands in standard input, which can be read once only: messages look there for lines again."""
    if stdin is None:
        raise UsageError("standard input is closed", hint="send it something, as with `< metrics.json`")
    return stdin.buffer.read(codec.MAX_BYTES + 1)


def _walk(root: Path, *, follow_links: bool) -> Iterator[SourceFile]:
    real_root = os.path.realpath(root)
    pending = [(str(root), "", frozenset({real_root}))]
    while pending:
        directory, prefix, seen = pending.pop()
        for entry in _entries(directory):
            if entry.name in LEFT_OUT:
                continue
            path = Path(entry.path)
            inside = f"{prefix}{entry.name}"
            if entry.is_symlink() and not follow_links:
                _check_stays_inside(path, real_root)
            kind = _stat(path)
            if stat.S_ISDIR(kind.st_mode):
                target = os.path.realpath(path)
                if target in seen:
                    raise UsageError(
                        f"{quoted(str(path))} leads back to a directory that holds it",
                        hint="take that link away, or name the files: `mlreg register NAME FILE...`",
                    )
                pending.append((entry.path, f"{inside}/", seen | {target}))
            else:
                yield _source_file(path, inside, kind)


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise _input_error(Path(directory), error) from error


def _check_stays_inside(path: Path, real_root: str) -> None:
    target = os.path.realpath(path)
    if target != real_root and not target.startswith(real_root + os.sep):
        raise UsageError(
            f"the link {quoted(str(path))} leads out of the directory",
            hint="register what such links point at with `--follow-links`",
            code="link-leads-out",
        )


def _source_file(path: Path, inside: str, kind: os.stat_result) -> SourceFile:
    if not stat.S_ISREG(kind.st_mode):
        raise UsageError(
            f"{quoted(str(path))} is neither a file nor a directory",
            hint="only these can be registered; see what it is with `ls -l`",
        )
    executable = bool(kind.st_mode & stat.S_IXUSR)
    return SourceFile(checked_path(inside), path, kind.st_size, executable)


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except (OSError, ValueError) as error:
        raise _input_error(path, error) from error


def _input_error(path: Path, error: OSError | ValueError) -> UsageError | NotAllowedError | DiskError:
    place = quoted(str(path), 200)
    if isinstance(error, FileNotFoundError) and path.is_symlink():
        what = f"the link {place} leads nowhere: there is no {quoted(os.readlink(path), 200)}"
        return UsageError(what, hint="take it away, or put there what it leads to", code="no-such-file")
    if isinstance(error, FileNotFoundError | NotADirectoryError) or getattr(error, "errno", 0) == errno.ENAMETOOLONG:
        hint = _near_files(path) or "see what is there with `ls`"
        return UsageError(f"there is no file {place}", hint=hint, code="no-such-file", facts={"file": ascii(str(path))})
    if isinstance(error, PermissionError):
        return NotAllowedError(f"{place} may not be read", hint="see who may read it with `ls -l`")
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return UsageError(f"{place} is a link that leads to itself", hint="see where it leads with `ls -l`")
    if isinstance(error, OSError) and error.strerror and not isinstance(error, IsADirectoryError):
        return DiskError(f"cannot read {place}: {error.strerror.lower()}", hint="look at the disk with `df -h`")
    return UsageError(f"cannot read {place} as a file", hint="see what it is with `ls -l`")


def _near_files(path: Path) -> str | None:
    with suppress(OSError, ValueError):
        return suggestion(path.name, os.listdir(path.parent))
    return None


def _without_doubles(files: Iterable[SourceFile]) -> list[SourceFile]:
    known: dict[str, SourceFile] = {}
    for file in files:
        if file.path in known:
            raise UsageError(
                f"two files are called {quoted(file.path)}",
                hint="put them into one directory and register that: `mlreg register NAME DIR`",
            )
        known[file.path] = file
    return list(known.values())
