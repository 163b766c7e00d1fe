"""`verify --repair` mends what is damaged from the file that one still has, and says what it did."""

from __future__ import annotations

import pytest


@pytest.fixture
def damaged(mlreg, tmp_path, monkeypatch):
    """A repository with a damaged blob; returns where that lies. The file that it was of is `model.bin`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.bin").write_bytes(b"weights" * 10_000)
    mlreg("init")
    assert mlreg("register", "fraud", "model.bin").code == 0
    [blob] = (tmp_path / ".mlreg/blobs").rglob("*.mlb")
    blob.chmod(0o644)
    whole = blob.read_bytes()
    blob.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    return blob


def test_a_blob_comes_back_from_the_file_that_it_was_of(mlreg, damaged):
    assert mlreg("verify").code == 1
    answer = mlreg("verify", "--repair", "--from", "model.bin", "--json")
    assert (answer.code, answer.document["ok"], len(answer.document["mended"])) == (0, True, 1)
    assert mlreg("verify").code == 0


def test_a_dry_run_tells_what_would_be_mended_and_mends_nothing(mlreg, damaged):
    before = damaged.read_bytes()
    answer = mlreg("verify", "--repair", "--from", "model.bin", "--dry-run", "--json")
    assert (answer.code, len(answer.document["mended"]), answer.document["dry_run"]) == (1, 1, True)
    assert damaged.read_bytes() == before


def test_what_cannot_be_mended_is_told_and_left(mlreg, damaged, tmp_path):
    (tmp_path / "other.bin").write_bytes(b"something else" * 5_000)
    before = damaged.read_bytes()
    answer = mlreg("verify", "--repair", "--from", "other.bin", "--json")
    assert (answer.code, answer.document["mended"]) == (1, [])
    assert damaged.read_bytes() == before


def test_a_dry_run_is_for_mending(mlreg, damaged):
    assert mlreg("verify", "--dry-run").code == 2
