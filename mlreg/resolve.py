"""Owns the way from words to a version: reads the model's history, then asks the rules which version is meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mlreg.domain.names import suggestion
from mlreg.domain.record import ModelVersion
from mlreg.domain.refs import ByVersion, Ref, Resolved, parse_ref, parse_selector, resolve
from mlreg.domain.stages import Stages
from mlreg.domain.state import ModelState, Standing
from mlreg.errors import NotFoundError, UsageError
from mlreg.store.repository import Repository

Bare = Callable[[ModelState], Resolved]


@dataclass(frozen=True, slots=True)
class Found:
    """A version of a model, what found it, and what was assumed on the way."""

    state: ModelState
    standing: Standing
    by: str
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The model's name."""
        return self.state.spelling

    @property
    def version(self) -> str:
        """The version as text."""
        return str(self.standing.version)


def known_state(repository: Repository, name: str) -> ModelState:
    """Returns where the model `name` stands.

    Raises:
        NotFoundError: There is no such model, in this spelling.
    """
    state = repository.history.state(name)
    if state.head and state.spelling == name:
        return state
    models = [state.spelling] if state.head else repository.history.models()
    near = suggestion(name, models)
    raise NotFoundError(
        f"there is no model {name}",
        hint=near or "see which there are with `mlreg list`",
        facts={"model": name},
        code="model-not-found",
    )


def read_record(repository: Repository, state: ModelState, standing: Standing) -> ModelVersion:
    """Returns the record of a version."""
    return repository.catalog.read(state.spelling, str(standing.version), standing.record)


def joined_ref(name: str, version: str | None, stages: Stages) -> Ref:
    """Returns the reference that the two words `NAME VERSION`, or the one `NAME@VERSION`, are.

    Raises:
        UsageError: The version is said twice, or one of the words means nothing.
    """
    ref = parse_ref(name, stages)
    if version is None:
        return ref
    if ref.selector is not None:
        raise UsageError(
            f"the version is said twice: {name} and {version}", hint=f"write `{ref.name} {version}`"
        )
    return Ref(ref.name, parse_selector(version, stages), f"{name}@{version}")


def find(repository: Repository, ref: Ref, *, stages: Stages, bare: Bare) -> Found:
    """Returns the version that `ref` means; `bare` says which it is where only a model is named.

    Raises:
        NotFoundError: There is no such model or version.
    """
    return find_in(repository, known_state(repository, ref.name), ref, stages=stages, bare=bare)


def find_in(repository: Repository, state: ModelState, ref: Ref, *, stages: Stages, bare: Bare) -> Found:
    """Returns the version of the model that stands as `state` says that `ref` means.

    Raises:
        NotFoundError: There is no such version.
    """
    if ref.selector is None:
        resolved = bare(state)
    else:
        resolved = resolve(
            state,
            ref.selector,
            stages=stages,
            digests=lambda standing: [file.digest for file in read_record(repository, state, standing).files],
            asked=ref.text,
        )
    notes = [resolved.note] if resolved.note else []
    if isinstance(ref.selector, ByVersion) and ref.selector.partial:
        notes.append(f"{ref.text} was read as {state.spelling}@{resolved.standing.version}")
    return Found(state, resolved.standing, resolved.by, tuple(notes))
