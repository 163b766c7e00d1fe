"""`mlreg compare`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlreg.answers.compared import Compared
from mlreg.cli import deltas
from mlreg.cli.output import View
from mlreg.cli.text import number, size
from mlreg.domain.names import quoted
from mlreg.domain.refs import joined
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
    from mlreg.domain.compare import Comparison
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg compare fraud-detector 3.0.0 3.1.0
  mlreg compare fraud-detector production latest
  mlreg compare fraud-detector production latest --fail-on regression
  mlreg compare fraud-detector@production fraud-lite@latest --json"""


def run(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="NAME A B...", help="A model and its versions, or references.")],
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", metavar="regression|keep", help="Exit 1 where a metric is worse, or all in all."),
    ] = None,
) -> None:
    """Compare versions: metrics, features, parameters, files.

    The first is the baseline, the others are candidates. What follows from it is said at the end.
    """
    fails = _failing(fail_on)
    session = ctx.obj
    answer = session.registry().compare(*_references(words))
    view = View(
        rows=_rows(answer.document()),
        ids=[answer.document()["recommendation"]["verdict"]],
        draw=lambda on: _draw(on, answer),
    )
    output = session.output()
    output.show(answer, view)
    if failures := fails(answer.comparison):
        output.remark(f"failed: {'; '.join(failures)}")
        raise typer.Exit(1)


def _failing(word: str | None) -> Callable[[Comparison], Sequence[str]]:
    """Returns what tells why a comparison fails where `--fail-on` says `word`."""
    if word is None:
        return lambda comparison: ()
    if word in _FAILS:
        return _FAILS[word]
    raise UsageError(
        f"{quoted(word)} is nothing to fail on", hint=f"write `--fail-on {'` or `--fail-on '.join(_FAILS)}`"
    )


def _regressions(comparison: Comparison) -> Sequence[str]:
    candidate = comparison.versions[comparison.leading][0]
    return [f"{row.name} is worse in {candidate}" for row in comparison.metrics if row.outcome == "declined"]


def _kept(comparison: Comparison) -> Sequence[str]:
    return [comparison.document()["recommendation"]["text"]] if comparison.verdict == "keep" else []


_FAILS: Mapping[str, Callable[[Comparison], Sequence[str]]] = {"regression": _regressions, "keep": _kept}


def _references(words: Sequence[str]) -> list[str]:
    """Returns the references that `NAME A B…`, `NAME@A B…` or `REF REF…` mean."""
    references = joined(words)
    if len(references) < 2:
        model = words[0].partition("@")[0]
        raise UsageError("two versions are compared", hint=f"write `mlreg compare {model} production latest`")
    return references


def _rows(facts: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    labels = facts["versions_compared"]
    for metric, line in facts["metric_comparison"].items():
        values = (line[label] for label in labels)
        yield "metric", metric, *values, line["difference"], line["difference_pct"], line["direction"], line["better"]
    if "comparisons" not in facts:
        yield from _change_rows(facts)
    for pair in facts.get("comparisons", ()):
        yield from ((*row, pair["candidate"]) for row in _change_rows(pair))


def _change_rows(facts: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Yields what changed but the metrics, and what follows from all, from the baseline to one candidate."""
    labels = facts["versions_compared"]
    for change in ("added", "removed", "modified"):
        yield from (("feature", name, change) for name in facts["features"][change])
    for name, values in facts["params"].items():
        yield "param", name, *(values[label] for label in labels if label in values)
    for change in ("added", "removed", "changed"):
        yield from (("file", path, change) for path in facts["files"][change])
    yield "recommendation", facts["recommendation"]["verdict"], facts["recommendation"]["text"]


def _draw(on: screen.Screen, answer: Compared) -> None:
    facts = answer.document()
    old, *others = facts["versions_compared"]
    candidate = facts["candidate"]
    title = f"{old} {on.arrow} {', '.join(others)}"
    on.line(title if "@" in old else f"{facts['name']}: {title}", "bold")
    on.line()
    metrics = facts["metric_comparison"]
    if metrics and len(others) == 1:
        deltas.draw(on, metrics, old, candidate)
    elif metrics:
        on.table(
            _many_columns(facts["versions_compared"]),
            [_many(name, metrics[name], facts["versions_compared"]) for name in metrics],
        )
    else:
        on.line("none of them has a metric: `mlreg register --metric auc=0.91` states one")
    if len(others) == 1:
        on.line()
        _draw_changes(on, facts)
        on.heading(_headline(facts["recommendation"], candidate))
        on.line(facts["recommendation"]["text"])
    for pair in facts.get("comparisons", ()):
        on.heading(f"{_headline(pair['recommendation'], pair['candidate'])}, against {old}")
        _draw_changes(on, pair)
        on.line(pair["recommendation"]["text"])


def _many_columns(labels: Sequence[str]) -> Sequence[screen.Column]:
    values = (screen.Column(label, is_number=True) for label in labels)
    return screen.Column("metric", least=16), *values, screen.Column("best")


def _many(metric: str, line: Mapping[str, Any], labels: Sequence[str]) -> Sequence[Any]:
    values = (deltas.value(line, label) for label in labels)
    return metric, *values, screen.styled(line["better"] or "-", "green")


def _draw_changes(on: screen.Screen, facts: Mapping[str, Any]) -> None:
    old, new = facts["versions_compared"]
    features, files, sizes = facts["features"], facts["files"], facts["files"]["size_bytes"]
    before, after = size(sizes[old]), size(sizes[new])
    on.facts(
        [
            *((f"features {change}", ", ".join(features[change])) for change in ("added", "removed", "modified")),
            *(
                (f"parameter {name}", f"{_param(values, old)} {on.arrow} {_param(values, new)}")
                for name, values in facts["params"].items()
            ),
            ("signature", ", ".join(f"{line['path']} {line['change']}" for line in facts["signature"]["changes"])),
            *((f"files {change}", ", ".join(files[change])) for change in ("added", "removed", "changed")),
            ("size", before if before == after else f"{before} {on.arrow} {after}"),
        ]
    )


def _param(values: Mapping[str, Any], label: str) -> str:
    return "unset" if values.get(label) is None else number(values[label])


def _headline(recommendation: Mapping[str, Any], candidate: str) -> str:
    counts = {name: recommendation[name] for name in ("improved", "declined", "tied", "unknown", "missing")}
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "no metrics"
    if counts["improved"] and counts["improved"] == sum(counts.values()):
        return f"{candidate} is better (improvement in all metrics)"
    return f"{candidate}: {said}"
