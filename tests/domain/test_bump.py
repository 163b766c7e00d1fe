from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlreg.domain.bump import bump_level, understates
from mlreg.domain.record import ModelVersion
from mlreg.domain.semver import Level, Version

features = st.lists(st.sampled_from(list("abcdefgh")), min_size=1)
LEVELS: list[Level] = ["patch", "minor", "major"]


def of(*names: str) -> ModelVersion:
    return ModelVersion("fraud", Version.parse("1.4.0"), features=names)


@pytest.mark.parametrize(
    ("old", "new", "level", "reasons"),
    [
        ("age income", "age", "major", ["feature 'income' was removed"]),
        ("age", "age income", "minor", ["feature 'income' was added"]),
        ("age", "income", "major", ["feature 'age' was removed", "feature 'income' was added"]),
        ("age income", "age income", "patch", ["the features are those of 1.4.0"]),
        ("age income", "income age", "patch", ["the features are those of 1.4.0"]),
        ("", "age", "patch", ["1.4.0 declares no features"]),
        ("age", "", "patch", ["no features are declared"]),
        ("", "", "patch", ["1.4.0 declares no features"]),
    ],
)
def test_the_feature_list_alone_decides(old: str, new: str, level: Level, reasons: list[str]) -> None:
    assert bump_level(of(*old.split()), new.split()) == (level, reasons)


def test_without_a_release_below_it_is_a_patch_and_says_so() -> None:
    assert bump_level(None, ["age"]) == ("patch", ["there is no release below"])


@pytest.mark.parametrize(
    ("count", "reasons"),
    [
        (3, ["feature 'f0' was added", "feature 'f1' was added", "feature 'f2' was added"]),
        (4, ["4 features were added: 'f0', 'f1', 'f2', 1 more"]),
        (30, ["30 features were added: 'f0', 'f1', 'f2', 27 more"]),
    ],
)
def test_many_features_are_one_reason(count: int, reasons: list[str]) -> None:
    assert bump_level(of("age"), ["age", *(f"f{number}" for number in range(count))]) == ("minor", reasons)


@given(features, features)
def test_a_removal_one_way_is_an_addition_the_other_way(old: list[str], new: list[str]) -> None:
    there, _ = bump_level(of(*old), new)
    back, _ = bump_level(of(*new), old)
    assert (there == "patch") == (back == "patch")
    assert there != "minor" or back == "major"


@pytest.mark.parametrize(
    ("stated", "needed", "answer"),
    [
        ("1.4.1", "patch", False),
        ("1.4.1", "minor", True),
        ("1.5.0", "minor", False),
        ("1.5.0", "major", True),
        ("1.5.7", "minor", False),
        ("2.0.0", "major", False),
        ("2.0.0-rc.1", "major", False),
        ("2.3.4", "patch", False),
    ],
)
def test_a_stated_version_understates_where_its_step_is_smaller(stated: str, needed: Level, answer: bool) -> None:
    assert understates(Version.parse(stated), Version.parse("1.4.0"), needed) is answer


@given(st.sampled_from(LEVELS), st.sampled_from(LEVELS))
def test_the_automatic_version_never_understates(level: Level, needed: Level) -> None:
    baseline = Version.parse("1.4.2")
    assert understates(baseline.bump(level), baseline, needed) == (LEVELS.index(level) < LEVELS.index(needed))
