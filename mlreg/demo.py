"""Owns the demonstration: trains real models and types the commands of their life, each with its true output."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from mlreg.adapters import load
from mlreg.errors import MissingError

EXTRA = "sklearn"
_USUAL = "digits"


def prepare(directory: Path) -> ModuleType:
    """Trains the models of the demonstration below `directory` and returns it: its `STEPS` are to be typed there.

    Raises:
        MissingError: scikit-learn is not installed.
    """
    try:
        demo = load("demos", _USUAL)
    except ModuleNotFoundError as error:
        raise MissingError(
            f"the demonstration trains real models and needs the package {error.name!r}",
            hint=f"install it with `pip install 'mlreg[{EXTRA}]'`",
            facts={"package": error.name, "extra": EXTRA},
        ) from None
    (directory / ".gitignore").write_text("*\n")  # it may stand in somebody's working tree
    demo.train(directory)
    return demo


def steps(demo: ModuleType) -> Iterator[tuple[str, str]]:
    """Yields what is shown and the command that shows it."""
    yield from demo.STEPS
