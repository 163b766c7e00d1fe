"""Findings: one table of codes, and every check tells what it has found in every format."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mlreg.adapters import names
from mlreg.domain.findings import KINDS
from mlreg.domain.signatures import checking, payload
from mlreg.findings import kinds
from mlreg.scanning.codes import CODES

ROOT = Path(__file__).parents[2] / "mlreg"
FORMATS = names("formats")


@pytest.fixture
def project(mlreg, tmp_path):
    """A repository with a version in production, and one file for each check to be unhappy with."""
    mlreg("init")
    (tmp_path / "m.bin").write_text("weights")
    (tmp_path / "old.yaml").write_text("inputs: {age: int}\n")
    mlreg("register", "fraud", "m.bin", "--signature", "old.yaml", "--stage", "production")
    (tmp_path / "new.yaml").write_text("inputs:\n  age: int\n  income: float\n")
    (tmp_path / "broken.yaml").write_text("inputs:\n  age: itn\n")
    (tmp_path / "fraud.yaml").write_text("name: fraud\nsignature: new.yaml\n")
    (tmp_path / "data.csv").write_text("age\n42\nold\n")
    (tmp_path / "evil.pkl").write_bytes(b"cos\nsystem\n(S'touch canary'\ntR.")
    (tmp_path / "mlreg.toml").write_text('[models]\nfraud = ">=1"\n')
    (tmp_path / "PAGE.md").write_text("<!-- mlreg:begin fraud -->\nold\n<!-- mlreg:end -->\n")
    next((tmp_path / ".mlreg/history/fraud").iterdir()).write_text("{}\n")
    return tmp_path


CHECKS = {
    "signature lint new.yaml": ("MLR203", "new.yaml:3:3"),
    "signature lint broken.yaml": ("MLR202", "broken.yaml:2:3"),
    "signature check old.yaml new.yaml": ("MLR203", "new.yaml:3:3"),
    "signature check old.yaml broken.yaml": ("MLR202", "broken.yaml:2:3"),
    "validate old.yaml data.csv": ("MLR214", "data.csv:3"),
    "scan evil.pkl": ("MLR302", "evil.pkl"),
    "verify": ("MLR104", ".mlreg/history/fraud/00000001.json"),
    "docs check PAGE.md": ("MLR401", "PAGE.md"),
    "lock --check": ("MLR501", "mlreg.lock"),
}


def whole(mlreg, project, line: str) -> None:
    """Puts the history in order for a check that would trip over it."""
    if line != "verify":
        registry = project / ".mlreg"
        for path in [*registry.glob("history/fraud/*"), *registry.glob("catalog/fraud/*")]:
            path.unlink()
        mlreg("register", "fraud", "m.bin", "--signature", "old.yaml", "--stage", "production")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("line", CHECKS)
def test_a_check_tells_what_it_has_found_in_every_format(mlreg, project, line, format):
    whole(mlreg, project, line)
    answer = mlreg(*line.split(), "--output-format", format)
    code, place = CHECKS[line]
    assert answer.code == (2 if "check old.yaml broken" in line else 1), answer.err
    assert place.split(":")[0] in answer.out
    if format == "gitlab":
        assert kinds()[code].name in answer.out
    else:
        assert code in answer.out
    if format == "concise":
        assert f"{place}: {code} " in answer.out


def test_what_is_in_order_is_no_finding_and_exits_with_nothing(mlreg, project):
    answer = mlreg("signature", "check", "old.yaml", "old.yaml", "--output-format", "json")
    assert (answer.code, json.loads(answer.out)["findings"]) == (0, [])
    assert mlreg("signature", "check", "old.yaml", "old.yaml", "--output-format", "concise").out == ""


def test_the_pipeline_shows_findings_without_being_asked_for_a_format(mlreg, project, monkeypatch):
    answer = mlreg("signature", "check", "old.yaml", "new.yaml", "--ci", "github")
    assert answer.err.startswith("::error file=new.yaml,line=3,col=3,title=MLR203 breaking-change::input 'income'")
    assert mlreg("signature", "check", "old.yaml", "new.yaml", "--ci", "github", "--output-format", "concise").err == ""


def test_a_format_is_one_of_those_and_goes_with_no_other_document(mlreg, project):
    unknown = mlreg("scan", "data.csv", "--output-format", "xml")
    assert (unknown.code, "concise, github, gitlab, json, junit, sarif" in unknown.err) == (2, True)
    assert mlreg("scan", "data.csv", "--output-format", "sarif", "--json").code == 2
    assert mlreg("signature", "show", "fraud", "--output-format", "json").code == 2
    assert mlreg("lock", "--output-format", "json").code == 2


def test_bytes_that_were_never_fetched_are_told_and_are_no_reason_to_fail(mlreg, project):
    whole(mlreg, project, "")
    for path in (project / ".mlreg/blobs").rglob("*"):
        if path.is_file():
            path.unlink()
    answer = mlreg("verify", "--allow-missing", "--output-format", "json")
    assert answer.code == 0
    assert {(one["code"], one["severity"]) for one in json.loads(answer.out)["findings"]} == {("MLR101", "note")}
    assert mlreg("verify", "--output-format", "json").code == 1


def test_damage_is_a_reason_to_fail_whatever_is_missing(mlreg, project):
    assert mlreg("verify", "--allow-missing", "--output-format", "concise").code == 1


def test_every_code_says_what_why_and_how_to_mend_in_one_line():
    for code, kind in kinds().items():
        assert re.fullmatch(r"MLR[1-5]\d\d", code), code
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.name), code
        assert all(text and "\n" not in text and not text.endswith(".") for text in kind), code


def test_names_of_codes_are_their_own_and_a_scan_has_a_hundred_to_itself():
    known = kinds()
    assert len({kind.name for kind in known.values()}) == len(known) == len(KINDS) + len(CODES)
    assert {code for code in known if code.startswith("MLR3")} == set(CODES)


def test_every_word_that_a_check_may_answer_has_a_code():
    words = {word for module in (checking, payload) for word in re.findall(
        r'(?:Fault|Finding)\((?:[^"()]+, )*"([a-z-]+)"', Path(module.__file__).read_text())}  # fmt: skip
    for name in ("verify.py", "checkpointing.py", "store/history.py", "store/catalog.py"):
        words |= set(re.findall(r'(?:\.add|Problem|_note)\([^"\n]*"([a-z]+-[a-z]+)"', (ROOT / name).read_text()))
    assert len(words) > 15
    assert words - {kind.name for kind in KINDS.values()} == set()


@pytest.mark.parametrize("word", ["MLR203", "mlr203", "breaking-change"])
def test_a_code_is_explained_under_its_number_and_its_name(mlreg, word):
    document = mlreg("explain", word, "--json").document
    assert [one["code"] for one in document["codes"]] == ["MLR203"]
    assert "callers rely on" in document["codes"][0]["why"]


def test_without_a_code_all_are_listed(mlreg, drawn):
    assert mlreg("explain", "-q").out.split() == list(kinds())
    assert all(code in drawn("explain") for code in kinds())
    shown = " ".join(drawn("explain", "MLR102").split())
    assert "MLR102 blob-damaged" in shown
    assert KINDS["MLR102"].why in shown


def test_a_code_of_a_scan_is_explained_in_more_than_its_name(mlreg):
    for kind in mlreg("explain", "--json").document["codes"]:
        assert kind["what"] != kind["name"].replace("-", " ")


def test_what_is_no_code_is_not_found(mlreg):
    answer = mlreg("explain", "MLR999")
    assert (answer.code, "mlreg explain" in answer.err) == (3, True)
    assert "did you mean `blob-missing`" in mlreg("explain", "blob-missng").err
