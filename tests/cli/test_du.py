"""`mlreg du`, `gc` and `hold` as they are typed: what they show, and the codes they end with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlreg.store import layout

Type = Callable[..., Any]
VALUES = 6_000


@pytest.fixture
def models(tmp_path: Path, mlreg: Type) -> Path:
    """Three versions of `fraud`, two stored against the first, and one of `other` with the file of the first."""
    mlreg("init")
    lots = np.random.default_rng(0)
    values = lots.standard_normal(VALUES).astype("f4")
    for number in range(3):
        np.save(tmp_path / f"m{number}.npy", values)
        values = values + (lots.standard_normal(VALUES) * 1e-4).astype("f4")
        mlreg("register", "fraud", f"m{number}.npy")
    mlreg("register", "other", "m0.npy")
    return tmp_path


def on_disk(root: Path) -> int:
    return sum(path.stat().st_size for path in (root / ".mlreg" / layout.BLOBS).rglob("*") if path.is_file())


def by_version(document: Any, fact: str) -> dict[str, int]:
    return {
        f"{model['name']}@{version['version']}": version[fact]
        for model in document["models"]
        for version in model["versions"]
    }


def test_what_is_stored_adds_up_to_what_lies_on_the_disk(models, mlreg):
    document = mlreg("du", "--json").document
    size = (models / "m0.npy").stat().st_size
    assert document["logical_bytes"] == 4 * size
    assert document["stored_bytes"] == sum(by_version(document, "stored_bytes").values()) == on_disk(models)
    assert document["garbage_bytes"] == 0
    assert [model["logical_bytes"] for model in document["models"]] == [3 * size, size]


def test_what_versions_share_is_counted_once_for_the_first_that_has_it(models, mlreg):
    stored = by_version(mlreg("du", "--json").document, "stored_bytes")
    assert stored["other@1.0.0"] == 0 < stored["fraud@1.0.1"] < stored["fraud@1.0.0"]


def test_dropping_frees_what_no_other_version_needs(models, mlreg):
    document = mlreg("du", "--json").document
    freed, stored = by_version(document, "freed_bytes"), by_version(document, "stored_bytes")
    assert freed["fraud@1.0.0"] == freed["other@1.0.0"] == 0
    assert freed["fraud@1.0.2"] == stored["fraud@1.0.2"] > 0


def test_what_it_foretells_is_what_dropping_frees(models, mlreg):
    before, told = on_disk(models), by_version(mlreg("du", "--json").document, "freed_bytes")
    (models / ".mlreg/config.toml").write_text("[retention]\nkeep_newest = 1\n")
    answer = mlreg("gc", "--prune", "--no-squeeze", "--json").document
    dropped = [version["version"] for version in answer["versions"] if not version["kept"]]
    assert dropped == ["1.0.1"]
    assert before - on_disk(models) == answer["freed_bytes"] == told["fraud@1.0.1"]
    after = mlreg("du", "fraud", "--json").document["models"][0]["versions"][1]
    assert after == {"version": "1.0.1", "logical_bytes": 0, "stored_bytes": 0, "freed_bytes": 0, "dropped": True}


def test_one_model_is_counted_as_among_all(models, mlreg):
    everything = {model["name"]: model for model in mlreg("du", "--json").document["models"]}
    for name in ("fraud", "other"):
        alone = mlreg("du", name, "--json").document
        assert alone["models"] == [everything[name]] and alone["garbage_bytes"] is None


def test_garbage_is_told_beside(models, mlreg):
    key = models / ".mlreg" / layout.blob(f"sha256:{'0' * 64}")
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_bytes(b"123")
    assert mlreg("du", "--json").document["garbage_bytes"] == 3


def test_it_is_one_line_a_version_in_a_pipe(models, mlreg):
    rows = [line.split("\t") for line in mlreg("du").out.splitlines()]
    assert [row[:2] for row in rows] == [["fraud", "1.0.2"], ["fraud", "1.0.1"], ["fraud", "1.0.0"], ["other", "1.0.0"]]
    assert mlreg("du", "-q").out.split() == ["fraud", "other"]


def test_info_tells_what_a_version_takes_on_the_disk(models, mlreg):
    stored = mlreg("info", "fraud@1.0.2", "--json").document["stored_bytes"]
    assert stored == by_version(mlreg("du", "--json").document, "stored_bytes")["fraud@1.0.2"]


@pytest.mark.parametrize("verb", ["du", "gc"])
def test_a_model_that_is_not_there_is_not_found(models, mlreg, verb):
    answer = mlreg(verb, "fruad")
    assert answer.code == 3 and "did you mean `fraud`" in answer.err


def test_the_plan_is_one_line_a_thing_in_a_pipe(models, mlreg):
    (models / ".mlreg/config.toml").write_text("[retention]\nkeep_newest = 1\n")
    rows = [line.split("\t") for line in mlreg("gc").out.splitlines()]
    assert [row[:3] for row in rows[:4]] == [
        ["keep", "fraud", "1.0.2"],
        ["drop", "fraud", "1.0.1"],
        ["keep", "fraud", "1.0.0"],
        ["keep", "other", "1.0.0"],
    ]
    assert rows[2][3] == "its bytes are needed by fraud 1.0.2 and 1 more"
    assert [row[0] for row in rows[4:]] == ["remove"] and rows[4][3] == "nothing keeps fraud 1.0.1"


def test_a_rule_that_is_misspelled_is_usage_with_file_and_line(models, mlreg):
    (models / ".mlreg/config.toml").write_text("[retention]\nkeep_newst = 1\n")
    answer = mlreg("gc", "--prune")
    assert answer.code == 2 and "line 2: retention.keep_newst means nothing" in answer.err
    assert "did you mean `keep_newest`" in answer.err


def test_a_hold_takes_a_reason_and_a_version(models, mlreg):
    assert mlreg("hold", "fraud@1.0.1").code == 2
    assert mlreg("hold", "fraud", "--reason", "case").code == 2
    assert mlreg("hold", "fraud@1.0.1", "--reason", "case 4711").out == "fraud 1.0.1 is held\n"
    assert mlreg("info", "fraud@1.0.1", "--json").document["hold"] == {"reason": "case 4711"}
    assert mlreg("hold", "fraud@1.0.1", "--lift").out == "fraud 1.0.1 is not held any more\n"
    assert mlreg("info", "fraud@1.0.1", "--json").document["hold"] is None


def test_a_dropped_version_is_blocked_or_not_found_and_the_hint_brings_it_back(models, mlreg):
    (models / ".mlreg/config.toml").write_text("[retention]\nkeep_newest = 1\n")
    mlreg("gc", "--prune")
    promote, checkout = mlreg("promote", "fraud", "1.0.1", "--to", "production"), mlreg("checkout", "fraud", "1.0.1")
    assert (promote.code, checkout.code) == (7, 3)
    assert "mlreg register fraud PATH... --version 1.0.1" in promote.err and promote.err == checkout.err
    assert mlreg("register", "fraud", "m1.npy", "--version", "1.0.1").code == 0
    assert mlreg("checkout", "fraud", "1.0.1", "-o", "out").code == 0
    assert (models / "out/m1.npy").read_bytes() == (models / "m1.npy").read_bytes()
