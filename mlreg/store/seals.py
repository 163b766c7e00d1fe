"""Owns the look at files of the cache from outside: whether one is what was written, whatever it is."""

from __future__ import annotations

from hashlib import sha256

from mlreg.store import codec
from mlreg.store.pages import Pages, UnusableError

_SEAL = 64


def is_whole(data: bytes) -> bool:
    """Whether `data`, a file of the cache, is what was written: the values of a record, a table, or pages."""
    seal, mark, rest = data.partition(b"\n")
    if not mark:
        return False
    if seal.startswith(b"sha256:"):
        return codec.digest(rest).encode() == seal
    if len(seal) == _SEAL:
        return sha256(rest).hexdigest().encode() == seal
    try:
        pages = Pages(data, None)
        return all(pages.count(name) == len(pages.rows(name)) for name in pages.names)
    except (UnusableError, TypeError, AttributeError):
        return False
