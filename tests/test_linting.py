"""Files with signatures before a commit: what is wrong with them, where, and against what is in production."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlreg.intake import find_place
from mlreg.registry import Registry
from mlreg.store import strict_yaml

OLD = "inputs:\n  age: int\n  income: float\noutputs: {p: float}\n"
NARROW = OLD.replace("income: float", "income: int")
WIDE = OLD.replace("age: int", "age: float")


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Path:
    """A directory with a repository where fraud 3.1.0 is in production, its specification and its signature."""
    monkeypatch.chdir(tmp_path)
    registry = Registry.init(tmp_path)
    Path("m.bin").write_text("weights")
    Path("signature.yaml").write_text(OLD)
    Path("mlreg.yaml").write_text("name: fraud\nfiles: m.bin\nsignature: signature.yaml\n")
    registry.register("fraud", "m.bin", version="3.1.0", signature=strict_yaml.parse(OLD.encode(), name="it"))
    registry.promote("fraud", "3.1.0", to="production")
    return tmp_path


def lint(*names: str) -> list[tuple[str, str, str]]:
    """Returns the place, the code and the severity of everything that is found."""
    return [(one.place, one.code, one.severity) for one in Registry.open(".").signature_lint(*names).findings]


BROKEN = {
    "inputs: [\n": ("2:1", "MLR201"),
    "inputs:\n  age: int\n  age: int\n": ("3:3", "MLR201"),
    "inputs: &x {a: int}\n": ("1:9", "MLR201"),
    "inputs:\n  age: itn\n": ("2:3", "MLR202"),
    "inputs: {age: int, income: {type: flot}}\n": ("1:29", "MLR202"),
    "inputs:\n  - name: age\n    type: int\n  - {name: income, shape: 3}\n": ("4:20", "MLR202"),
    "inputs: {a: {type: int, min: 3, max: 1}}\n": ("1:25", "MLR202"),
    "inputs: {age: int}\ninptus: {age: int}\n": ("2:1", "MLR202"),
    "name: fraud\nsignature:\n  inputs: {age: itn}\n": ("3:12", "MLR202"),
    "name: fraud\nsignature: nowhere.yaml\n": ("2:1", "MLR205"),
    "name: fraud\nfiles:\n  - a\n  - {path: b, rôle: x}\n": ("4:15", "MLR205"),
    "name: fraud\nmetric: {auc: 1}\n": ("2:1", "MLR205"),
    "name: fraud\nparams: {metric: 1}\nmetric: {auc: 1}\n": ("3:1", "MLR205"),
    "name: fraud\ndataset:\n  file: [a]\n": ("3:3", "MLR205"),
}


@pytest.mark.parametrize(("text", "expected"), BROKEN.items(), ids=range(len(BROKEN)))
def test_what_cannot_be_understood_is_told_with_line_and_column(project, text, expected):
    Path("x.signature.yaml").write_text(text)
    place, code = expected
    assert lint("x.signature.yaml") == [(f"x.signature.yaml:{place}", code, "error")]


@pytest.mark.parametrize(
    ("text", "place"), {'{\n\t"inputs": {\n\t\t"age": "itn"\n\t}\n}\n': "3:3", '{"inputs": {"a": int}}': "1:18"}.items()
)
def test_so_it_is_in_json_also_with_tabs(project, text, place):
    Path("signature.json").write_text(text)
    assert [found[0] for found in lint("signature.json")] == [f"signature.json:{place}"]


def test_a_file_that_is_not_there_or_is_none_is_found_and_not_an_error(project):
    Path("d.yaml").mkdir()
    Path("b.yaml").write_bytes(b"\xff\xfe")
    assert [found[:2] for found in lint("gone.yaml", "d.yaml", "b.yaml")] == [
        ("gone.yaml", "MLR201"),
        ("d.yaml", "MLR201"),
        ("b.yaml:1", "MLR201"),
    ]


@pytest.mark.parametrize("staged", [["signature.yaml"], ["mlreg.yaml"], ["signature.yaml", "mlreg.yaml"]])
def test_a_break_of_production_is_found_where_it_stands_whichever_file_is_staged(project, staged):
    Path("signature.yaml").write_text(NARROW)
    assert lint(*staged) == [("signature.yaml:3:3", "MLR203", "error")]


def test_a_break_is_found_in_a_signature_inside_of_a_specification(project):
    inside = "\n".join(f"  {line}" for line in NARROW.splitlines())
    Path("mlreg.yaml").write_text(f"name: fraud\nsignature:\n{inside}\n")
    assert lint("mlreg.yaml") == [("mlreg.yaml:5:5", "MLR203", "error")]


def test_what_is_removed_is_told_where_its_side_begins(project):
    Path("signature.yaml").write_text("outputs: {p: float}\nfeatures:\n  - age\n")
    assert ("signature.yaml:2:1", "MLR203", "error") in lint("signature.yaml")


@pytest.mark.parametrize("said", ["version: 4.0.0", "version: v4.0.0", "bump: major", "version: 2.9.0"])
def test_a_break_is_fine_where_the_major_number_moves(project, said):
    Path("signature.yaml").write_text(NARROW)
    with Path("mlreg.yaml").open("a") as file:
        file.write(f"{said}\n")
    assert lint("signature.yaml") == []


@pytest.mark.parametrize("said", ["version: 3.2.0", "version: 3.1.0", "bump: minor", "bump: auto", "owner: ann"])
def test_a_break_is_none_where_it_does_not(project, said):
    Path("signature.yaml").write_text(NARROW)
    with Path("mlreg.yaml").open("a") as file:
        file.write(f"{said}\n")
    assert [found[1] for found in lint("signature.yaml")] == ["MLR203"]


def test_a_wider_signature_is_compatible(project):
    Path("signature.yaml").write_text(WIDE)
    answer = Registry.open(".").signature_lint("signature.yaml")
    assert (answer.ok, answer.findings, answer.held) == (True, [], {"signature.yaml": ["fraud@3.1.0"]})


def test_a_signature_that_no_specification_names_is_valid_and_says_so(project):
    Path("other.yaml").write_text(NARROW)
    assert lint("other.yaml") == [("other.yaml", "MLR206", "note")]
    assert Registry.open(".").signature_lint("other.yaml").ok


def test_a_promise_that_is_not_repeated_is_warned_about(project):
    Path("mlreg.yaml").write_text("name: fraud\nfiles: m.bin\n")
    assert lint("mlreg.yaml") == [("mlreg.yaml", "MLR204", "warning")]


@pytest.mark.parametrize("name", ["new-model", "Fraud"])
def test_a_model_without_a_version_in_production_has_promised_nothing(project, name):
    Path("mlreg.yaml").write_text(f"name: {name}\nsignature: signature.yaml\n")
    Path("signature.yaml").write_text(NARROW)
    assert lint("mlreg.yaml") == []


def test_without_a_repository_files_are_checked_by_themselves(mlreg, tmp_path):
    (tmp_path / "mlreg.yaml").write_text("name: fraud\nsignature: {inputs: {age: int}}\n")
    assert mlreg("signature", "lint", "mlreg.yaml").code == 0
    assert mlreg("signature", "lint", "mlreg.yaml", "-C", "nowhere").code == 3


def test_nothing_is_written_not_even_to_the_cache(project):
    cache = project / ".mlreg/cache"
    for path in sorted(cache.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*")}
    lint("signature.yaml", "mlreg.yaml")
    assert {path: path.stat().st_mtime_ns for path in project.rglob("*")} == before


def test_a_place_is_found_by_keys_numbers_names_and_names_with_dots(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("inputs:\n  a.b: int\n  c: [x, {name: y}]\n")
    ways = (["inputs", "a", "b"], ["inputs", "c", "1"], ["inputs", "c", "y"], ["inputs", "c", "x"], ["inputs", "z"])
    assert [find_place(path, way) for way in ways] == [(2, 3), (3, 10), (3, 10), (3, 7), (1, 1)]
    assert find_place(path, ["nothing"]) is None


def test_a_history_that_is_damaged_is_one_finding_and_other_files_are_told_all_the_same(project):
    Path("x.signature.yaml").write_text("inputs: {a: itn}\n")
    event = project / ".mlreg/history/fraud/00000001.json"
    event.write_bytes(event.read_bytes().replace(b"fraud", b"frraud"))
    assert [found[1] for found in lint("signature.yaml", "x.signature.yaml")] == ["MLR104", "MLR202"]
