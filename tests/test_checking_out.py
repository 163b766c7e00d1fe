"""Files come out of the repository as copies, as clones or as links of what it has: always verified."""

from __future__ import annotations

import os

import pytest

from mlreg import Registry
from mlreg.errors import IntegrityError
from mlreg.store import layout

PLAIN = os.urandom(300_000)  # which no codec makes smaller
CODED = b"tree node " * 30_000


@pytest.fixture
def registry(tmp_path):
    Registry.init(tmp_path / "project")
    registry = Registry.open(tmp_path / "project")
    for name, data in {"plain": PLAIN, "coded": CODED}.items():
        (tmp_path / f"{name}.bin").write_bytes(data)
        registry.register(name, tmp_path / f"{name}.bin")
    return registry


def blob(tmp_path, registry, name):
    (file,) = registry.info(name).document()["files"]
    return tmp_path / "project/.mlreg" / layout.blob(file["digest"])


def test_a_plain_file_can_be_a_link_of_the_repositorys_own(registry, tmp_path):
    registry.checkout("plain", directory=tmp_path / "out", link=True)
    out = tmp_path / "out/plain.bin"
    assert out.samefile(blob(tmp_path, registry, "plain"))
    assert not out.stat().st_mode & 0o222


def test_a_coded_file_is_written_where_a_link_was_asked_for(registry, tmp_path):
    registry.checkout("coded", directory=tmp_path / "out", link=True)
    assert (tmp_path / "out/coded.bin").read_bytes() == CODED


def test_a_program_is_never_a_link(registry, tmp_path):
    program = tmp_path / "run.sh"
    program.write_bytes(b"#!/bin/sh\n")
    program.chmod(0o755)
    registry.register("program", program)
    registry.checkout("program", directory=tmp_path / "out", link=True)
    out = tmp_path / "out/run.sh"
    assert os.access(out, os.X_OK)
    assert not out.samefile(blob(tmp_path, registry, "program"))


def test_a_copy_may_be_written_to_without_harm(registry, tmp_path):
    registry.checkout("plain", directory=tmp_path / "out")
    (tmp_path / "out/plain.bin").write_bytes(b"mine")
    assert registry.verify().ok


def test_a_link_of_damaged_bytes_is_not_handed_out(registry, tmp_path):
    path = blob(tmp_path, registry, "plain")
    path.chmod(0o644)
    path.write_bytes(PLAIN[:-1] + b"?")
    with pytest.raises(IntegrityError, match="damaged"):
        registry.checkout("plain", directory=tmp_path / "out", link=True)
    assert not (tmp_path / "out").exists()
