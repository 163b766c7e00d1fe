"""The bench for faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest

from .lab import Lab
from .racing import Arena
from .subjects import Subject, Words
from .trial import Trial
from .workshop import opened_lab, why_not


@pytest.fixture(scope="session")
def workshop() -> Iterator[tuple[Lab, Path]]:
    if why := why_not():
        pytest.skip(why)
    with opened_lab() as workshop:
        yield workshop


@pytest.fixture(scope="session")
def lab(workshop: tuple[Lab, Path]) -> Lab:
    return workshop[0]


@pytest.fixture(scope="session")
def trial_of(workshop: tuple[Lab, Path]) -> Callable[[Subject], Trial]:
    """Puts a subject on the bench; one that was there is not prepared again."""
    lab, directory = workshop
    known: dict[str, Trial] = {}
    numbers = count()

    def get(subject: Subject) -> Trial:
        if subject.name not in known:
            known[subject.name] = Trial(lab, subject, directory / f"subject-{next(numbers)}")
        return known[subject.name]

    return get


@pytest.fixture
def arena(workshop: tuple[Lab, Path], tmp_path: Path) -> Callable[[Sequence[Words]], Arena]:
    """Opens an arena in the state that some commands make."""
    return lambda before: Arena(workshop[0], tmp_path / "arena", before)
