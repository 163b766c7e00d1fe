"""Owns experiments: what a training run notes while it runs, and the versions that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from mlreg.adapters.surroundings import clock
from mlreg.answers.registered import Registered
from mlreg.domain.metric import Metric
from mlreg.domain.names import checked_line
from mlreg.domain.values import plain_mapping
from mlreg.errors import UsageError

Register = Callable[..., Registered]
Seconds = Callable[[], float]


class Notes:
    """What a run has noted so far: parameters, metrics, features. What is noted again covers what was."""

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self.metrics: dict[str, Any] = {}
        self.features: list[str] = []

    def log_param(self, name: str, value: Any) -> None:
        """Notes a parameter.

        Raises:
            UsageError: It cannot be stored.
        """
        self.log_params({name: value})

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Notes parameters: texts, numbers of any library, lists and mappings of them.

        Raises:
            UsageError: One of them cannot be stored; none is noted.
        """
        self.params.update(plain_mapping(params, "the parameters"))
        self._keep()

    def log_metric(self, name: str, value: Any) -> None:
        """Notes a metric; of one noted again and again, as in every epoch, the last value counts.

        Raises:
            UsageError: It is no number.
        """
        self.log_metrics({name: value})

    def log_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Notes metrics: numbers of any library, texts with a unit as `35ms`, mappings with `value` and `direction`.

        Raises:
            UsageError: One of them is no number; none is noted.
        """
        self.metrics.update({name: Metric.parse(name, value).stated() for name, value in metrics.items()})
        self._keep()

    def log_features(self, features: Iterable[str]) -> None:
        """Notes the features that the model is trained on, in order.

        Raises:
            UsageError: One of them is not one line of text.
        """
        self.features = [checked_line(name, "a feature") for name in features]
        self._keep()

    def _keep(self) -> None:
        """Writes down what is noted, where that has to be done at once."""


class Run(Notes):
    """One run of an experiment, to be used in a `with` statement.

    Args:
        register: Registers a version, as `Registry.register` does.
        experiment: The name of the experiment.
        increment: The project's increment.
        seconds: A clock that tells how long it took.
    """

    def __init__(
        self, register: Register, *, experiment: str, increment: str | None, seconds: Seconds = clock.seconds
    ) -> None:
        super().__init__()
        self.experiment = checked_line(experiment, "an experiment")
        self.increment = None if increment is None else checked_line(increment, "an increment")
        self.registered: list[Registered] = []
        self._register = register
        self._seconds = seconds
        self._began = seconds()

    def __enter__(self) -> Self:
        self._began = self._seconds()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Ends the run; an exception passes through, and versions that were registered stay."""

    @property
    def duration_s(self) -> float:
        """How long the run has taken up to now, in seconds."""
        return round(self._seconds() - self._began, 3)

    def register(self, name: str | Any, *models: Any, **facts: Any) -> Registered:
        """Registers a version with all that was noted, its number automatic unless one is stated.

        `run.register(model, "fraud-detector")` is understood as well.

        Args:
            name: The name of the model.
            models: The trained model, or the paths of its files, as `Registry.register` takes them.
            facts: All that `Registry.register` takes; it covers what was noted.

        Raises:
            MlregError: As `Registry.register` does.
        """
        answer = self._register(*names_first(name, models), **self._with_notes(facts))
        self.registered.append(answer)
        return answer

    def _with_notes(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        # how long it took is captured, not stated: or no run would ever be the same as the one before
        captured = {**(facts.get("captured") or {}), "run": {"duration_s": self.duration_s}}
        lineage = {"experiment": self.experiment, "increment": self.increment}
        return {**lineage, **with_notes(self, facts), "captured": captured}


def with_notes(notes: Notes, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arguments `facts` of a registration, completed by what was noted."""
    return {
        **facts,
        "params": {**notes.params, **(facts.get("params") or {})},
        "metrics": {**notes.metrics, **(facts.get("metrics") or {})},
        "features": facts.get("features") or notes.features,
    }


def names_first(name: Any, models: tuple[Any, ...]) -> tuple[Any, ...]:
    """Returns the name and the models in this order, where an object was said before the name.

    Raises:
        UsageError: No name was said.
    """
    if isinstance(name, str):
        return (name, *models)
    *before, last = (name, *models)
    if before and isinstance(last, str):
        return (last, *before)
    raise UsageError("what shall the model be called?", hint="write `run.register('NAME', model)`")
