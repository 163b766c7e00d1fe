"""A record says what a version is; what a newer mlreg has added to it is kept and shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlreg.domain.metric import Metric
from mlreg.domain.record import FileEntry, ModelVersion, differing_facts, version_from_facts
from mlreg.domain.semver import Version
from mlreg.errors import IntegrityError, MissingError
from mlreg.store.catalog import content_digest, facts_digest, record_bytes, version_from_record

WEIGHTS = FileEntry("model.bin", "sha256:" + "a" * 64, 4)
SCRIPT = FileEntry("bin/run.sh", "sha256:" + "b" * 64, 9, executable=True)

FULL = ModelVersion(
    name="risk/fraud",
    version=Version.parse("1.2.0-rc.1+b"),
    files=(SCRIPT, WEIGHTS),
    framework="sklearn",
    type="classifier",
    owner="ann@example.org",
    description="Finds fraud.\nSlowly.",
    tags=("a", "b"),
    metrics={
        "auc": Metric.parse("auc", 0.91),
        "latency": Metric.parse("latency", "35ms"),
        "loss": Metric.parse("loss", "nan"),
    },
    params={"depth": 5, "nested": {"list": [1, None, True]}},
    features=("age", "amount"),
    signature={"inputs": {"age": "int"}},
    requirements=("xgboost==1.7.0",),
    lineage={"parent": "risk/fraud@1.1.0", "data": "s3://x"},
    meta={"ticket": "A-1"},
    captured={"environment": {"python": "3.11.7"}},
)


def reread(version: ModelVersion) -> ModelVersion:
    return version_from_record(record_bytes(version), "catalog/x.yaml")


@pytest.mark.parametrize(
    "version", [FULL, ModelVersion("m", Version(1, 0, 0)), ModelVersion("m", Version(1, 0, 0), files=(WEIGHTS,))]
)
def test_a_record_is_read_back_as_it_was_written(version: ModelVersion) -> None:
    assert reread(version) == version
    assert record_bytes(reread(version)) == record_bytes(version)


def test_a_record_begins_with_what_a_person_looks_for() -> None:
    lines = record_bytes(FULL).decode().splitlines()
    assert lines[:4] == ["format: 1", "model: risk/fraud", 'version: "1.2.0-rc.1+b"', "framework: sklearn"]


def test_what_was_not_stated_is_not_written() -> None:
    assert set(ModelVersion("m", Version(1, 0, 0), files=(WEIGHTS,)).facts()) == {"format", "model", "version", "files"}


def test_the_size_of_a_version_is_that_of_all_its_files() -> None:
    assert FULL.size_bytes == 13


UNKNOWN = {"quality": {"score": 1, "by": ["x"]}, "zebra": None}


def test_fields_of_a_newer_mlreg_are_kept_and_shown() -> None:
    newer = version_from_facts({**FULL.facts(), **UNKNOWN}, source="it")
    assert newer.unknown == UNKNOWN
    assert reread(newer).facts() == {**FULL.facts(), **UNKNOWN}


def test_a_record_of_a_newer_format_needs_a_newer_mlreg() -> None:
    data = record_bytes(FULL).replace(b"format: 1\n", b"format: 2\n")
    with pytest.raises(MissingError, match="written by a newer mlreg"):
        version_from_record(data, "it")


@pytest.mark.parametrize(
    "change",
    [
        *[{"model": None}, {"model": 5}, {"version": None}, {"version": 1.0}, {"version": "1.0"}, {"version": "x"}],
        *[{"files": 5}, {"files": ["model.bin"]}, {"files": [{"path": "a"}]}],
        *[{"files": [{**WEIGHTS.facts(), name: None}]} for name in ("path", "digest", "size_bytes")],
        *[{"framework": 5}, {"owner": ["a"]}, {"tags": "a"}, {"tags": 5}, {"tags": [1]}, {"features": "age"}],
        *[{"features": [[]]}, {"metrics": 5}, {"metrics": []}, {"metrics": {"auc": "good"}}],
        *[{"metrics": {"auc": None}}, {"params": []}, {"meta": "x"}, {"signature": "x"}, {"requirements": "xgboost"}],
        *[{"lineage": []}, {"captured": 5}],
    ],
    ids=str,
)
def test_a_record_with_a_field_of_another_type_is_not_one(change: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="the record it is not one that mlreg wrote"):
        version_from_facts({**FULL.facts(), **change}, source="it")


@pytest.mark.parametrize("facts", [None, [], "text", 5, {}, {"model": "m"}, {"version": "1.0.0"}])
def test_what_is_no_record_at_all_is_not_one(facts: Any) -> None:
    with pytest.raises(IntegrityError):
        version_from_facts(facts, source="it")


@pytest.mark.parametrize("data", [b"", b"\xff", b"a: b: c", b"- 1", b"model: &a m\n", b"{", b"\0"])
def test_bytes_that_are_no_record_are_named(data: bytes) -> None:
    with pytest.raises(IntegrityError, match=r"catalog/x\.yaml"):
        version_from_record(data, "catalog/x.yaml")


SAME = [{"captured": {"environment": {}}}, {"name": "other"}, {"version": Version(9, 9, 9)}, {"tags": ("b", "a")}]
OTHER = [
    *[("files", (WEIGHTS,)), ("framework", "torch"), ("type", "regressor"), ("owner", "bo"), ("description", None)],
    *[
        ("tags", ("a",)),
        ("metrics", {"auc": Metric.parse("auc", 0.92)}),
        ("params", {}),
        ("features", ("amount", "age")),
    ],
    *[("signature", None), ("requirements", ()), ("lineage", {"data": "s3://x"}), ("meta", {"ticket": "A-2"})],
]


@pytest.mark.parametrize("change", SAME, ids=lambda change: next(iter(change)))
def test_who_where_and_under_which_number_is_not_stated(change: dict[str, Any]) -> None:
    assert facts_digest(replace(FULL, **change)) == facts_digest(FULL)
    assert differing_facts(replace(FULL, **change), FULL) == []


@pytest.mark.parametrize(("name", "value"), OTHER)
def test_what_was_stated_makes_another_version_and_is_named(name: str, value: Any) -> None:
    other = replace(FULL, **{name: value})
    assert facts_digest(other) != facts_digest(FULL)
    assert differing_facts(other, FULL) == [name]


def test_the_content_is_the_list_of_files_and_nothing_else() -> None:
    assert content_digest(FULL) == content_digest(ModelVersion("m", Version(1, 0, 0), files=FULL.files))
    for entry in (
        SCRIPT._replace(executable=False),
        SCRIPT._replace(path="run.sh"),
        SCRIPT._replace(digest=WEIGHTS.digest),
    ):
        assert content_digest(replace(FULL, files=(entry, WEIGHTS))) != content_digest(FULL)
