"""Sessions, word for word: what is typed, what comes back. The files `*.txt` beside this one double as documentation.

A line `$ mlreg …` is typed; other lines behind `$` are for the shell. Then follow, exactly: what is said on stdout; on
stderr, each line behind `! `; the exit code in brackets where it is not 0. Lines that begin with `#` explain. Digests,
moments and the directory are masked. `UPDATE=1` in the environment writes what comes back into the files.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Type = Callable[..., Any]
SESSIONS = sorted(Path(__file__).parent.glob("*.txt"))
MASKS = (
    (re.compile(r"sha256:[0-9a-f]{64}"), "sha256:<digest>"),
    (re.compile(r"sha256:[0-9a-f]{12}\b"), "sha256:<start>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"), "<moment>"),
    (re.compile(r'("id": ")[0-9a-f]{32}'), r"\1<id>"),
    (re.compile(r"^(environment\.\w+\t).*", re.MULTILINE), r"\1<captured>"),
)


def steps(text: str) -> Iterator[tuple[str, str]]:
    """Yields each line that is typed and what must come back; what explains comes with an empty line typed."""
    typed, expected = "", ""
    for line in text.splitlines(keepends=True):
        if line.startswith(("$ ", "#")) or (not line.strip() and not typed):
            yield typed, expected
            typed, expected = (line, "") if line.startswith("$ ") else ("", line)
        else:
            expected += line
    yield typed, expected


def answer_of(line: str, directory: Path, mlreg: Type) -> str:
    """Types `line` and returns what comes back, as a session shows it."""
    ours, _, shell = line.partition(" | ") if line.startswith("mlreg ") else ("", "", line)
    out, err, code = "", "", 0
    if ours:
        answer = mlreg(*shlex.split(ours)[1:])
        out, err, code = answer.out, answer.err, answer.code
    if shell:
        run = {"shell": True, "cwd": directory, "capture_output": True, "text": True, "timeout": 60}
        done = subprocess.run(shell, input=out, check=False, **run)
        out, err, code = done.stdout, err + done.stderr, done.returncode
    said = out + "".join(f"! {said}" for said in err.splitlines(keepends=True)) + (f"[{code}]\n" if code else "")
    said = said.replace(str(directory), "<here>")
    for pattern, mask in MASKS:
        said = pattern.sub(mask, said)
    return said


@pytest.mark.parametrize("session", SESSIONS, ids=lambda path: path.stem)
def test_a_session_goes_as_it_is_written(session: Path, tmp_path: Path, mlreg: Type) -> None:
    text = session.read_text()
    told = ""
    for typed, expected in steps(text):
        blank = expected[len(expected.rstrip("\n")) + bool(expected.strip()) :]
        told += typed + (answer_of(typed[2:], tmp_path, mlreg) + blank if typed else expected)
    assert "a bug in mlreg" not in told
    if os.environ.get("UPDATE"):
        session.write_text(told)
    assert told == text


def test_the_commands_of_a_life_have_a_session() -> None:
    typed = "".join(session.read_text() for session in SESSIONS)
    life = (
        "init register list info promote rollback compare history checkout verify deprecate archive tag set alias why"
    )
    assert [name for name in life.split() if f"$ mlreg {name}" not in typed] == []
