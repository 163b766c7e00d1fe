"""Facts that come in with `register`: files as Python and Windows write them, standard input, words said twice."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Type = Callable[..., Any]
DIVERGED = {"auc": math.nan, "loss": math.inf, "gain": -math.inf, "f1": 0.9}


@pytest.fixture
def place(mlreg: Type, tmp_path: Path) -> Path:
    """A directory with a repository and a file `m`."""
    mlreg("init")
    (tmp_path / "m").write_text("weights")
    return tmp_path


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a text into standard input."""

    def put(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return put


def said(mlreg: Type, name: str) -> Any:
    return json.loads(mlreg("info", name, "--json").out)


def test_metrics_as_a_diverged_run_in_python_writes_them_are_taken_with_a_warning(place: Path, mlreg: Type) -> None:
    (place / "metrics.json").write_text(json.dumps(DIVERGED))
    (place / "spec.json").write_text(json.dumps({"name": "b", "files": "m", "metrics": DIVERGED, "meta": DIVERGED}))
    for words in (("a", "m", "--metrics", "metrics.json"), ("-f", "spec.json")):
        done = mlreg("register", *words)
        assert done.code == 0, done.err
        for name in ("auc", "loss", "gain"):
            assert f"warning: the metric {name} is not finite" in done.err
        assert "f1" not in done.err
    expected = {"auc": "NaN", "loss": "Infinity", "gain": "-Infinity", "f1": 0.9}
    assert said(mlreg, "a")["metrics"] == said(mlreg, "b")["metrics"] == said(mlreg, "b")["meta"] == expected


def test_parameters_that_are_not_finite_are_kept(place: Path, mlreg: Type) -> None:
    (place / "params.json").write_text('{"missing": NaN, "clip": Infinity}')
    assert mlreg("register", "a", "m", "--params", "params.json").code == 0
    assert said(mlreg, "a")["params"] == {"missing": "NaN", "clip": "Infinity"}


@pytest.mark.parametrize(
    ("option", "text", "key", "value"),
    [
        ("--metrics", '{"auc": 1}', "metrics", {"auc": 1}),
        ("--params", '{"auc": 1}', "params", {"auc": 1}),
        ("--features", '["a", "b"]', "features", ["a", "b"]),
    ],
)
def test_a_byte_order_mark_is_passed_over(
    option: str, text: str, key: str, value: Any, place: Path, mlreg: Type
) -> None:
    for name in ("facts.json", "facts.yaml"):
        (place / name).write_text(f"\ufeff{text}", encoding="utf-8")
        done = mlreg("register", name, "m", option, name)
        assert done.code == 0, done.err
        assert said(mlreg, name)[key] == value


@pytest.mark.parametrize(
    ("option", "text", "key", "value"),
    [
        ("--metrics", '{"auc": NaN, "n": 2}', "metrics", {"auc": "NaN", "n": 2}),
        ("--metrics", "auc: 0.9\n", "metrics", {"auc": 0.9}),
        ("--params", '{\n\t"name": "a\\/b"}', "params", {"name": "a/b"}),
        ("--features", "amount\n# a comment\nhour\n", "features", ["amount", "hour"]),
        ("--features", "- amount\n- hour\n", "features", ["amount", "hour"]),
        ("--features", '{"features": ["amount", "hour"]}', "features", ["amount", "hour"]),
        ("--features", "amount\n", "features", ["amount"]),
    ],
)
def test_a_dash_is_standard_input(
    option: str, text: str, key: str, value: Any, place: Path, mlreg: Type, pipe: Callable[[str], None]
) -> None:
    pipe(text)
    done = mlreg("register", "a", "m", option, "-")
    assert done.code == 0, done.err
    assert said(mlreg, "a")[key] == value


def test_a_specification_and_a_signature_come_in_from_standard_input(
    place: Path, mlreg: Type, pipe: Callable[[str], None]
) -> None:
    (place / "metrics.yaml").write_text("auc: 0.9\n")
    pipe("name: a\nfiles: [m]\nmetrics: metrics.yaml\n")
    done = mlreg("register", "-f", "-", "--version", "2.0.0")
    assert done.code == 0, done.err
    assert (said(mlreg, "a")["version"], said(mlreg, "a")["metrics"]) == ("2.0.0", {"auc": 0.9})
    pipe("inputs: {amount: float}")
    assert mlreg("register", "b", "m", "--signature", "-").code == 0
    assert said(mlreg, "b")["signature"] == {"inputs": {"amount": "float"}}


def test_what_is_wrong_in_standard_input_is_named_with_its_line(
    place: Path, mlreg: Type, pipe: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe("name: a\nfiles: [m]\nmetrixx: {auc: 1}\n")
    assert "cannot read '/dev/stdin', line 3: 'metrixx' means nothing" in mlreg("register", "-f", "-").err
    pipe("inputs:\n  amount: nonsense\n")
    assert "cannot read '/dev/stdin', line 2: " in mlreg("register", "a", "m", "--signature", "-").err
    monkeypatch.setattr("sys.stdin", None)
    closed = mlreg("register", "a", "m", "--metrics", "-")
    assert (closed.code, closed.err.splitlines()[0]) == (2, "error: standard input is closed")


def test_standard_input_is_read_for_one_option(place: Path, mlreg: Type) -> None:
    done = mlreg("register", "a", "m", "--metrics", "-", "--params", "-")
    assert done.code == 2
    assert "standard input is asked for twice: `--metrics -` and `--params -`" in done.err


@pytest.mark.parametrize("option", ["--metric", "--param", "--meta"])
def test_a_name_that_is_stated_twice_has_one_value(option: str, place: Path, mlreg: Type) -> None:
    done = mlreg("register", "a", "m", option, "auc=1", option, "b=1", option, "auc=2")
    assert (done.code, done.err.splitlines()[0]) == (2, "error: 'auc' is stated twice: '1' and '2'")
    assert mlreg("register", "a", "m", option, "auc=1", option, "auc=1").code == 0
    if option != "--param":
        assert mlreg("set", "a", "1.0.0", option, "auc=1", option, "auc=2").code == 2


def test_rows_with_a_nan_lack_a_value_in_a_document_as_in_lines(place: Path, mlreg: Type) -> None:
    (place / "signature.yaml").write_text("inputs: {amount: float}\n")
    for name, text in (("rows.json", '[{"amount": NaN}]'), ("rows.jsonl", '\ufeff{"amount": NaN}\n')):
        (place / name).write_text(text, encoding="utf-8")
        told = mlreg("validate", "signature.yaml", name)
        assert (told.code, told.out) == (1, "1\tamount\tmissing-value\thas no value\n"), told.err
