"""Owns what stands on the stack of the symbolic unpickler in place of objects.

Short texts, bytes and numbers stand for themselves, tuples are tuples; everything else is one of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from mlreg.scanning.names import Standing

ITEMS_KEPT = 64
TEXT_KEPT_BYTES = 4096
_NONE: Final[frozenset[str]] = frozenset()


class Global:
    """A part of a module: class, function, type."""

    __slots__ = ("module", "name", "offset", "standing")

    def __init__(self, module: str, name: str, standing: Standing, offset: int) -> None:
        self.module = module
        self.name = name
        self.standing = standing
        self.offset = offset

    @property
    def key(self) -> str:
        """The name as one writes it: `module.name`."""
        return f"{self.module}.{self.name}"


class Made:
    """An object that a call or a `__new__` has made.

    Attributes:
        maker: What was called, or the class.
        args: The arguments, a tuple, or None where they are not known.
        state: What BUILD has set: under None the whole state, and of a mapping the first values under their keys.
        is_shared: Whether it was taken from the memo, so that something else may hold it.
        count: How many items were put into it.
    """

    __slots__ = ("args", "count", "is_shared", "maker", "state")

    def __init__(self, maker: Global, args: Any) -> None:
        self.maker = maker
        self.args = args
        self.count = 0
        self.is_shared = False
        self.state: dict[Any, Any] = {}

    def is_of(self, *keys: str) -> bool:
        """Whether it was made by one of `keys`, each `module.name`."""
        return self.maker.key in keys


class Box:
    """A list, a dict or a set, of which the first items are kept."""

    __slots__ = ("_beyond", "count", "items", "kind")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.count = 0
        self.items: Sequence[Any] = ()
        self._beyond = _NONE

    def extend(self, values: list[Any]) -> None:
        """Adds `values`, which are its own from now on; those of a dict are keys and values in turn."""
        if not self.count and len(values) <= ITEMS_KEPT:
            self.items = values
        else:
            space = ITEMS_KEPT - len(self.items)
            self.items = [*self.items, *values[:space]]
            if self.kind == "dict":
                self._beyond |= _odd(values)
        self.count += len(values)

    @property
    def odd_keys(self) -> frozenset[str]:
        """The keys of a dict that begin as names of inner parts of Python do."""
        return self._beyond | _odd(self.items) if self.kind == "dict" else _NONE

    def mapping(self) -> dict[Any, Any]:
        """Returns the first items of a dict whose keys are texts."""
        pairs = zip(self.items[::2], self.items[1::2], strict=False)
        return {key: value for key, value in pairs if type(key) is str}

    @property
    def is_whole(self) -> bool:
        """Whether all items are kept."""
        return self.count == len(self.items)


class Large:
    """A text, bytes, items or a number of which only the kind is kept."""

    __slots__ = ("kind",)

    def __init__(self, kind: str) -> None:
        self.kind = kind


class Tensor:
    """A storage of torch, which lies outside of the pickle."""

    __slots__ = ("item_bytes", "key", "numel")

    def __init__(self, key: str, numel: int, item_bytes: int) -> None:
        self.key = key
        self.numel = numel
        self.item_bytes = item_bytes


class _Opaque:
    __slots__ = ()


OPAQUE: Final = _Opaque()  # something harmless, of which nothing else is known


_LARGE: Final = {kind: Large(kind) for kind in ("str", "bytes", "tuple", "list", "dict", "set", "frozenset")}


def without_content(value: Any) -> Any:
    """Returns what is kept of `value` where so much is kept already that only its kind can be.

    Parts of modules stay what they are, and types of arrays, of which there are few and which all arrays share.
    """
    kind = type(value)
    if kind is str or kind is bytes:
        return _LARGE[kind.__name__]
    if kind is Box:
        return _LARGE[value.kind]
    if isinstance(value, tuple):
        return _LARGE["tuple"]
    return OPAQUE if kind is Made and not value.is_of("numpy.dtype") else value


def _odd(items: Sequence[Any]) -> frozenset[str]:
    return frozenset(key for key in items[::2] if type(key) is str and key[:2] == "__")
