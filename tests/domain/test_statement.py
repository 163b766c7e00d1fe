"""Registering: what was stated, whether the same is there, and which number comes next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_life import rows, tell

from mlreg.domain.record import ModelVersion
from mlreg.domain.semver import Version
from mlreg.domain.state import ModelState, Standing
from mlreg.domain.statement import Choice, choose_version, find_same, stated_version
from mlreg.errors import ConflictError, UsageError

NOTHING: dict[str, Any] = {
    **{name: {} for name in ("metrics", "params", "lineage", "dataset", "meta", "captured")},
    **dict.fromkeys(("features", "requirements", "tags"), ()),
    **dict.fromkeys(("signature", "framework", "type", "owner", "description")),
}


def state_of(**facts: Any) -> ModelVersion:
    return stated_version("fraud", **{**NOTHING, **facts})


def known(versions: str) -> tuple[ModelState, Callable[[Standing], ModelVersion]]:
    """Returns a model with versions such as `1:ab 1.1.0:abc`, each with its features, and what reads their records."""
    features = dict(word.partition(":")[::2] for word in versions.split())
    state = tell("; ".join(f"register {version}" for version in features))
    named = {str(Version.parse_loose(version)): tuple(letters) for version, letters in features.items()}

    def read(standing: Standing) -> ModelVersion:
        return ModelVersion("fraud", standing.version, features=named[str(standing.version)])

    return state, read


def choose(versions: str, features: str = "", *, stated: str | None = None, bump: str = "auto") -> Choice:
    state, read = known(versions)
    number = Version.parse(stated) if stated else None
    return choose_version(state, state_of(features=list(features)), stated=number, bump=bump, read=read)


@pytest.mark.parametrize(
    ("versions", "features", "bump", "version", "level"),
    rows("""
                            |     | auto  | 1.0.0  | major
                            |     | patch | 1.0.0  | major
    1:ab                    | ab  | auto  | 1.0.1  | patch
    1:ab                    | abc | auto  | 1.1.0  | minor
    1:ab                    | a   | auto  | 2.0.0  | major
    1:ab                    | bc  | auto  | 2.0.0  | major
    1:ab                    |     | auto  | 1.0.1  | patch
    1:                      | ab  | auto  | 1.0.1  | patch
    1:ab 2:abc 1.5.0:a      | abc | auto  | 2.0.1  | patch
    1:ab 2.0.0-rc.1:abc     | ab  | auto  | 1.0.1  | patch
    1.9.0:ab 1.10.0:abc     | abc | auto  | 1.10.1 | patch
    1.0.0+build:ab          | abc | auto  | 1.1.0  | minor
    1.0.0-rc.1:ab           | ab  | auto  | 1.0.0  | patch
    2.1.0-rc.1:ab 0.1.0-a:a | a   | auto  | 2.1.0  | patch
    1.2.0-rc.1:ab           | ab  | major | 2.0.0  | major
    1.2.0-rc.1:ab           | ab  | minor | 1.2.0  | minor
    1:ab                    | ab  | patch | 1.0.1  | patch
    1:ab                    | ab  | minor | 1.1.0  | minor
    1:ab                    | ab  | major | 2.0.0  | major
    1:ab                    | a   | patch | 1.0.1  | patch
    """),
)
def test_the_number_is_raised_by_what_changed_or_as_asked(
    versions: str, features: str, bump: str, version: str, level: str
) -> None:
    choice = choose(versions, features, bump=bump)
    assert (str(choice.version), choice.level) == (version, level)


def test_deprecated_and_archived_releases_are_baselines_too() -> None:
    state = tell("register 1; register 2; deprecate 2; archive 2")
    read = known("1: 2:")[1]
    assert str(choose_version(state, state_of(), stated=None, bump="auto", read=read).version) == "2.0.1"


def test_the_reasons_name_what_changed() -> None:
    assert choose("1:ab", "bc").reasons == ["feature 'a' was removed", "feature 'c' was added"]
    assert choose("1:ab", "ab", bump="major").reasons == ["as asked"]


@pytest.mark.parametrize(
    ("versions", "features", "stated", "warning"),
    rows("""
    1:ab     | a   | 1.0.1 | 1.0.1 says less than what changed since 1.0.0: feature 'b' was removed (major)
    1:ab     | abc | 1.0.1 | 1.0.1 says less than what changed since 1.0.0: feature 'c' was added (minor)
    1:ab     | a   | 1.1.0 | 1.1.0 says less than what changed since 1.0.0: feature 'b' was removed (major)
    1:ab 3:a | a   | 1.5.0 | 1.5.0 says less than what changed since 1.0.0: feature 'b' was removed (major)
    """),
)
def test_a_stated_version_that_says_less_is_taken_with_a_warning(
    versions: str, features: str, stated: str, warning: str
) -> None:
    choice = choose(versions, features, stated=stated)
    assert (str(choice.version), choice.level, list(choice.warnings)) == (stated, None, [warning])


@pytest.mark.parametrize(
    ("versions", "features", "stated"),
    rows("""
                  | a   | 0.0.1
    1:ab          | a   | 2.0.0
    1:ab          | abc | 1.1.0
    1:ab          | abc | 7.0.0
    1:ab          | ab  | 1.0.1
    2:ab          | a   | 1.0.0
    1.0.0-rc.1:ab | a   | 1.0.0
    """),
)
def test_a_stated_version_that_says_enough_is_taken_silently(versions: str, features: str, stated: str) -> None:
    assert list(choose(versions, features, stated=stated).warnings) == []


def test_a_level_that_says_less_is_taken_with_a_warning() -> None:
    [warning] = choose("1:ab", "a", bump="minor").warnings
    assert warning == "1.1.0 says less than what changed since 1.0.0: feature 'b' was removed (major)"


@pytest.mark.parametrize("bump", ["", "MAJOR", "huge", "major ", "\x1b[31m"])
def test_a_level_that_is_none_is_usage(bump: str) -> None:
    with pytest.raises(UsageError, match="is not a level"):
        choose("1:ab", bump=bump)


def test_the_same_facts_are_found_under_any_number() -> None:
    state, read = known("1: 2:")
    facts = state.versions["1.0.0"].facts
    assert find_same(state, state_of(), facts, "", stated=None, read=read) is state.versions["1.0.0"]
    assert find_same(state, state_of(), facts, "", stated=Version(1, 0, 0), read=read) is state.versions["1.0.0"]


def test_the_same_facts_under_another_stated_number_are_another_version() -> None:
    state, read = known("1:")
    assert find_same(state, state_of(), state.versions["1.0.0"].facts, "", stated=Version(2, 0, 0), read=read) is None


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        ("1", "1.0", True),
        ("1.0", "1", True),
        ("1e3", 1000, True),
        ("35ms", "35.0 ms", True),
        ("nan", "NaN", True),
        ("1", "1.5", False),
        ("1", "1 ms", False),
        ("1", {"value": 1, "direction": "up"}, False),
        ("1", "nan", False),
    ],
)
@pytest.mark.parametrize("stated", [None, Version(1, 0, 0)])
def test_a_metric_is_the_same_fact_in_another_spelling_of_its_number(
    before: str, now: Any, same: bool, stated: Version | None
) -> None:
    state, _ = known("1:")
    kept = state.versions["1.0.0"]

    def find() -> Standing | None:
        new = state_of(metrics={"auc": now})
        return find_same(
            state, new, "sha256:0", kept.content, stated=stated, read=lambda _: state_of(metrics={"auc": before})
        )

    if same or stated is None:
        assert find() is (kept if same else None)
    else:
        with pytest.raises(ConflictError, match="metrics differ"):
            find()


def test_other_files_or_a_parameter_of_another_type_are_no_other_spelling() -> None:
    state, _ = known("1:")
    kept = state.versions["1.0.0"]
    new = state_of(params={"depth": 1})
    for content, was in (("sha256:0", state_of(params={"depth": 1})), (kept.content, state_of(params={"depth": 1.0}))):
        assert find_same(state, new, "sha256:0", content, stated=None, read=lambda _, was=was: was) is None  # type: ignore[misc]


def test_other_facts_under_a_number_that_is_taken_conflict_and_the_difference_is_named() -> None:
    state, read = known("1:ab")
    with pytest.raises(
        ConflictError, match=r"fraud 1\.0\.0 exists with other content: features, owner differ"
    ) as caught:
        find_same(state, state_of(features=["a"], owner="bo"), "sha256:0", "", stated=Version(1, 0, 0), read=read)
    assert caught.value.stable_code == "version-exists"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"tags": ["a/b"]}, "'a/b' cannot be a tag"),
        ({"tags": "prod"}, "the tags are one text"),
        ({"features": "age"}, "the features are one text"),
        ({"features": ["age", "amount", "age"]}, "the feature 'age' is listed twice"),
        ({"features": ["a\nb"]}, "cannot be a feature"),
        ({"features": [""]}, "cannot be a feature"),
        ({"owner": ""}, "cannot be an owner"),
        ({"framework": "a\x1b[31m"}, "cannot be a framework"),
        ({"type": "\ud800"}, "cannot be a type of model"),
        ({"description": "x" * 1_000_001}, "the description has 1000001 characters"),
        ({"params": {"f": b""}}, "the parameters.f is a bytes"),
        ({"params": [1]}, "the parameters is not a mapping"),
        ({"meta": {1: 2}}, "the custom facts has the key '1'"),
        ({"signature": "int"}, "the signature is not a mapping"),
        ({"lineage": {"data": "a\nb"}}, "cannot be the data"),
        ({"metrics": {"auc": "good"}}, "metric 'auc'"),
        ({"metrics": {"": 1}}, "is not the name of a metric"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_fact_that_cannot_be_kept_is_refused_by_its_name(facts: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        state_of(**facts)
    assert message in caught.value.message


def test_tags_are_a_set_and_features_keep_their_order() -> None:
    stated = state_of(tags=["b", "a", "b"], features=["z", "a"])
    assert (stated.tags, stated.features) == (("a", "b"), ("z", "a"))


def test_a_hundred_thousand_features_are_no_trouble() -> None:
    with pytest.raises(UsageError, match="'f99999' is listed twice"):
        state_of(features=[*(f"f{number}" for number in range(100_000)), "f99999"])


def test_numbers_of_other_libraries_are_stated_as_ours() -> None:
    stated = state_of(metrics={"auc": np.float64(0.5)}, params={"depth": np.int32(5)})
    assert (stated.metrics["auc"].stated(), stated.params) == (0.5, {"depth": 5})


def test_what_the_caller_changes_later_is_not_what_was_stated() -> None:
    facts: dict[str, Any] = {
        "params": {"a": [1]}, "meta": {"b": {}}, "features": ["x"], "tags": ["t"], "requirements": ["numpy"],
        "metrics": {"auc": {"value": 1, "ci": [0, 1]}}, "signature": {"inputs": ["x"]}, "lineage": {"data": "d"},
    }  # fmt: skip
    stated, before = state_of(**facts), state_of(**facts)
    facts["params"]["a"].append(2)
    facts["meta"]["b"]["c"] = 3
    facts["metrics"]["auc"]["ci"].append(9)
    facts["signature"]["inputs"].clear()
    facts["lineage"]["data"] = "other"
    for name in ("features", "tags", "requirements"):
        facts[name].append("y")
    assert stated == before == replace(before)
