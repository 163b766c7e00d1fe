"""`mlreg info`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from mlreg.answers.info import Info
from mlreg.cli import voices
from mlreg.cli.options import Name, VersionOrNone
from mlreg.cli.output import View
from mlreg.cli.rows import dotted
from mlreg.cli.text import ago, lines, number, size
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

_WHY_THIS = {"production": ", the one in production", "latest": ", the latest"}
EXAMPLES = """\b
Examples:
  mlreg info fraud-detector
  mlreg info fraud-detector@production~1
  mlreg info fraud-detector 'production@{2026-03-31}'
  mlreg info fraud-detector@^3.1 --json"""


def run(ctx: typer.Context, name: Name, version: VersionOrNone = None) -> None:
    """Tell all that is known of a version.

    A bare model means the version in production, else the latest.
    """
    session = ctx.obj
    answer = session.registry().info(name, version)
    reference = f"{answer.record.name}@{answer.standing.version}"
    view = View(rows=dotted(answer.document()), ids=[reference], draw=lambda on: _draw(on, answer))
    session.output().show(answer, view)


def _draw(on: screen.Screen, answer: Info) -> None:
    facts = answer.document()
    model = facts["model"]
    on.line(f"{facts['name']} {facts['version']}{_WHY_THIS.get(facts['resolved_by'], '')}", "bold")
    deprecated = facts["deprecated"]
    if deprecated:
        day = deprecated["end_of_life"]
        end = f", {answer.ending} ({day})" if answer.ending else f", ends on {day}" if day else ""
        on.line(f"deprecated: {deprecated['reason']}{end}", "bold red")
    if dropped := facts["dropped"]:
        on.line(f"its bytes were dropped {ago(dropped['at'])} by {dropped['by']}: {dropped['reason']}", "bold red")
    on.facts(
        [
            ("stage", screen.badge(facts["stage"])),
            ("replaced by", facts["replaced_by"]),
            ("promoted", f"{ago(facts['promoted_at'])} by {facts['promoted_by']}" if facts["promoted_at"] else None),
            ("registered", f"{ago(facts['registered_at'])} by {facts['registered_by']}"),
            ("framework", facts["framework"]),
            ("type", facts["type"]),
            ("owner", facts["owner"]),
            ("held", facts["hold"]["reason"] if facts["hold"] else None),
            ("on the disk", None if facts["stored_bytes"] is None else size(facts["stored_bytes"])),
            ("tags", " ".join(facts["tags"])),
            *((key.replace("_", " "), value) for key, value in facts["lineage"].items()),
            ("features", _shortened(facts["features"])),
            ("requirements", " ".join(facts["requirements"])),
            ("digest", facts["digest"][:19]),
        ]
    )
    _section(on, "metrics", [(name, number(value)) for name, value in facts["metrics"].items()])
    _section(on, "parameters", [(name, _joined(value)) for name, value in facts["params"].items()])
    _section(on, "approvals", voices.told(facts["approvals"]))
    _section(on, "custom facts", [(name, _joined(value)) for name, value in facts["meta"].items()])
    _section(on, "files", [(file["path"], _sized(file)) for file in facts["files"]])
    _section(on, "data set", [(key.replace("_", " "), value) for key, value in facts["dataset"].items()])
    for kind in ("environment", "git", "run"):
        _section(on, kind, [(key.replace("_", " "), _joined(value)) for key, value in facts[kind].items()])
    _section(
        on,
        "model",
        [
            ("versions", f"{model['versions']}: see `mlreg list {facts['name']}`"),
            *((stage, version) for stage, version in model["stages"].items()),
            ("latest", model["latest"]),
            *((f"@{alias}", version) for alias, version in model["aliases"].items()),
        ],
    )
    _section(on, "notes", [(ago(note["at"]), f"{note['by']}: {note['text'].strip()}") for note in facts["notes"]])
    if facts["description"]:
        on.heading("description")
        for line in lines(facts["description"]):
            on.line(line, indent=2)


def _section(on: screen.Screen, title: str, pairs: list[tuple[str, Any]]) -> None:
    if pairs:
        on.heading(title)
        on.facts(pairs[:20], indent=2)
        if len(pairs) > 20:
            on.line(f"and {len(pairs) - 20} more: see them all with `--json`", "dim", indent=2)


def _sized(file: Mapping[str, Any]) -> str:
    return size(file["size_bytes"]) + (f", {file['role']}" if file["role"] else "")


def _joined(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _shortened(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
