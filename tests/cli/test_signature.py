"""`mlreg signature`, typed."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Type = Callable[..., Any]
OLD = "inputs:\n  age: int\n  city: {type: str, enum: [rome, oslo]}\noutputs: {p: float}\n"


@pytest.fixture
def place(mlreg: Type, tmp_path: Path) -> Path:
    """A repository with a version 1.0.0 of `fraud` that declares a signature, and files to go on with."""
    (tmp_path / "old.yaml").write_text(OLD)
    (tmp_path / "new.yaml").write_text(OLD.replace("oslo", "bergen"))
    (tmp_path / "more.yaml").write_text(OLD.replace("age: int", "age: float"))
    (tmp_path / "data.csv").write_text("age,city,p\n3,rome,0.5\n,oslo,1\n")
    (tmp_path / "model.bin").write_text("weights")
    mlreg("init")
    assert mlreg("register", "fraud", "model.bin", "--signature", "old.yaml").code == 0
    return tmp_path


def test_check_tells_each_change_and_exits_with_one_where_one_breaks(place: Path, mlreg: Type) -> None:
    answer = mlreg("signature", "check", "fraud@1.0.0", "new.yaml")
    assert answer.code == 1
    assert answer.out.splitlines() == [
        "breaking\tinputs.city\tchanged\tinput 'city' was str of rome, oslo and is str of rome, bergen",
        "bump\tmajor",
    ]
    document = mlreg("signature", "check", "old.yaml", "more.yaml", "--json").document
    assert (document["schema"], document["compatible"], document["bump"]) == ("mlreg.signature-check/1", True, "minor")
    assert [set(change) for change in document["changes"]] == [{"path", "change", "breaking", "reason"}]
    assert mlreg("signature", "check", "old.yaml", "old.yaml", "--json").document["changes"] == []


def test_check_of_files_needs_no_repository(tmp_path: Path, mlreg: Type) -> None:
    (tmp_path / "a.yaml").write_text(OLD)
    assert mlreg("signature", "check", "a.yaml", "a.yaml").code == 0
    assert mlreg("signature", "check", "a.yaml", "fraud@1.0.0").code == 3


def test_register_refuses_what_breaks_and_names_the_version(place: Path, mlreg: Type) -> None:
    answer = mlreg("register", "fraud", "model.bin", "--signature", "new.yaml", "--version", "1.0.1", "--json")
    error = json.loads(answer.err)
    assert (answer.code, error["code"], error["facts"]["needs"]) == (7, "signature-breaking", "2.0.0")
    assert "`--version 2.0.0`" in error["hint"]
    assert mlreg("register", "fraud", "model.bin", "--signature", "new.yaml", "-q").out == "2.0.0\n"
    compared = mlreg("compare", "fraud", "1.0.0", "2.0.0", "--json").document["signature"]
    assert (compared["compatible"], compared["changes"][0]["breaking"]) == (False, True)


def test_show_prints_facts_and_a_file_that_means_the_same(place: Path, mlreg: Type, drawn: Type) -> None:
    assert "inputs.city.enum.1\toslo" in mlreg("signature", "show", "fraud").out
    (place / "again.yaml").write_text(mlreg("signature", "show", "fraud", "--yaml").out)
    assert mlreg("signature", "check", "fraud", "again.yaml", "-q").out == "patch\n"
    assert "one of rome, oslo" in drawn("signature", "show", "fraud")
    document = mlreg("signature", "show", "fraud", "1.0.0", "--json").document
    assert document["signature"] == mlreg("info", "fraud", "--json").document["signature"]
    assert [field["name"] for field in document["fields"]["inputs"]] == ["age", "city"]


def test_a_version_is_a_word_of_its_own_to_validate_and_set_too(place: Path, mlreg: Type) -> None:
    joined = mlreg("validate", "fraud@1.0.0", "data.csv", "--json")
    apart = mlreg("validate", "fraud", "1.0.0", "data.csv", "--json")
    assert (apart.code, apart.document) == (joined.code, joined.document)
    assert mlreg("validate", "old.yaml", "1.0.0", "data.csv").code == 3
    assert mlreg("validate", "fraud", "1.0.0", "data.csv", "new.yaml").code == 2
    assert (
        mlreg("signature", "set", "fraud", "1.0.0", "old.yaml").out == "fraud 1.0.0 declares this signature already\n"
    )


def test_a_signature_on_a_terminal_can_be_copied_as_it_is(place: Path, mlreg: Type, drawn: Type) -> None:
    (place / "wide.csv").write_text(f"{'a long name ' * 9},b\n1,2\n")
    assert drawn("signature", "infer", "wide.csv") == mlreg("signature", "infer", "wide.csv").out


def test_infer_writes_what_register_takes_and_never_over_another(place: Path, mlreg: Type) -> None:
    words = ("signature", "infer", "data.csv", "--target", "p", "-o", "signature.yaml")
    assert mlreg(*words, "--dry-run", "--json").document["dry_run"] is True
    assert not (place / "signature.yaml").exists()
    assert mlreg(*words[:-1], "old.yaml", "--dry-run").code == 5
    assert mlreg(*words).code == 0
    assert mlreg(*words).code == 0
    assert (place / "signature.yaml").read_text() == (
        "inputs:\n  age:\n    type: int\n    nullable: true\n  city: str\noutputs:\n  p: float\n"
    )
    assert mlreg(*words[:-1], "old.yaml").code == 5
    assert mlreg("register", "new", "model.bin", "--signature", "signature.yaml").code == 0
    assert mlreg("validate", "new", "data.csv").code == 0


def test_set_is_an_event_before_the_first_promotion_and_refused_afterwards(place: Path, mlreg: Type) -> None:
    assert "would declare" in mlreg("signature", "set", "fraud@1.0.0", "new.yaml", "--dry-run").out
    assert mlreg("signature", "set", "fraud@1.0.0", "new.yaml").out == "fraud 1.0.0 declares now: 2 inputs, 1 output\n"
    assert "signature-set\t1.0.0\tsignature declared" in mlreg("history", "fraud").out
    mlreg("promote", "fraud", "1.0.0", "--to", "staging")
    assert mlreg("signature", "set", "fraud@1.0.0", "old.yaml").code == 7
    assert mlreg("signature", "set", "fraud@1.0.0", "new.yaml").code == 0
    assert mlreg("signature", "set", "fraud", "new.yaml").code == 2


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("inputs:\n  age: int\n  city: strr\n", 3, "did you mean `str`"),
        ("inputs:\n  age: int\n  city:\n    type: str\n    enm: [a]\n", 5, "did you mean `enum`"),
        ("outputs: {p: float}\ninput: {a: int}\n", 2, "did you mean `inputs`"),
        ("inputs:\n  - name: a\n    type: int\n  - name: b\n    shap: [1]\n", 5, "did you mean `shape`"),
    ],
)
def test_a_file_that_is_no_signature_is_named_with_its_line(
    tmp_path: Path, mlreg: Type, text: str, line: int, said: str
) -> None:
    (tmp_path / "s.yaml").write_text(text)
    answer = mlreg("signature", "check", "s.yaml", "s.yaml")
    assert answer.code == 2
    assert f"cannot read 's.yaml', line {line}: " in answer.err
    assert said in answer.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("chek a b", 2), ("check old.yaml", 2), ("show", 2), ("infer none.csv", 2), ("infer data.csv --target q", 2),
        ("infer old.yaml", 2), ("show fraud --target p", 2), ("show fraud@9.9.9", 3), ("set fraud@1.0.0", 2),
        ("infer model.bin", 2), ("infer data.csv --format xml", 2), ("check fraud@1.0.0 none.yaml", 2),
    ],
)  # fmt: skip
def test_words_that_mean_nothing_are_told(place: Path, mlreg: Type, words: str, code: int) -> None:
    answer = mlreg("signature", *words.split())
    assert answer.code == code
    assert answer.err.startswith("error: ")
    assert "hint: " in answer.err


def test_a_version_without_a_signature_shows_none(place: Path, mlreg: Type) -> None:
    mlreg("register", "bare", "model.bin")
    assert mlreg("signature", "show", "bare").out == "bare 1.0.0 declares no signature\n"
    assert mlreg("signature", "check", "bare", "old.yaml").code == 3


def test_a_signature_in_a_specification_is_checked_with_its_line(place: Path, mlreg: Type) -> None:
    (place / "spec.yaml").write_text("name: x\nfiles: model.bin\nsignature:\n  inputs:\n    a: itn\n")
    answer = mlreg("register", "-f", "spec.yaml")
    assert (answer.code, "cannot read 'spec.yaml', line 5: " in answer.err) == (2, True)


class TestValidate:
    def test_tells_row_and_column_and_exits_with_one(self, place: Path, mlreg: Type) -> None:
        answer = mlreg("validate", "fraud", "data.csv")
        assert (answer.code, answer.out) == (1, "2\tage\tmissing-value\thas no value\n")
        assert answer.err == "not valid: 1 missing-value in 2 rows\n"
        document = mlreg("validate", "fraud@1.0.0", "data.csv", "--json").document
        assert document["errors"] == [
            {"row": 2, "column": "age", "code": "missing-value", "message": "has no value", "line": 3}
        ]
        assert (document["valid"], document["rows"], document["counts"]) == (False, 2, {"missing-value": 1})

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ('{"age": 3, "city": "rome"}', 0),
            ('[{"age": 3, "city": "rome"},\n {"age": 4, "city": "oslo"}]', 0),
            ('{"age": 3, "city": "rome"}\n{"age": "4", "city": "oslo"}\n', 1),
            ("age,city\n3,rome\n", 0),
            ("age,city\n3,paris\n", 1),
            ("", 2),
            ("{\n", 2),
        ],
    )
    def test_reads_standard_input(
        self, place: Path, mlreg: Type, monkeypatch: pytest.MonkeyPatch, text: str, code: int
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert mlreg("validate", "fraud", "-").code == code

    def test_needs_no_repository_for_a_file(self, tmp_path: Path, mlreg: Type) -> None:
        (tmp_path / "s.yaml").write_text(OLD)
        (tmp_path / "d.jsonl").write_text('{"age": 1, "city": "rome"}\n')
        assert mlreg("validate", "s.yaml", "d.jsonl").out == "valid: 1 row\n"

    def test_draws_a_table(self, place: Path, drawn: Type) -> None:
        text = drawn("validate", "fraud", "data.csv")
        assert "missing-value" in text
        assert "not valid: 1 missing-value in 2 rows" in text

    def test_tells_the_first_of_many(self, place: Path, mlreg: Type) -> None:
        (place / "many.csv").write_text("age,city\n" + "x,rome\n" * 50)
        answer = mlreg("validate", "fraud", "many.csv", "--limit", "2")
        assert len(answer.out.splitlines()) == 2
        assert "48 more are not shown" in answer.err
