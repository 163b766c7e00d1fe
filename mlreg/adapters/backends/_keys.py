"""Owns what a key of a backend may look like."""

from __future__ import annotations


def check_key(key: str) -> None:
    """Passes a clean relative key such as `history/fraud/00000042.json`.

    Raises:
        ValueError: `key` is empty, absolute or has an empty part, `.`, `..`, a backslash or a NUL.
    """
    has_odd_part = "//" in key or "/." in key or key[:1] in ("", "/", ".") or key[-1] == "/"  # most have none
    if "\\" in key or "\0" in key or (has_odd_part and not {"", ".", ".."}.isdisjoint(key.split("/"))):
        raise ValueError(f"{key!r} is not a clean relative key")


def check_prefix(prefix: str) -> None:
    """Passes a clean relative key, or `""` for everything.

    Raises:
        ValueError: It is neither.
    """
    if prefix:
        check_key(prefix)
