from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlreg.domain.metric import MAX_WHOLE, Metric
from mlreg.errors import UsageError
from mlreg.store import strict_yaml

UNITS = ["ms", "s", "min", "h", "B", "kB", "MB", "MiB", "%", "cores", "k rows", "req/s", "m", "furlongs"]

numbers = st.floats() | st.integers(-MAX_WHOLE, MAX_WHOLE)
unit_texts = st.builds(
    lambda number, between, unit: f"{number}{between}{unit}",
    st.integers(-(10**9), 10**9) | st.floats(-1e200, 1e200),
    st.sampled_from(["", " "]),
    st.sampled_from(UNITS),
)
extras = st.dictionaries(
    st.sampled_from(["n", "ci", "dataset_digest"]),
    st.none() | st.booleans() | st.text("aé漢 \n", max_size=9) | numbers | st.lists(st.floats(), max_size=2),
)
mappings = st.builds(
    lambda value, unit, direction, extra: {"value": value, "unit": unit, "direction": direction, **extra},
    st.floats(-1e200, 1e200) | st.just(math.nan),
    st.none() | st.sampled_from(UNITS),
    st.sampled_from([None, "up", "down"]),
    extras,
)


class Tensor:
    """Has its number as `item()`, as a tensor of torch has."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def item(self) -> Any:
        return self.value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (0.9, 0.9),
        (3, 3),
        ("0.90", 0.9),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("5.", 5.0),
        ("+7", 7),
        (" 12 ", 12),
        ("007", 7),
        (10**30, 10**30),
        (str(10**30), 10**30),
        (Decimal("0.90"), 0.9),
        (Decimal(5), 5),
        (Fraction(1, 4), 0.25),
        (np.float64(0.87), 0.87),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.array(0.25), 0.25),
        (np.str_("0.9"), 0.9),
        (Tensor(0.9), 0.9),
        (Tensor(4), 4),
        ({"value": "0.9"}, 0.9),
        (-0.0, 0.0),
        ("0e-400", 0.0),
        ("5e-324", 5e-324),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("\u2003 1\n", 1),
    ],
)
def test_a_number_of_any_library_is_a_plain_number(raw: Any, value: float) -> None:
    metric = Metric.parse("accuracy", raw)
    assert (type(metric.value), repr(metric.value)) == (type(value), repr(value))
    assert metric.unit is None and metric.text is None


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("NaN", "NaN"),
        ("nan", "NaN"),
        ("inf", "Infinity"),
        ("+Infinity", "Infinity"),
        ("-INFINITY", "-Infinity"),
        (math.nan, "NaN"),
        (np.float32("-inf"), "-Infinity"),
        (Decimal("Infinity"), "Infinity"),
    ],
)
def test_what_is_not_finite_is_kept_and_shown_as_a_text(raw: Any, shown: str) -> None:
    metric = Metric.parse("loss", raw)
    assert not metric.is_finite
    assert metric.shown() == metric.stated() == shown


@pytest.mark.parametrize(
    ("text", "value", "unit", "number", "base"),
    [
        ("35ms", 35, "ms", 0.035, "s"),
        ("35 ms", 35, "ms", 0.035, "s"),
        ("0.2 cores", 0.2, "cores", 0.2, "cores"),
        ("100k rows", 100, "k rows", 100_000.0, "rows"),
        ("1.2M", 1.2, "M", 1_200_000.0, ""),
        ("2k req/s", 2, "k req/s", 2000.0, "req/s"),
        ("12MB", 12, "MB", 12e6, "B"),
        ("12 MiB", 12, "MiB", 12_582_912.0, "B"),
        ("3 KB", 3, "KB", 3000.0, "B"),
        ("3 kB", 3, "kB", 3000.0, "B"),
        ("87%", 87, "%", 0.87, "ratio"),
        ("45min", 45, "min", 2700.0, "s"),
        ("1.5h", 1.5, "h", 5400.0, "s"),
        ("7 µs", 7, "µs", 7e-6, "s"),
        ("7 μs", 7, "μs", 7e-6, "s"),
        ("250 qps", 250, "qps", 250.0, "req/s"),
        ("250 rps", 250, "rps", 250.0, "req/s"),
        ("35m", 35, "m", 35.0, "m"),
        ("4 mb", 4, "mb", 4.0, "mb"),
        ("9 furlongs", 9, "furlongs", 9.0, "furlongs"),
        ("1e3 ms", 1000.0, "ms", 1.0, "s"),
    ],
)
def test_a_text_with_a_unit_is_read_and_kept(text: str, value: float, unit: str, number: float, base: str) -> None:
    metric = Metric.parse("latency", text)
    assert (metric.value, metric.unit, metric.text) == (value, unit, text)
    assert metric.canonical() == (number, base)
    assert metric.shown() == metric.stated() == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0.04s", "40ms"),
        ("35ms", "35000us"),
        ("90min", "1.5h"),
        ("1d", "24h"),
        ("1024KiB", "1MiB"),
        ("1000KB", "1MB"),
        ("100k rows", "100000 rows"),
        ("0.5 req/s", "0.5qps"),
        ("87%", "0.87 ratio"),
    ],
)
def test_two_spellings_of_a_quantity_are_equal_to_the_last_digit(one: str, other: str) -> None:
    assert Metric.parse("m", one).exact() == Metric.parse("m", other).exact()


def test_mb_is_not_mib() -> None:
    assert Metric.parse("size", "1MB").canonical() != Metric.parse("size", "1MiB").canonical()


@pytest.mark.parametrize(
    "raw",
    [
        *(True, False, np.bool_(True), Tensor(True), None, [0.9], (1,), np.array([1, 2]), b"1", object(), 1j),
        *("", "high", "true", "1,000", "1_000", "0x1F", "3.1.0", "2024-01-15", "٣", "0.9 ± 0.1", "1 2", "--1"),
        *("1e-400", "-1e-400 ms", Decimal("1e-400"), "１", "1\u00a0000"),
        *("1e400", "1e308 PB", 10**30 + 1, -(10**40), Tensor(10**5000), "9" * 101, Fraction(10**400), Decimal("sNaN")),
        *({}, {"unit": "ms"}, {"value": None}, {"value": {"value": 1}}, {"value": "high"}),
        *({"value": 1, "unit": 5}, {"value": 1, "unit": " "}, {"value": 1, "unit": "a\nb"}),
        *({"value": "1ms", "unit": "s"}, {"value": 1, "unit": "u" * 33}),
        *({"value": 1, "direction": "sideways"}, {"value": 1, "ci": {1, 2}}, {"value": 1, "n": object()}),
    ],
)
def test_what_is_no_number_is_refused_by_name(raw: Any) -> None:
    with pytest.raises(UsageError, match="metric 'accuracy'") as refusal:
        Metric.parse("accuracy", raw)
    assert refusal.value.hint and "\n" not in refusal.value.message


def test_the_hint_for_a_text_is_meta() -> None:
    with pytest.raises(UsageError) as refusal:
        Metric.parse("framework", "sklearn")
    assert refusal.value.message == "metric 'framework': 'sklearn' is not a number"
    assert refusal.value.hint == "use `--meta NAME=VALUE` for facts that are no numbers"


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x1b[31m", "a\x00", "a" * 129, 7, None])
def test_a_name_that_cannot_be_shown_is_refused(name: Any) -> None:
    with pytest.raises(UsageError, match="is not the name of a metric"):
        Metric.parse(name, 0.9)


@pytest.mark.parametrize("name", ["a", "f1-score (macro)", "ndcg@10", "Genauigkeit für Köln", "a" * 128])
def test_a_name_of_up_to_128_printing_characters_is_taken(name: str) -> None:
    assert Metric.parse(name, 1).value == 1


def test_a_mapping_states_more_than_the_number() -> None:
    raw = {"value": 0.9, "direction": "up", "dataset_digest": "sha256:ab", "n": 500, "ci": (0.88, 0.92)}
    metric = Metric.parse("score", raw)
    assert metric.direction == "up"
    assert metric.extra == {"dataset_digest": "sha256:ab", "n": 500, "ci": [0.88, 0.92]}
    assert metric.stated() == {**raw, "ci": [0.88, 0.92]}


def test_a_mapping_of_a_value_alone_states_what_the_value_does() -> None:
    assert Metric.parse("acc", {"value": "0.90"}).stated() == 0.9


def test_a_unit_of_a_mapping_is_shown_with_the_number() -> None:
    metric = Metric.parse("latency", {"value": 35, "unit": "ms"})
    assert metric.shown() == "35 ms"
    assert metric.canonical() == (0.035, "s")


def test_a_later_change_of_the_callers_mapping_reaches_no_metric() -> None:
    ci = [0.1, 0.2]
    metric = Metric.parse("score", {"value": 1, "ci": ci})
    ci.append(0.3)
    assert metric.extra["ci"] == [0.1, 0.2]


def test_a_mapping_that_contains_itself_is_refused() -> None:
    raw: dict[str, Any] = {"value": 1}
    raw["n"] = raw
    with pytest.raises(UsageError, match="nested deeper"):
        Metric.parse("score", raw)


@given(numbers | unit_texts | mappings)
def test_parsing_what_a_metric_states_gives_the_metric(raw: Any) -> None:
    metric = Metric.parse("m", raw)
    again = Metric.parse("m", metric.stated())
    assert again == metric
    assert hash(again) == hash(metric)
    assert repr(again.stated()) == repr(metric.stated())


@given(st.integers(-MAX_WHOLE, MAX_WHOLE))
def test_a_whole_number_is_exact_however_long_and_a_record_can_hold_it(number: int) -> None:
    metric = Metric.parse("n", {"value": number, "of": number})
    assert metric.shown() == Metric.parse("n", str(number)).shown() == number
    assert strict_yaml.parse(strict_yaml.dump(metric.stated()), name="a record") == metric.stated()
    assert Metric.parse("n", metric.stated()).value == number


@given(numbers | unit_texts | mappings)
def test_what_a_metric_states_is_json(raw: Any) -> None:
    assert list(_not_json(Metric.parse("m", raw).stated())) == []


@given(st.integers(-(10**12), 10**12))
def test_a_thousand_of_a_unit_is_one_of_the_next(count: int) -> None:
    for small, large in [("ns", "us"), ("us", "ms"), ("ms", "s"), ("B", "kB"), ("kB", "MB"), ("GB", "TB")]:
        assert Metric(count * 1000, small).exact() == Metric(count, large).exact()


def _not_json(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [found for part in value.values() for found in _not_json(part)]
    if isinstance(value, list):
        return [found for part in value for found in _not_json(part)]
    is_json = value is None or type(value) in (bool, str, int) or (type(value) is float and math.isfinite(value))
    return [] if is_json else [value]
