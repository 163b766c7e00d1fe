"""Owns what every room works with: the repository, its configuration, the journal of one actor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from mlreg.domain.names import folded, suggestion
from mlreg.domain.stages import Stages
from mlreg.domain.state import Deprecation, ModelState, Standing
from mlreg.errors import MlregError, NotFoundError
from mlreg.journal import Decide, Journal, Outcome
from mlreg.lazy import LazyModule
from mlreg.store import layout
from mlreg.store.config import Config
from mlreg.store.repository import Repository

if TYPE_CHECKING:
    from mlreg.domain import ending as endings
    from mlreg.domain import listing, sheet
    from mlreg.domain import record as records
    from mlreg.domain.query import Query
    from mlreg.domain.record import ModelVersion
else:
    endings = LazyModule("mlreg.domain.ending")
    listing = LazyModule("mlreg.domain.listing")
    records = LazyModule("mlreg.domain.record")
    sheet = LazyModule("mlreg.domain.sheet")

CARDS_FROM = 64


class Bench:
    """A repository open for work in the name of one actor.

    Args:
        own: Tells what the configuration of the user says, which that of the repository goes before.
    """

    def __init__(self, repository: Repository, journal: Journal, own: Callable[[], Config] = Config) -> None:
        self.repository = repository
        self.journal = journal
        self._own = own
        self._config: Config | None = None

    def frozen(self) -> Bench:
        """Returns the same repository for work that writes nothing, not even to the cache."""
        return Bench(self.repository.frozen(), self.journal, self._own)

    @property
    def config(self) -> Config:
        """What the repository's `config.toml` says, and below it that of the user."""
        if self._config is None:
            self._config = self.repository.config().above(self._own())
        return self._config

    @property
    def stages(self) -> Stages:
        """The stages of the repository."""
        return self.config.stages

    def state(self, name: str) -> ModelState:
        """Returns where the model `name` stands.

        Raises:
            NotFoundError: There is no such model, in this spelling.
        """
        state = self.repository.history.state(name)
        if state.head and state.spelling == name:
            return state
        near = suggestion(name, [state.spelling] if state.head else self._spelled_like(name))
        raise NotFoundError(
            f"there is no model {name}",
            hint=near or "see which there are with `mlreg list`",
            facts={"model": name},
            code="model-not-found",
        )

    def _spelled_like(self, name: str) -> list[str]:
        """Returns the names of models that are near `name`, as they are spelled: folders have them folded."""
        history, spelled = self.repository.history, []
        for model in get_close_matches(folded(name), history.models()):
            with suppress(MlregError, OSError):  # of a model that is damaged no name is known
                spelled.append(history.read(layout.event(model, 1)).model)
        return spelled

    def record(self, state: ModelState, standing: Standing) -> ModelVersion:
        """Returns the facts of a version: its record, and what was stated of it later."""
        return records.with_late_facts(self.written(state, standing), standing.late)

    def written(self, state: ModelState, standing: Standing) -> ModelVersion:
        """Returns the record of a version as it was written."""
        return self.repository.catalog.read(state.spelling, str(standing.version), standing.record)

    def has_bytes(self, state: ModelState, standing: Standing) -> bool:
        """Whether all bytes of a version are here."""
        return self.repository.blobs.has_all(self.record(state, standing).files)

    def ending(self, deprecation: Deprecation | None) -> str | None:
        """Returns how near the end of a version is, as in `ends in 12 days`, None where it is far or not set."""
        return endings.ending(deprecation, self.journal.today()) if deprecation else None

    def end_notes(self, state: ModelState, standings: Iterable[Standing]) -> list[str]:
        """Returns a sentence for each of the versions `standings` of a model whose end is near or past."""
        deprecated = [standing for standing in standings if standing.deprecated]
        return endings.end_notes(state, deprecated, self.journal.today()) if deprecated else []

    def lines(self, state: ModelState) -> list[listing.VersionLine]:
        """Returns what a listing says of the versions of a model, the greatest first.

        Raises:
            IntegrityError: A record is missing or damaged.
        """
        briefs = listing.briefs_of(state)
        if len(briefs) < CARDS_FROM:
            written = (self.record(state, standing) for standing in state.in_order())
            metrics: list[Mapping[str, Any]] = [record.shown_metrics() for record in written]
        else:
            shown = self.repository.cards.shown(state.spelling, briefs)
            metrics = [sheet.shown_metrics(one, brief.late) for one, brief in zip(shown, briefs, strict=True)]
        lines = [listing.VersionLine(state.spelling, brief, one) for brief, one in zip(briefs, metrics, strict=True)]
        return [self._with_ending(line) for line in lines]

    def search(self, query: Query) -> tuple[list[listing.VersionLine], Mapping[str, MlregError]]:
        """Returns the versions that `query` means, in its order, and by name what is wrong with models passed over.

        Raises:
            NotFoundError: It names a model that there is not.
            IntegrityError: The history of the model that it names is damaged.
        """
        if query.model is None:
            summaries, faults = self.repository.overview()
        else:
            summaries, faults = [listing.summary_of(self.state(query.model))], {}
        hits = self.repository.search.found(query, summaries)
        return [self._with_ending(line) for line in hits.lines], {**faults, **hits.faults}

    def _with_ending(self, line: listing.VersionLine) -> listing.VersionLine:
        gone = line.brief.deprecated
        return line._replace(ending=self.ending(Deprecation(**gone))) if gone else line

    def commit(self, name: str, wish: Decide, *, dry_run: bool) -> Outcome:
        """Decides `wish` on where the model `name` stands, and adds the event unless it is a dry run."""
        state = self.state(name)
        return self.journal.foresee(state, wish) if dry_run else self.journal.commit(state, name, wish)
