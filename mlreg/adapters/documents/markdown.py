"""Owns the sections of living documents as Markdown: the page of a model, the history of deployments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlreg.adapters.audits.markdown import escaped, table
from mlreg.domain import living
from mlreg.domain.audit import Move
from mlreg.domain.living import Page

_COLUMNS = ("Date", "Model", "Version", "Stage", "What", "By", "Reason")


def page(told: Page) -> str:
    """Returns the page of a model: what serves, the table of its versions, the way back."""
    return "\n".join(_page(told))


def deployments(moves: Mapping[str, Sequence[Move]]) -> str:
    """Returns the table of all moves of the models, by name, the newest first."""
    rows = [
        (living.day(move.event.at), name, move.event.version or "-", living.stage_word(move.stage or "-"),
         f"{move.event.kind}, forced" if move.is_forced else move.event.kind, move.event.actor,
         move.event.reason or "")
        for name, of_one in moves.items()
        for move in of_one
    ]  # fmt: skip
    ordered = sorted(rows, key=lambda row: row[0], reverse=True)
    return "\n".join(table(_COLUMNS, ordered)) if ordered else "Nothing was deployed."


def _page(told: Page) -> Iterator[str]:
    stage = living.title(told.stage)
    yield f"## {escaped(living.title(told.name))} - {escaped(stage)}"
    yield ""
    yield f"### Current {escaped(stage)} Model"
    yield ""
    if told.current is None:
        yield f"Nothing is in {escaped(told.stage)}."
    else:
        yield f"- Version: v{told.current.standing.version}"
        yield f"- Deployed: {living.day(told.current.deployed)}"
        for name, metric in living.headline(told.current.metrics):
            yield f"- {escaped(living.metric_line(name, metric))}"
    yield from ("", "### Version History", "")
    yield from _versions(told)
    yield from ("", "### Rollback Plan", "")
    yield from _plan(told)


def _versions(told: Page) -> Iterator[str]:
    main = living.main_metric(told.versions)
    column = living.words(main) if main else "Metric"
    rows = [
        (
            f"v{line.standing.version}",
            living.stage_word(line.standing.stage),
            living.metric_value(line.metrics.get(main)) if main else "-",
            living.day(line.deployed),
            living.note(line, told),
        )
        for line in told.versions
    ]
    yield from table(("Version", "Stage", escaped(column), "Deployed", "Notes"), rows)
    if told.total > len(rows):
        yield ""
        yield f"{told.total - len(rows)} more: `mlreg list {told.name}`"


def _plan(told: Page) -> Iterator[str]:
    if told.current is None:
        yield f"Nothing is in {escaped(told.stage)}, so there is nothing to go back from."
        return
    version = told.current.standing.version
    if told.way_back is None:
        yield f"There is no version to go back to from v{version}."
        return
    yield f"If v{version} issues detected:"
    yield ""
    yield f"1. Rollback to v{told.way_back} (tested, stable)"
    yield "2. Investigate issue in staging"
    yield f"3. Deploy fix as v{told.next_fix}"
    yield from ("", "```sh", f'mlreg rollback {told.name} --reason "WHY"', "```")
