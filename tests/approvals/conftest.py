"""The towns in which approvals are given and forged: made once, copied for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from town import Town, make_keys, settle


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the key pairs of everybody."""
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def settled(keys: Path) -> Town:
    """Two versions that nobody has approved; ann is the root, bo and cy are of the group `risk`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(keys / "nowhere"))
        return settle(Town(keys))


@pytest.fixture
def town(settled: Town) -> Town:
    """A copy of `settled` of one's own."""
    return settled.copy()
