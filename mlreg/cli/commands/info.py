"""`mlreg info`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from mlreg.answers.info import Info
from mlreg.cli.options import Name, VersionOrNone
from mlreg.cli.output import View
from mlreg.cli.text import ago, lines, number, size
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg info fraud-detector
  mlreg info fraud-detector@production~1
  mlreg info fraud-detector 'production@{2026-03-31}'
  mlreg info fraud-detector@^3.1 --json"""


def run(ctx: typer.Context, name: Name, version: VersionOrNone = None) -> None:
    """Tell all that is known of a version; of a bare model, of the one in production."""
    session = ctx.obj
    answer = session.registry().info(name, version)
    reference = f"{answer.record.name}@{answer.standing.version}"
    view = View(rows=_rows(answer.document()), ids=[reference], draw=lambda on: _draw(on, answer))
    session.output().show(answer, view)


def _rows(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yields every fact as a dotted name and its value."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            if name or key != "schema":
                yield from _rows(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _rows(item, f"{name}.{index}")
    else:
        yield name, _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return json.dumps(value) if value is not None else ""
    return "" if value in ([], {}) else value


def _draw(on: screen.Screen, answer: Info) -> None:
    facts = answer.document()
    on.line(f"{facts['name']} {facts['version']}", "bold")
    deprecated = facts["deprecated"]
    if deprecated:
        until = f", gone after {deprecated['end_of_life']}" if deprecated["end_of_life"] else ""
        on.line(f"deprecated: {deprecated['reason']}{until}", "bold red")
    on.facts(
        [
            ("stage", screen.badge(facts["stage"])),
            ("replaced by", facts["replaced_by"]),
            ("promoted", f"{ago(facts['promoted_at'])} by {facts['promoted_by']}" if facts["promoted_at"] else None),
            ("registered", f"{ago(facts['registered_at'])} by {facts['registered_by']}"),
            ("framework", facts["framework"]),
            ("type", facts["type"]),
            ("owner", facts["owner"]),
            ("tags", " ".join(facts["tags"])),
            ("size", size(facts["size_bytes"])),
            ("digest", facts["digest"]),
            *((key.replace("_", " "), value) for key, value in facts["lineage"].items()),
            ("features", _shortened(facts["features"])),
            ("requirements", " ".join(facts["requirements"])),
        ]
    )
    _section(on, "metrics", [(name, number(value)) for name, value in facts["metrics"].items()])
    _section(on, "parameters", list(facts["params"].items()))
    _section(on, "custom facts", list(facts["meta"].items()))
    _section(on, "files", [(file["path"], size(file["size_bytes"])) for file in facts["files"]])
    _section(on, "environment", list(facts["environment"].items()))
    if facts["description"]:
        on.heading("description")
        for line in lines(facts["description"]):
            on.line(line)


def _section(on: screen.Screen, title: str, pairs: list[tuple[str, Any]]) -> None:
    if pairs:
        on.heading(title)
        on.facts(pairs[:20])
        if len(pairs) > 20:
            on.line(f"and {len(pairs) - 20} more: see them all with `--json`", "dim")


def _shortened(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" … ({len(names)} in all)" if len(names) > 8 else "")
