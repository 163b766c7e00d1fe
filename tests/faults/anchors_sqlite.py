"""Keeps the stages of one model in SQLite, as its manual says: what mlreg is held against.

anchors_sqlite.py SYNCHRONOUS   (promotes 2.0.0 in the working directory)
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

_TIMEOUT_S = 60
_TABLES = """
CREATE TABLE versions (version TEXT PRIMARY KEY, stage TEXT NOT NULL);
CREATE TABLE history (number INTEGER PRIMARY KEY, version TEXT NOT NULL, reason TEXT NOT NULL);
INSERT INTO versions VALUES ('1.0.0', 'production'), ('2.0.0', 'development');
"""


def prepare(root: Path, journal: str) -> None:
    """Makes the database: one version in production, another that may come after it."""
    with _connected(root) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.executescript(_TABLES)


def promote(root: Path, version: str, reason: str, synchronous: str = "FULL") -> None:
    """Brings `version` to production, and writes down why."""
    with _connected(root) as connection:
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE versions SET stage = 'archived' WHERE stage = 'production'")
        connection.execute("UPDATE versions SET stage = 'production' WHERE version = ?", [version])
        connection.execute("INSERT INTO history (version, reason) VALUES (?, ?)", [version, reason])
        connection.execute("COMMIT")


def look(root: Path) -> Mapping[str, Sequence[Any]]:
    """Returns all that the tables say."""
    with _connected(root) as connection:
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("versions", "history")}


def problems(root: Path) -> Sequence[str]:
    """Returns what SQLite's own check finds."""
    with _connected(root) as connection:
        return [line for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"]


def change(root: Path, process: int, turn: int) -> str:
    """Promotes one of the versions and returns the reason that is given for it."""
    reason = f"{process} {turn}"
    promote(root, f"{1 + turn % 2}.0.0", reason)
    return reason


def run(program: str, words: Sequence[str]) -> None:
    """Promotes 2.0.0 in the working directory; `words` says how careful it is to be."""
    promote(Path.cwd(), "2.0.0", "better", *words)


@contextmanager
def _connected(root: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(root / "registry.db", timeout=_TIMEOUT_S, isolation_level=None)) as connection:
        yield connection


if __name__ == "__main__":
    run("sqlite", sys.argv[1:])
