"""Owns the catalog: the records of all versions, one YAML file each, named by version and digest."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mlreg.domain.record import RECORD_FORMAT, ModelVersion, version_from_facts
from mlreg.errors import IntegrityError, MissingError, UsageError
from mlreg.lazy import LazyModule
from mlreg.ports import Backend, Cache
from mlreg.store import codec, layout

if TYPE_CHECKING:
    from mlreg.store import strict_yaml
else:
    strict_yaml = LazyModule("mlreg.store.strict_yaml")


class Catalog:
    """The records of a repository."""

    def __init__(self, backend: Backend, cache: Cache | None = None) -> None:
        self._backend = backend
        self._cache = cache

    def add(self, version: ModelVersion) -> str:
        """Keeps the record of `version` for good and returns its digest.

        Raises:
            IntegrityError: Other bytes have its name.
            OSError: The backend could not write.
        """
        data = record_bytes(version)
        digest = codec.digest(data)
        key = layout.record(version.name, str(version.version), digest)
        if not self._backend.create(key, [data]) and self._bytes(key) != data:
            raise _damaged(key)
        return digest

    def read(self, model: str, version: str, digest: str) -> ModelVersion:
        """Returns the record with `digest` of a version.

        Raises:
            IntegrityError: It is not there, not what its digest says, or not a record.
            MissingError: Its format is newer than this mlreg.
        """
        data, key = self._checked(model, version, digest)
        return version_from_facts(self._facts(data, digest, key), source=key)

    def read_once(self, model: str, version: str, digest: str) -> ModelVersion:
        """Returns the record with `digest` of a version as `read` does, for a caller that keeps what it wants of it.

        Raises:
            IntegrityError: It is not there, not what its digest says, or not a record.
            MissingError: Its format is newer than this mlreg.
        """
        data, key = self._checked(model, version, digest)
        return version_from_record(data, key)

    def _checked(self, model: str, version: str, digest: str) -> tuple[bytes, str]:
        key = layout.record(model, version, digest)
        try:
            data = self._bytes(key)
        except FileNotFoundError:
            raise IntegrityError(
                f"{key} is missing",
                hint="bring it back from a copy of the repository, then run `mlreg verify`",
                facts={"object": key},
                code="record-missing",
            ) from None
        if codec.digest(data) != digest:
            raise _damaged(key)
        return data, key

    def _facts(self, data: bytes, digest: str, key: str) -> Any:
        """Returns the values of a record; JSON from the cache is read without loading a YAML parser."""
        cached = self._cache.get(layout.cached_record(digest)) if self._cache else None
        facts = None if cached is None else _unsealed(cached, digest)
        if facts is None:
            facts = facts_from_record(data, key)
            if self._cache:
                with suppress(ValueError):  # a newer mlreg may have written what JSON has not
                    self._cache.put(layout.cached_record(digest), _sealed(facts, digest))
        return facts

    def _bytes(self, key: str) -> bytes:
        with self._backend.open(key) as stream:
            return stream.read()


def facts_digest(version: ModelVersion) -> str:
    """Returns the digest of what was stated and the files: equal for the same registration, whatever its number.

    Raises:
        UsageError: It is too long or too deep, or has what cannot be written.
    """
    try:
        return codec.digest(codec.canonical_json(version.stated()))
    except ValueError as error:
        raise _unwritable(version, error) from error


def content_digest(version: ModelVersion) -> str:
    """Returns the digest of the list of files."""
    return codec.digest(codec.canonical_json(version.manifest()))


def record_bytes(version: ModelVersion) -> bytes:
    """Returns the record of `version` as the bytes of its file.

    Raises:
        UsageError: It is too long or too deep, or has what cannot be written.
    """
    try:
        return strict_yaml.dump(version.facts())
    except ValueError as error:
        raise _unwritable(version, error) from error


def version_from_record(data: bytes, key: str) -> ModelVersion:
    """Returns the version that `data`, the record at `key`, tells of.

    Raises:
        IntegrityError: It is not a record.
        MissingError: Its format is newer than this mlreg.
    """
    return version_from_facts(facts_from_record(data, key), source=key)


def facts_from_record(data: bytes, key: str) -> Any:
    """Returns the values that `data`, the record at `key`, holds.

    Raises:
        IntegrityError: It is not a record.
        MissingError: Its format is newer than this mlreg.
    """
    try:
        facts = strict_yaml.parse(data, name=key)
    except UsageError as error:
        raise IntegrityError(error.message, hint="look at `mlreg verify`", facts={"object": key}) from error
    if isinstance(facts, dict) and isinstance(facts.get("format"), int) and facts["format"] > RECORD_FORMAT:
        raise MissingError(
            f"{key} was written by a newer mlreg",
            hint="install the newest with `pip install -U mlreg`",
            code="newer-format",
        )
    return facts


def _sealed(facts: Any, record: str) -> bytes:
    # not canonical: the order of inputs and parameters is a fact too
    data = json.dumps([record, facts], ensure_ascii=False, allow_nan=False).encode()
    return codec.digest(data).encode() + b"\n" + data


def _unsealed(data: bytes, record: str) -> Any:
    """Returns the values in a cached file, or None where it is not what was put there for the digest `record`."""
    seal, _, content = data.partition(b"\n")
    if codec.digest(content).encode() != seal:
        return None
    match codec.parse_json(content, name=layout.CACHE):
        case [kept_for, facts] if kept_for == record:
            return facts
    return None


def _unwritable(version: ModelVersion, error: ValueError) -> UsageError:
    return UsageError(
        f"the facts of {version.name} cannot be written down: {error}",
        hint="register what is long as a file of the version",
    )


def _damaged(key: str) -> IntegrityError:
    return IntegrityError(
        f"{key} is not what its name says",
        hint="see all that is wrong with `mlreg verify`",
        facts={"object": key},
        code="record-damaged",
    )
