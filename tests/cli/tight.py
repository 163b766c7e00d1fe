"""Fills disks of the sizes that it is given, in kB, until a command fails; then makes room and goes on.

    unshare -rm python tight.py DIRECTORY SIZE...

Prints for each size a line of JSON: what was done, where the room ended, what is wrong with what came of it.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from mlreg.cli import main

LINES = (
    "init",
    "register fraud ../small.bin",
    "register fraud ../large.bin --metric auc=0.5",
    "promote fraud 1.0.0 --to production",
    "register fraud ../next.bin --parent fraud@1.0.1",
    "promote fraud 1.0.1 --to production --reason better",
    "tag fraud 1.0.0 old",
    "rollback fraud",
    "checkout fraud@1.0.1 -o out",
    "gc --prune --now",
    "list",
)
FULL = 11


def typed(line: str) -> tuple[int, str]:
    """Types `mlreg LINE`; returns the exit code and what was said to stderr."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(line.split())
        except SystemExit as end:
            code = int(end.code or 0)
    return code, err.buffer.getvalue().decode()  # type: ignore[attr-defined]


def fill(size_kb: int) -> dict[str, Any]:
    """Types all lines on a disk of `size_kb`; where the room ends, the same line again with room enough."""
    wrong: list[str] = []
    ended: list[str] = []
    for line in LINES:
        code, said = typed(line)
        if code == FULL:
            ended.append(line)
            wrong += look(line)
            if not re.fullmatch(r"error: \S+: no space left on device\nhint: .+\n", said):
                wrong.append(f"{line} says {said}")
            resize(size_kb + 4096)
            code, said = typed(line)
            resize_back(size_kb)
        if code:
            wrong.append(f"{line} ends with {code}: {said}")
    return {"size": size_kb, "ended": ended, "wrong": [*wrong, *look("all")]}


def look(line: str) -> list[str]:
    """Returns what is wrong with the repository after `line`."""
    if not Path(".mlreg/format").exists():
        return []
    left = [path.name for path in Path(".mlreg/tmp").glob("*") if path.name != "lock"]
    said = [f"after {line}: {words} ends with {code}: {err}" for words in ("verify", "list")
            for code, err in [typed(words)] if code]  # fmt: skip
    return said + [f"after {line}: {name} is left" for name in left]


def resize(size_kb: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size_kb}k", "."], check=True)


def resize_back(size_kb: int) -> None:
    """Takes the room away again, as far as it is not used."""
    subprocess.run(["mount", "-o", f"remount,size={size_kb}k", "."], check=False, capture_output=True)


def make_sources(directory: Path) -> None:
    """Writes the models that are registered: small, large, and like the large one."""
    numbers = bytes((index * index * 7919 >> 3) % 251 for index in range(40_000))
    (directory / "small.bin").write_bytes(b"weights")
    (directory / "large.bin").write_bytes(numbers)
    (directory / "next.bin").write_bytes(numbers[:30_000] + b"\1" + numbers[30_001:])


def run(directory: Path, sizes_kb: list[int]) -> None:
    make_sources(directory)
    room = directory / "room"
    room.mkdir()
    for size in sizes_kb:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", room], check=True)
        os.chdir(room)
        try:
            sys.stdout.write(json.dumps(fill(size)) + "\n")
        finally:
            os.chdir(directory)
            subprocess.run(["umount", room], check=True)


if __name__ == "__main__":
    run(Path(sys.argv[1]), [int(size) for size in sys.argv[2:]])
