"""A project with a past, to copy; and what tells two trees of files apart."""

from __future__ import annotations

import io
import os
import shutil
import stat
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from mlreg.cli import main

Type = Callable[..., Any]

PAST = (
    "init",
    "register fraud-detector v100.pkl --metric accuracy=0.85 --metric latency=40ms --feature amount --feature hour",
    "promote fraud-detector 1.0.0 --to production --reason first",
    "register fraud-detector v110.pkl --bump minor --metric accuracy=0.87 --metric latency=35ms"
    " --feature amount --feature hour --feature country --param depth=8 --tag reviewed --owner risk@example.org"
    " --framework xgboost --type classifier --parent fraud-detector@1.0.0 --data tx-2026-01 --meta ticket=4711",
    "promote fraud-detector 1.1.0 --to production --reason better",
    "register fraud-detector v200.pkl --version 2.0.0 --metric accuracy=0.86 --feature amount --feature hour"
    " --stage staging",
    "register fraud-detector v101.pkl --version 1.0.1 --metric accuracy=0.5",
    "deprecate fraud-detector@1.0.1 --reason leaked --end-of-life 2027-06-30",
    "register fraud-detector v210.pkl --version 2.1.0-rc.1",
    "register churn churn.onnx --version 0.1.0 --metric rmse=0.3",
)


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a repository in which the commands of `PAST` were typed, and the files that they name."""
    directory = tmp_path_factory.mktemp("past")
    for name in ("v100.pkl", "v110.pkl", "v200.pkl", "v101.pkl", "v210.pkl", "churn.onnx"):
        (directory / name).write_text(f"the weights of {name}\n")
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as said:
        patch.chdir(directory)
        patch.delenv("MLREG_DIR", raising=False)
        for line in PAST:
            with pytest.raises(SystemExit) as end:
                main([*line.split(), "--actor", "ann@example.org"])
            assert end.value.code == 0, (line, said.getvalue())
    return directory


@pytest.fixture
def project(past: Path, tmp_path: Path) -> Path:
    """A fresh copy of `past`, where `mlreg` and `spawn` type their words."""
    shutil.copytree(past, tmp_path, dirs_exist_ok=True, symlinks=True)
    return tmp_path


@pytest.fixture
def tree() -> Callable[[Path], dict[str, Any]]:
    """Tells what is below a directory: for each path its mode and content."""

    def look(directory: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for path in sorted(directory.rglob("*")):
            name = os.fsencode(path.relative_to(directory)).decode("ascii", "backslashreplace")
            mode = path.lstat().st_mode
            content = os.readlink(path) if stat.S_ISLNK(mode) else path.read_bytes() if stat.S_ISREG(mode) else None
            found[name] = (mode, content)
        return found

    return look


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        """What was written."""
        return self.buffer.getvalue().decode()  # type: ignore[attr-defined]


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Types `mlreg WORDS…` in this process, with a stream that says it is a terminal; returns what is drawn."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "xterm-256color")

    def type_(*words: str, columns: int = 80) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        out = Terminal()
        with redirect_stdout(out), redirect_stderr(out), pytest.raises(SystemExit):
            main(words)
        return out.text

    return type_
