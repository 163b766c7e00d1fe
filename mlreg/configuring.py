"""Owns the settings as they are asked for and changed: of a variable, the repository, the user, and the defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from mlreg.adapters.surroundings import preferences
from mlreg.answers.configured import Changed, Origin, Setting, Settings, Told
from mlreg.errors import NotFoundError, UsageError
from mlreg.store import layout, settings, toml_text
from mlreg.store.config import Config, document, parse_config, parse_user_config
from mlreg.store.settings import KEYS, Key

REPOSITORY, USER, ENVIRONMENT, DEFAULT = "repository", "user", "environment", "default"
_PARSE = {REPOSITORY: parse_config, USER: parse_user_config}
_READ = {REPOSITORY: preferences.read, USER: preferences.read_own}


class _File(NamedTuple):
    """A file of settings: what it says, and what that means."""

    kind: str
    path: Path
    text: str
    config: Config
    stated: Mapping[settings.Path, Any]


class Configuration:
    """The settings of a repository and of a user.

    Args:
        repository: The file of the repository, or None where there is none: what is asked and changed is the user's.
        user: The file of the user, or None where there is no home.
    """

    def __init__(self, repository: Path | None, user: Path | None) -> None:
        self._paths = {REPOSITORY: repository, USER: user}

    def list(self) -> Settings:
        """Tells every setting, in the order of `KEYS`: where nothing says what it is, its value is None.

        Raises:
            UsageError: A file cannot be understood, or a variable has a value that means nothing.
        """
        files = self._files()
        found = []
        for key in KEYS:
            own = sorted({path for file in files for path in file.stated if settings.found(path) is key})
            paths = [*dict.fromkeys([*own, *(path for path in _usual(files) if settings.found(path) is key)])]
            found += [_told(key, path, files) for path in paths or ([] if key.is_open else [key.words])]
        unread = [f"{name} is set, and means nothing to this mlreg" for name in preferences.present(settings.UNREAD)]
        return Settings(settings=found, notes=[*_warnings(files), *unread])

    def get(self, key: str) -> Told:
        """Tells one setting.

        Raises:
            UsageError: There is no such setting, or as `list` does.
            NotFoundError: Nothing says what it is.
        """
        known, path = settings.parse_key(key)
        files = self._files()
        setting = _told(known, path, files)
        if setting.value is None:
            raise NotFoundError(
                f"nothing says what {setting.key} is",
                hint=f"say it with `mlreg config set {setting.key} VALUE`: {known.kind.wants}",
                facts={"key": setting.key},
                code="not-set",
            )
        return Told(setting=setting, notes=_warnings(files))

    def set(self, key: str, value: Any, *, is_global: bool = False, dry_run: bool = False) -> Changed:
        """Says what a setting is, in the file of the repository, or (`is_global`) in that of the user.

        Comments, order and blank lines of the file stay as they are. Nothing is written that could not be read again.

        Raises:
            UsageError: There is no such setting, it cannot have that value, or not in that file.
            NotFoundError: There is no such file and no place for it.
        """
        known, path = settings.parse_key(key)
        meant = settings.in_place(path, known.checked(value, settings.spelled(path)))
        answer = self._changed(known, path, meant, is_global=is_global, dry_run=dry_run)
        stated = preferences.stated(known.variables)
        notes = [f"{stated[0]} is set, and goes before the file"] if stated else []
        return replace(answer, notes=notes)

    def set_approval_required(
        self, stage: str = "production", approvers: Sequence[str] = (), *, dry_run: bool = False
    ) -> Changed:
        """Says that versions come to `stage` only where each of `approvers` approves: people, or groups as `@risk`.

        Without any, one approval is asked for, by whomever but who registered the version.

        Raises:
            UsageError: There is no such stage, or one of them is no name.
            NotFoundError: There is no repository.
        """
        word, value = ("each", [*approvers]) if approvers else ("count", 1)
        name = settings.spelled(("policy", stage, "approvals", word))
        return self.set(name, value, dry_run=dry_run)

    def unset(self, key: str, *, is_global: bool = False, dry_run: bool = False) -> Changed:
        """Takes a setting out of a file; one that is not there is no error.

        Raises:
            UsageError: There is no such setting, or the file cannot be without it.
            NotFoundError: There is no such file and no place for it.
        """
        known, path = settings.parse_key(key)
        return self._changed(known, path, None, is_global=is_global, dry_run=dry_run)

    def _changed(self, key: Key, path: settings.Path, value: Any, *, is_global: bool, dry_run: bool) -> Changed:
        kind = USER if is_global else REPOSITORY
        place = self._paths[kind]
        if place is None:
            raise _nowhere(kind)
        if is_global and key.is_shared:
            raise UsageError(
                f"{settings.spelled(path)} is the same for all who use a repository",
                hint=f"leave `--global` away: `mlreg config set {settings.spelled(path)} VALUE`",
            )
        before: list[Any] = []

        def make(data: bytes) -> bytes:
            file = _read(kind, place, data)
            before[:] = [file.stated.get(path)]
            if before[0] == value:
                return data
            absent = value is None
            text = toml_text.without_value(file.text, path) if absent else toml_text.with_value(file.text, path, value)
            try:
                _read(kind, place, text.encode())
            except UsageError as error:
                raise _refused(path, value, error) from error
            return text.encode()

        if dry_run:
            old = preferences.read(place)
            changed = make(old) != old
        else:
            changed = preferences.change(place, make, None if is_global else place.parent / layout.TMP)
        return Changed(
            key=settings.spelled(path),
            value=value,
            before=before[0],
            changed=changed,
            file=str(place),
            dry_run=dry_run,
        )

    def _files(self) -> Sequence[_File]:
        """Returns the files that there are, the first one first."""
        return [_read(kind, path, _READ[kind](path)) for kind, path in self._paths.items() if path is not None]


def _read(kind: str, path: Path, data: bytes) -> _File:
    config = _PARSE[kind](data, str(path))
    root = document(data, str(path))
    return _File(kind, path, data.decode(), config, dict(settings.stated(root)))


def _told(key: Key, path: settings.Path, files: Sequence[_File]) -> Setting:
    name = settings.spelled(path)
    if stated := preferences.stated(key.variables):
        variable, text = stated
        return Setting(name, key.checked(text, variable), Origin(ENVIRONMENT, variable), key.says)
    for file in files:
        if path in file.stated:
            origin = Origin(file.kind, str(file.path), toml_text.line_of(file.text, path))
            return Setting(name, file.stated[path], origin, key.says)
    return Setting(name, _usual(files).get(path, key.default), Origin(DEFAULT), key.says)


def _usual(files: Sequence[_File]) -> dict[settings.Path, Any]:
    """Returns the aliases of stages that nobody has to write: those that mean something in this repository."""
    stages = next((file.config.stages for file in files if file.kind == REPOSITORY), Config().stages)
    return {("stages", "aliases", alias): stage for alias, stage in stages.aliases.items()}


def _warnings(files: Sequence[_File]) -> list[str]:
    return [warning for file in files for warning in file.config.warnings]


def _refused(path: settings.Path, value: Any, error: UsageError) -> UsageError:
    """Returns `error`, of a file as it would be, as one of what was to be written."""
    wish = "be absent" if value is None else f"be {settings.literal(value)}"
    why = error.message.partition(": ")[2]
    hint = error.hint or "write it into the file, with what belongs to it"
    return UsageError(f"{settings.spelled(path)} cannot {wish}: {why}", hint=hint, facts=error.facts)


def _nowhere(kind: str) -> NotFoundError:
    if kind == USER:
        return NotFoundError(
            "there is no place for settings of your own: HOME names no directory", hint="set HOME, as login does"
        )
    return NotFoundError(
        "there is no repository whose settings these could be",
        hint="name one with `-C DIR`, or say it for all of yours with `--global`",
        code="no-repository",
    )
