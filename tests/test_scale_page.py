"""The picture of docs/scale.md is of the run whose table stands there."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

DOCS = Path(__file__).parent.parent / "docs"
_ROW = re.compile(r"^(?P<name>\S.*?) {2,}.*?(?P<ms>[\d,]+) +\S+ +\S+ +(?P<mb>\d+) MB$")


def test_the_picture_shows_what_the_table_says() -> None:
    table = re.search(r"```text\n(CPU ms warm.*?)```", (DOCS / "scale.md").read_text(), re.DOTALL)
    assert table
    rows = [match.groups() for line in table[1].splitlines() if (match := _ROW.match(line))]
    picture = ElementTree.parse(DOCS / "pictures" / "scale.svg")
    panels = [[text.text for text in panel.findall("{*}text")][:3] for panel in picture.findall("{*}g")]
    assert {tuple(sorted(map(str, panel))) for panel in panels} == {
        tuple(sorted((name, f"{ms} ms", f"{mb} MB"))) for name, ms, mb in rows
    }
    assert len(rows) > 20
