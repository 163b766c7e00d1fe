"""A small repository of every format that ever landed opens, verifies, tells what it told then, and goes on.

The repositories are `tests/formats/NAME.tar.gz`, each with `NAME.json`, what the mlreg that made it said of it. Whoever
changes what is written (events, records, blobs) adds one, with the mlreg that writes it, and keeps all of the others:

    python tests/formats/make.py tests/formats/YYYY-MM-DD-WHAT
"""

from __future__ import annotations

import json
import tarfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from mlreg.registry import Registry

FORMATS = Path(__file__).parent / "formats"
NAMES = sorted(path.name.removesuffix(".tar.gz") for path in FORMATS.glob("*.tar.gz"))

Told = dict[str, dict[str, Any]]


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    word: str = request.param
    return word


@pytest.fixture
def told(name: str) -> Told:
    """What the mlreg that made the repository said of its models."""
    document: Told = json.loads((FORMATS / f"{name}.json").read_text())
    return document


@pytest.fixture
def old(name: str, tmp_path: Path) -> Registry:
    """The repository as it was, opened by the mlreg of today."""
    with tarfile.open(FORMATS / f"{name}.tar.gz") as archive:
        if hasattr(tarfile, "tar_filter"):  # not in Python 3.11.0 to 3.11.3
            archive.extraction_filter = tarfile.tar_filter
        archive.extractall(tmp_path)
    return Registry.open(tmp_path)


def truth(directory: Path) -> dict[str, bytes]:
    """Returns all that is never rewritten."""
    rooms = ("blobs", "catalog", "history")
    paths = [path for room in rooms for path in (directory / ".mlreg" / room).rglob("*") if path.is_file()]
    return {str(path.relative_to(directory)): path.read_bytes() for path in paths}


def said(registry: Registry, name: str, version: str) -> dict[str, Any]:
    info = registry.info(name, version).document()
    files = {file["path"]: file["digest"] for file in info["files"]}
    return {**info, "files": files, "dropped": info["dropped"] is not None}


def test_there_is_one_of_the_first_landing_and_one_with_coded_blobs() -> None:
    assert {"2026-11-21-3ce99cb", "2026-11-21-coded"} <= set(NAMES)


def test_an_old_repository_verifies(old: Registry, told: Told) -> None:
    answer = old.verify()
    assert answer.problems == []
    assert answer.checked["records"] == sum(len(model["versions"]) for model in told.values())


def test_an_old_repository_says_what_it_said_then(old: Registry, told: Told) -> None:
    assert [line["name"] for line in old.list().document()["models"]] == sorted(told)
    for name, model in told.items():
        assert [event.kind for event in old.history(name).events] == model["events"]
        for version, facts in model["versions"].items():
            now = said(old, name, version)
            assert {key: now[key] for key in facts} == facts
            assert (now["model"]["stages"], now["model"]["aliases"]) == (model["stages"], model["aliases"])


def test_without_its_cache_it_says_the_same(old: Registry, told: Told, tmp_path: Path) -> None:
    for path in (tmp_path / ".mlreg" / "cache").rglob("*.json"):
        path.unlink()
    test_an_old_repository_says_what_it_said_then(old, told)


def test_the_files_of_an_old_version_come_back_byte_for_byte(old: Registry, told: Told, tmp_path: Path) -> None:
    for name, model in told.items():
        for version, facts in model["versions"].items():
            if not facts["dropped"]:
                place = tmp_path / "out" / name / version
                old.checkout(name, version, directory=place)
                found = {
                    str(path.relative_to(place)): "sha256:" + sha256(path.read_bytes()).hexdigest()
                    for path in place.rglob("*")
                    if path.is_file()
                }
                assert found == facts["files"]


def test_an_old_repository_takes_new_versions_and_moves_and_keeps_what_it_had(
    old: Registry, told: Told, tmp_path: Path
) -> None:
    before = truth(tmp_path)
    (tmp_path / "new.bin").write_bytes(bytes(range(256)) * 200)
    for name, model in told.items():
        added = old.register(name, tmp_path / "new.bin", parent=f"{name}@latest", metrics={"auc": 0.9})
        assert added.version not in model["versions"]
        assert old.promote(name, added.version, to="production").replaced == model["stages"].get("production")
        if "production" in model["stages"]:
            assert old.rollback(name).version == model["stages"]["production"]
        old.tag(name, added.version, tags=["new"])
        assert len(old.history(name).events) >= len(model["events"]) + 3
    old.register("another", tmp_path / "new.bin")
    assert old.verify().ok
    assert before.items() <= truth(tmp_path).items()


def test_gc_makes_an_old_repository_smaller_and_loses_nothing(old: Registry, told: Told, tmp_path: Path) -> None:
    old.gc(prune=True, now=True)
    assert old.verify().ok
    dropped = {
        (name, version): said(old, name, version)["dropped"] for name in told for version in told[name]["versions"]
    }
    expected = {(name, version): facts["dropped"] for name in told for version, facts in told[name]["versions"].items()}
    assert dropped == expected


def test_registering_the_same_again_finds_the_version_of_then(old: Registry, told: Told, tmp_path: Path) -> None:
    old.checkout("churn", "0.1.0", directory=tmp_path / "out")
    again = old.register("churn", tmp_path / "out" / "small.bin", version="0.1.0", **lineage_of(old))
    assert (again.created, again.digest) == (False, told["churn"]["versions"]["0.1.0"]["digest"])


def lineage_of(registry: Registry) -> dict[str, Any]:
    lineage = registry.info("churn", "0.1.0").document()["lineage"]
    return {"depends_on": lineage["depends_on"]} if lineage.get("depends_on") else {}
