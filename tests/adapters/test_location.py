"""Where the repository is, as the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlreg.adapters.surroundings import location


@pytest.fixture
def two(tmp_path: Path) -> dict[str, str]:
    """Two repositories, named by our variable and by that of the older system."""
    for name in ("ours", "older"):
        (tmp_path / name / ".mlreg").mkdir(parents=True)
    return {
        "MLREG_DIR": str(tmp_path / "ours"),
        "BRXA_MODEL_REGISTRY_PATH": str(tmp_path / "older"),
    }


def test_the_variable_of_the_older_system_is_accepted(two, tmp_path):
    del two["MLREG_DIR"]
    assert location.find(None, two) == tmp_path / "older/.mlreg"


def test_our_variable_comes_first(two, tmp_path):
    assert location.find(None, two) == tmp_path / "ours/.mlreg"


def test_what_the_user_says_comes_before_both(two, tmp_path):
    (tmp_path / "said/.mlreg").mkdir(parents=True)
    assert location.find(tmp_path / "said", two) == tmp_path / "said/.mlreg"
