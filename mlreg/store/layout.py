"""Owns the key of every file of a repository; no other module spells one."""

from __future__ import annotations

import re
from hashlib import sha256

from mlreg.domain.names import folded

FORMAT = "format"
README = "README.md"
CONFIG = "config.toml"
GITIGNORE = ".gitignore"
GITATTRIBUTES = ".gitattributes"
BLOBS = "blobs"
CATALOG = "catalog"
HISTORY = "history"
OBSERVATIONS = "observations"
CACHE = "cache"
TMP = "tmp"
REPOSITORY = "@repository"
CODED = ".mlb"
# the number of what is derived in `cache/`: raised whenever a fold, a sheet or their rows change
DERIVED = "4"

_ALGORITHM = "sha256"
_BLOB = rf"{BLOBS}/{_ALGORITHM}/([0-9a-f]{{2}})/(\1[0-9a-f]{{62}})(?:\.mlb)?"
_RECORD = rf"{CATALOG}/([^/]+)/[^/]+-[0-9a-f]{{8}}\.yaml"
_EVENT = re.compile(rf"{HISTORY}/([^/]+)/([0-9]{{8}})\.json")


def blob(digest: str) -> str:
    """Returns the key of the plain bytes with `digest` (`sha256:…`)."""
    algorithm, _, name = digest.partition(":")
    if algorithm != _ALGORITHM or not re.fullmatch(r"[0-9a-f]{64}", name):
        raise ValueError(f"{digest!a} is not a digest")
    return f"{BLOBS}/{_ALGORITHM}/{name[:2]}/{name}"


def coded_blob(digest: str) -> str:
    """Returns the key of the coded form of the bytes with `digest`."""
    return blob(digest) + CODED


def digest_of_blob(key: str) -> str | None:
    """Returns the digest that the blob at `key`, in either form, must have, or None where `key` is no blob's."""
    match = re.fullmatch(_BLOB, key)
    return f"{_ALGORITHM}:{match[2]}" if match else None


def record(model: str, version: str, digest: str) -> str:
    """Returns the key of the record with `digest` of a version."""
    return f"{CATALOG}/{folded(model)}/{version}-{digest.partition(':')[2][:8]}.yaml"


def model_of_record(key: str) -> str | None:
    """Returns the folded name of the model that the record at `key` is of, or None where it is no record's."""
    match = re.fullmatch(_RECORD, key)
    return match[1] if match else None


def cached_record(digest: str) -> str:
    """Returns the key, in the cache, of the values of the record with `digest`."""
    return f"records/{digest.partition(':')[2]}.json"


def snapshot(model: str) -> str:
    """Returns the key, in the cache, of the snapshot of a model's fold."""
    return f"{DERIVED}/snapshots/{folded(model)}"


def cards(model: str) -> str:
    """Returns the key, in the cache, of what the records of a model say."""
    return f"{DERIVED}/cards/{folded(model)}"


def column(path: str) -> str:
    """Returns the key, in the cache, of the table of one fact of all versions."""
    return f"{DERIVED}/columns/{sha256(path.encode()).hexdigest()[:32]}"


def overview() -> str:
    """Returns the key, in the cache, of the table of all models."""
    return f"{DERIVED}/models"


def events(model: str) -> str:
    """Returns the directory of the events of a model, or of the repository's own (`REPOSITORY`)."""
    return f"{HISTORY}/{folded(model)}"


def event(model: str, number: int) -> str:
    """Returns the key of one event."""
    return f"{HISTORY}/{folded(model)}/{number:08}.json"


def number_of_event(key: str) -> int | None:
    """Returns the number of the event at `key`, or None where it is no event's."""
    match = _EVENT.fullmatch(key)
    return int(match[2]) if match and int(match[2]) > 0 else None


def model_of_event(key: str) -> str | None:
    """Returns the folded name of the model that the event at `key` is of, or None where it is no event's."""
    match = _EVENT.fullmatch(key)
    return match[1] if match else None
