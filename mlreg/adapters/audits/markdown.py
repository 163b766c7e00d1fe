"""Owns an audit as Markdown, as GitHub and GitLab show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mlreg.domain import telling
from mlreg.domain.audit import Audit

_MARKS = {telling.YES: "✅ yes", telling.NO: "❌ no", telling.UNKNOWN: "– nothing to say"}


def render(audit: Audit) -> str:
    """Returns the report: a title, the facts, a section with a table for each part."""
    return "\n".join(_lines(audit)) + "\n"


def _lines(audit: Audit) -> Iterator[str]:
    yield f"# Audit of {escaped(audit.name)}"
    yield ""
    for name, value in telling.facts(audit):
        yield f"- **{escaped(name)}**: {escaped(value)}"
    for section in telling.sections(audit):
        yield from ("", f"## {section.title}", "", section.about, "")
        if section.rows:
            yield from table(section.columns, section.rows)
        else:
            yield section.empty


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yields the lines of a table."""
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(_MARKS.get(cell, escaped(cell)) for cell in row)} |"


def escaped(text: str) -> str:
    """Returns `text` as it reads: no table, tag, link, image, mention or emphasis begins in it."""
    return re.sub(
        r"[\\|<>\[\]`*_#!&~]|(?<!\w)@|:(?=//)|(?<=www)\.", lambda match: f"&#{ord(match[0])};", telling.line(text)
    )
