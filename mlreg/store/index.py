"""Owns the table of all models in the cache, so that a listing reads one file instead of every history."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress

from mlreg.domain.listing import Summary, summary_of
from mlreg.errors import MlregError
from mlreg.ports import Backend, Cache
from mlreg.store import layout, tables
from mlreg.store.history import History, Seen
from mlreg.store.pages import Pages, UnusableError
from mlreg.store.snapshots import sight_of
from mlreg.store.tables import Line, Table

SNAPSHOT_AFTER = 8


class Index:
    """What the cache knows of all models. The stamp of a line is the mark of the model's last event."""

    def __init__(self, backend: Backend, history: History, cache: Cache) -> None:
        self._backend = backend
        self._history = history
        self._cache = cache

    def summaries(self, models: Sequence[str]) -> tuple[dict[str, Summary], dict[str, MlregError]]:
        """Returns what a listing says of `models`, which are all there are, by their folded names.

        And what is wrong with those whose events are damaged, or of which some are missing that the cache has seen.
        """
        table = tables.read(self._cache, layout.overview())
        known = _summaries(table)
        lines, found, faults = {}, dict[str, Summary](), dict[str, MlregError]()
        for model in {**known, **dict.fromkeys(models)}:
            try:
                line, summary = self._told(model, known.get(model), table.get(model))
            except MlregError as error:
                faults[model] = error
                line, summary = table.get(model), None  # what was seen of it is not forgotten
            if line is not None:
                lines[model] = line
            if summary is not None:
                found[model] = summary
        if lines != table:
            tables.write(self._cache, layout.overview(), lines)
        return found, faults

    def _told(self, model: str, summary: Summary | None, line: Line | None) -> tuple[Line | None, Summary | None]:
        """Returns the line and the summary of `model`: those that are known if nothing has happened since."""
        if summary is not None and line is not None and (fresh := self._checked(model, summary, line)):
            return fresh, summary
        state = self._history.state(model, snapshot_after=SNAPSHOT_AFTER)
        if not state.head:
            return None, None
        told = summary_of(state)
        return self._line(model, told), told

    def _checked(self, model: str, summary: Summary, line: Line) -> Line | None:
        """Returns the line of `model` if nothing has happened since, or None; where the last event was copied, anew."""
        key, next_key = layout.event(model, summary.head), layout.event(model, summary.head + 1)
        mark = self._backend.mark(key)
        if mark != line.stamp:
            self._history.check_seen(model, summary.head, summary.head_digest)
            line = line._replace(stamp=mark or "")
        return line if self._backend.mark(next_key) is None else None

    def _line(self, model: str, summary: Summary) -> Line:
        return tables.line_of(self._backend.mark(layout.event(model, summary.head)) or "", [summary])


def seen(cache: Cache, models: Iterable[str]) -> list[Seen]:
    """Returns the newest events that `cache` has seen of `models`, and of all models that it knows, by name."""
    known = _summaries(tables.read(cache, layout.overview()))
    found = {Seen(model, summary.head, summary.head_digest) for model, summary in known.items()}
    for model in known.keys() | set(models):
        data = cache.get(layout.snapshot(model))
        with suppress(UnusableError):
            if data is not None:
                found.add(Seen(model, *sight_of(Pages(data, layout.snapshot(model)))))
    return sorted(found)


def _summaries(table: Table) -> dict[str, Summary]:
    """Returns the summaries in a table, or none where they are not what was put there."""
    try:
        rows = json.loads(b"[%b]" % b",".join([line.data for line in table.values()]))
        return {model: Summary(*row) for model, row in zip(table, rows, strict=True)}
    except (ValueError, TypeError, RecursionError):
        return {}
