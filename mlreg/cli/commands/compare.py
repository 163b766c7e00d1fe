"""`mlreg compare`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.compared import Compared
from mlreg.cli.output import View
from mlreg.cli.text import number
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg compare fraud-detector 3.0.0 3.1.0
  mlreg compare fraud-detector production latest
  mlreg compare fraud-detector@production fraud-lite@latest --json"""


def run(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="NAME A B...", help="A model and its versions, or references.")],
) -> None:
    """Hold versions against the first of them: metrics, features, parameters, files, and what follows."""
    session = ctx.obj
    answer = session.registry().compare(*_references(words))
    view = View(
        rows=_rows(answer.document()),
        ids=[answer.document()["recommendation"]["verdict"]],
        draw=lambda on: _draw(on, answer),
    )
    session.output().show(answer, view)


def _references(words: Sequence[str]) -> list[str]:
    name, *versions = words
    if any("@" in word.split("{", 1)[0] and not word.startswith("sha256:") for word in words):
        return [word if "@" in word else f"{name.split('@', 1)[0]}@{word}" for word in words]
    if len(versions) < 2:
        raise UsageError("two versions are compared", hint=f"write `mlreg compare {name} A B`")
    return [f"{name}@{version}" for version in versions]


def _rows(facts: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    labels = facts["versions_compared"]
    for metric, line in facts["metric_comparison"].items():
        values = (line[label] for label in labels)
        yield "metric", metric, *values, line["difference"], line["difference_pct"], line["direction"], line["better"]
    for change in ("added", "removed", "modified"):
        yield from (("feature", name, change) for name in facts["features"][change])
    for name, values in facts["params"].items():
        yield "param", name, *(values[label] for label in labels if label in values)
    for change in ("added", "removed", "changed"):
        yield from (("file", path, change) for path in facts["files"][change])
    yield "recommendation", facts["recommendation"]["verdict"], facts["recommendation"]["text"]


def _draw(on: screen.Screen, answer: Compared) -> None:
    facts = answer.document()
    labels = facts["versions_compared"]
    title = f"{facts['name']}: {' against '.join(labels[:2])}" if len(labels) == 2 else facts["name"]
    on.line(title, "bold")
    rows = [_metric_row(metric, line, labels) for metric, line in facts["metric_comparison"].items()]
    if rows:
        on.table(("metric", *labels, "change", "", "better"), rows, right=(*labels, "change"))
    _draw_changes(on, facts)
    on.heading(facts["recommendation"]["text"])


def _metric_row(metric: str, line: Mapping[str, Any], labels: Sequence[str]) -> Sequence[Any]:
    texts = line.get("text") or {}
    values = (number(texts.get(label, line[label])) if line[label] is not None else "n/a" for label in labels)
    percent = line["difference_pct"]
    change = "n/a" if percent is None else f"{percent:+.1f} %"
    mark = {"up": "higher is better", "down": "lower is better"}.get(line["direction"], "")
    style = {None: "", labels[0]: "red"}.get(line["better"], "green")
    return metric, *values, screen.styled(change, style), screen.styled(mark, "dim"), line["better"] or ""


def _draw_changes(on: screen.Screen, facts: Mapping[str, Any]) -> None:
    features, files = facts["features"], facts["files"]
    on.facts(
        [
            ("features added", ", ".join(features["added"])),
            ("features removed", ", ".join(features["removed"])),
            ("features modified", ", ".join(features["modified"])),
            ("parameters changed", ", ".join(facts["params"])),
            (
                "files",
                ", ".join(f"{path} {change}" for change in ("added", "removed", "changed") for path in files[change]),
            ),
        ]
    )
