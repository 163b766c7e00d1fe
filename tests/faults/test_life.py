"""Any sequence of commands, faults and power cuts, one after the other on one repository."""

from __future__ import annotations

import pytest

from .life import Life


@pytest.mark.parametrize("seed", range(4))
def test_a_repository_survives_whatever_happens_to_it(lab, tmp_path, seed):
    Life(lab, tmp_path, seed).live(25)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 200))
def test_many_repositories_survive_whatever_happens_to_them(lab, tmp_path, seed):
    Life(lab, tmp_path, seed).live(50)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(300, 400))
def test_many_repositories_survive_power_cuts_after_which_anything_may_be_left(lab, tmp_path, seed):
    Life(lab, tmp_path, seed, mixes=True).live(50)
