"""The bench for scans. Its long form runs with `pytest -m long tests/scanning`, and not otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is long, unless it was asked for."""
    if "long" in config.option.markexpr:
        return
    long = [item for item in items if HERE in item.path.parents and item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]
