"""Owns files of the cache that are read in parts: some facts, and lists cut into pages of rows.

The first line is a digest and what it is of: the key of the file, the facts and the digest of every page. So whatever
is read is known to be what was written there, however little of it is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

PAGE_ROWS = 128
_SEAL = 64
_SEAL_OF_PAGE = 32


class UnusableError(Exception):
    """A file of the cache is not what was written: as good as none."""


class Pages:
    """A file in pages.

    Args:
        key: The key under which it was kept, or None where that does not matter.

    Raises:
        UnusableError: From here on and from every method: it is not what was written.
    """

    def __init__(self, data: bytes, key: str | None) -> None:
        end = data.find(b"\n", _SEAL)
        header = data[_SEAL : max(end, 0)]
        if data[:_SEAL] != _digest(header) or end < 0:
            raise UnusableError
        self._pages = memoryview(data)[end + 1 :]
        try:
            kept_as, self.facts, self._lists = json.loads(header)
        except (ValueError, TypeError, RecursionError) as error:
            raise UnusableError from error
        if key not in (None, kept_as):
            raise UnusableError

    @property
    def names(self) -> list[str]:
        """The names of its lists."""
        return list(self._lists)

    def count(self, name: str) -> int:
        """Returns how many rows the list `name` has."""
        try:
            return int(self._lists[name][0])
        except (LookupError, TypeError, ValueError) as error:
            raise UnusableError from error

    def page(self, name: str, number: int) -> list[Any]:
        """Returns the rows of one page of the list `name`, all but the last one have `PAGE_ROWS`."""
        try:
            rows = json.loads(self.raw(name, number))
        except (ValueError, RecursionError) as error:
            raise UnusableError from error
        if not isinstance(rows, list) or len(rows) != min(PAGE_ROWS, self.count(name) - number * PAGE_ROWS):
            raise UnusableError
        return rows

    def raw(self, name: str, number: int) -> bytes:
        """Returns the bytes of one page of the list `name`."""
        try:
            offset, size_bytes, seal = self._lists[name][1][number]
            page = bytes(self._pages[offset : offset + size_bytes])
        except (LookupError, TypeError, ValueError) as error:
            raise UnusableError from error
        if seal != _digest(page)[:_SEAL_OF_PAGE].decode():
            raise UnusableError
        return page

    def grown(self, name: str, rows: Sequence[Any]) -> Iterator[bytes]:
        """Yields the bytes of the pages of the list `name` with `rows` behind it."""
        full, rest = divmod(self.count(name), PAGE_ROWS)
        yield from (self.raw(name, number) for number in range(full))
        yield from map(page_bytes, in_pages([*(self.page(name, full) if rest else []), *rows]))

    def rows(self, name: str) -> list[Any]:
        """Returns all rows of the list `name`."""
        pages = range(pages_of(self.count(name)))
        return [row for number in pages for row in self.page(name, number)]


class PagesWriter:
    """Gathers what makes a file in pages."""

    def __init__(self) -> None:
        self._lists: dict[str, tuple[int, list[tuple[int, int, str]]]] = {}
        self._pages: list[bytes] = []
        self._size_bytes = 0

    def add_rows(self, name: str, rows: Sequence[Any]) -> None:
        """Adds a list."""
        self.add(name, len(rows), map(page_bytes, in_pages(rows)))

    def add(self, name: str, count: int, pages: Iterator[bytes]) -> None:
        """Adds a list of `count` rows as the bytes of its pages."""
        entries = []
        for page in pages:
            entries.append((self._size_bytes, len(page), _digest(page)[:_SEAL_OF_PAGE].decode()))
            self._pages.append(page)
            self._size_bytes += len(page)
        self._lists[name] = count, entries

    def data(self, key: str, facts: Mapping[str, Any]) -> bytes:
        """Returns the whole file, which is going to be kept under `key`."""
        header = page_bytes([key, facts, self._lists])
        return b"".join([_digest(header), header, b"\n", *self._pages])


def page_bytes(rows: Sequence[Any]) -> bytes:
    """Returns rows as the bytes of a page."""
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def in_pages(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yields `rows` page by page."""
    return (rows[start : start + PAGE_ROWS] for start in range(0, len(rows), PAGE_ROWS))


def pages_of(count: int) -> int:
    """Returns how many pages `count` rows take."""
    return -(-count // PAGE_ROWS)


def _digest(data: bytes) -> bytes:
    return sha256(data).hexdigest().encode()
