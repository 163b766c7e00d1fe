"""Facts that people state become plain values of their own: nothing strange gets in, nothing of the caller's stays."""

from __future__ import annotations

import enum
import math
from collections import OrderedDict
from copy import deepcopy
from datetime import UTC, date, datetime
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlreg.domain.names import TEXT_MAX_CHARACTERS
from mlreg.domain.values import DEPTH_MAX, KEY_MAX_CHARACTERS, plain, plain_mapping
from mlreg.errors import UsageError
from mlreg.store import strict_yaml
from mlreg.store.codec import canonical_json


class Colour(str, enum.Enum):  # noqa: UP042  the older kind, whose str() is its name
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


def nested(depth: int, innermost: Any = 1) -> Any:
    value = innermost
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        *[(value, value) for value in (None, True, False, 0, -7, 10**18 - 1, 0.5, -0.0, 1e300, "", "a\nb", "\0", "模")],
        *[(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity"), (np.float32("nan"), "NaN")],
        *[(np.float64(0.5), 0.5), (np.float32(0.5), 0.5), (np.int64(7), 7), (np.uint8(7), 7), (np.bool_(True), True)],
        *[(np.array([1, 2]), [1, 2]), (np.array(3.5), 3.5), (np.array([[True]]), [[True]]), (np.str_("a"), "a")],
        *[(np.datetime64("2024-01-15"), "2024-01-15"), (Fraction(1, 4), 0.25), (Colour.RED, "red"), (Level.HIGH, 3)],
        *[((1, 2), [1, 2]), ({2, 1}, [1, 2]), ({"b"}, ["b"]), ([], []), ({}, {})],
        *[(date(2024, 1, 15), "2024-01-15"), (datetime(2024, 1, 15, tzinfo=UTC), "2024-01-15T00:00:00+00:00")],
        *[(OrderedDict(a=1), {"a": 1}), (MappingProxyType({"a": (1,)}), {"a": [1]}), ({np.str_("a"): 1}, {"a": 1})],
        *[({Colour.RED: 1}, {"red": 1}), ({"a": {"b": [{"c": math.inf}]}}, {"a": {"b": [{"c": "Infinity"}]}})],
        # a record would read longer ones back as texts
        *[(10**18, str(10**18)), (-(10**18), str(-(10**18))), (2**64, str(2**64)), (np.uint64(2**63), str(2**63))],
    ],
    ids=lambda value: ascii(value)[:30],
)  # fmt: skip
def test_a_value_becomes_plain(value: Any, kept: Any) -> None:
    found = plain(value, "it")
    assert repr(found) == repr(kept)
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"bytes", "it is a bytes"),
        (object(), "it is a object"),
        (1j, "it is a complex"),
        (len, "it is a builtin_function_or_method"),
        ({"a": [0, {"b": b""}]}, "it.a[1].b is a bytes"),
        ({1: 2}, "has the key '1'"),
        ({None: 2}, "has the key 'None'"),
        ({"k" * (KEY_MAX_CHARACTERS + 1): 1}, "which is not a text of at most 256 characters"),
        ("\ud800", "not valid UTF-8"),
        ({"\udfff": 1}, "not valid UTF-8"),
        ("x" * (TEXT_MAX_CHARACTERS + 1), "has 1000001 characters"),
        (nested(DEPTH_MAX + 1), "nested more than 16 deep"),
        (nested(100_000), "nested more than 16 deep"),
        (1 << 20_000, "more than 1000 digits"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else "",
)
def test_what_cannot_be_a_fact_is_refused_by_its_place(value: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        plain(value, "it")
    assert message in caught.value.message
    assert len(caught.value.message) < 500


def test_what_holds_itself_is_nested_too_deeply() -> None:
    value: dict[str, Any] = {}
    value["self"] = [value, value]
    with pytest.raises(UsageError, match="nested more than"):
        plain(value, "it")


@pytest.mark.parametrize(
    "value", [nested(DEPTH_MAX), "x" * TEXT_MAX_CHARACTERS, {"k" * KEY_MAX_CHARACTERS: 1}], ids=range(3)
)
def test_what_is_just_within_the_limits_is_taken(value: Any) -> None:
    assert plain(value, "it") == value


@pytest.mark.parametrize("value", [None, [], "a=1", 5, [("a", 1)]])
def test_what_is_no_mapping_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match="the parameters is not a mapping"):
        plain_mapping(value, "the parameters")


def test_a_set_is_sorted_for_it_has_no_order_of_its_own() -> None:
    assert plain(frozenset("cab"), "it") == ["a", "b", "c"]


def test_what_the_caller_changes_later_changes_nothing() -> None:
    value = {"a": [1, {"b": 2}], "c": np.array([1, 2])}
    kept = plain_mapping(value, "it")
    value["a"][1]["b"], value["c"][0] = 3, 9
    value["a"].append(4)
    assert kept == {"a": [1, {"b": 2}], "c": [1, 2]}


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20).filter(str.isprintable)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc.: #", max_size=9), inner, max_size=4),
    max_leaves=12,
)


@settings(derandomize=True, deadline=None)
@given(st.dictionaries(st.text("ab", min_size=1), values, max_size=4))
def test_whatever_is_plain_can_be_written_and_is_read_back_the_same(stated: dict[str, Any]) -> None:
    kept = plain_mapping(stated, "it")
    assert repr(strict_yaml.parse(strict_yaml.dump(kept), name="it")) == repr(kept)
    assert canonical_json(kept)


@settings(derandomize=True, deadline=None)
@given(values)
def test_what_is_plain_stays_as_it_is(value: Any) -> None:
    kept = plain(value, "it")
    assert repr(plain(deepcopy(kept), "it")) == repr(kept)
