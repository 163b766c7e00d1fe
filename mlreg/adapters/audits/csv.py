"""Owns an audit as CSV (RFC 4180): one row for each row of each section, told apart by its first column.

Every row has as many cells as the longest; a spreadsheet takes none of them for a formula.
"""

from __future__ import annotations

import csv
import io
import re

from mlreg.domain import telling
from mlreg.domain.audit import Audit

_NUMBER = re.compile(r"[+-]?[0-9.]+([eE][+-]?[0-9]+)?%?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(audit: Audit) -> str:
    """Returns the sections one below the other, each with a row of its columns."""
    sections = telling.sections(audit)
    width = max(len(section.columns) for section in sections)
    stream = io.StringIO()
    writer = csv.writer(stream)
    for name, value in telling.facts(audit):
        writer.writerow(["fact", name, _cell(value), *[""] * (width - 2)])
    for section in sections:
        title = section.title.lower()
        for row in [section.columns, *section.rows]:
            writer.writerow([title, *map(_cell, row), *[""] * (width - len(row))])
    return stream.getvalue()


def _cell(text: str) -> str:
    """Returns `text` as a cell that no spreadsheet computes: a quote before what would begin a formula."""
    plain = telling.line(text)
    return f"'{plain}" if plain.startswith(_FORMULA) and not _NUMBER.fullmatch(plain) else plain
