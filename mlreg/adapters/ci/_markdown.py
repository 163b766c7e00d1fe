"""Owns a document as Markdown, and its scalars: what every system of pipelines can show."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_CELL_MAX_CHARACTERS = 300


def scalars(document: Mapping[str, Any]) -> dict[str, str]:
    """Returns the texts, numbers and truths of `document` by name; `verdict` is taken out of a recommendation."""
    recommendation = document.get("recommendation")
    flat = {**document, **({"verdict": recommendation["verdict"]} if isinstance(recommendation, Mapping) else {})}
    return {name: _word(value) for name, value in flat.items() if isinstance(value, str | int | float)}


def markdown(document: Mapping[str, Any]) -> str:
    """Returns `document` as a Markdown section: a title, a table of its scalars, a table for each list in it."""
    verb = str(document.get("schema", "mlreg")).removeprefix("mlreg.").partition("/")[0]
    lines = [f"### mlreg {verb}", ""]
    facts = {name: value for name, value in scalars(document).items() if name not in ("schema", "verdict")}
    told = [*facts.items(), *_recommended(document)]
    lines += _table(("what", "it"), told) if told else []
    if "metric_comparison" in document:
        lines += _metrics(document["versions_compared"], document["metric_comparison"])
    for name, value in document.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            columns = list(dict.fromkeys(key for row in value for key in row))
            lines += [f"**{_cell(name)}**", "", *_table(columns, ([row.get(key) for key in columns] for row in value))]
    return "\n".join(lines) + "\n"


def _recommended(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    recommendation = document.get("recommendation")
    if isinstance(recommendation, Mapping):
        yield "recommendation", str(recommendation["text"])


def _metrics(labels: Sequence[str], comparison: Mapping[str, Any]) -> list[str]:
    rows = [
        (metric, *(row.get(label) for label in labels), row["difference_pct"], row["better"])
        for metric, row in comparison.items()
    ]
    return _table(("metric", *labels, "change %", "better"), rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    head = [_row(columns), _row(["---"] * len(columns))]
    return [*head, *(_row([_cell(value) for value in row]) for row in rows), ""]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: Any) -> str:
    """Returns `value` as the cell of a table: no column, line, tag, link or mention of its own."""
    text = " ".join(_word(value).split())[:_CELL_MAX_CHARACTERS]
    return re.sub(r"[\\|<>\[\]()`*_#!@&~]", lambda match: f"&#{ord(match[0])};", text)


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(map(_word, value))
    if isinstance(value, Mapping) and (sentence := value.get("message") or value.get("text")):
        return str(sentence)
    return "" if value is None else json.dumps(value, ensure_ascii=False)
