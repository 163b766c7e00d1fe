"""Lives on small disks until a command fails; then makes room and goes on.

    unshare -rm python tight.py DIRECTORY size=64k nr_inodes=20     tmpfs, mounted with that option
    unshare -m python tight.py DIRECTORY ext4 xfs:48                an image; of the other there are 48 kB left

Prints for each disk a line of JSON: which it is, where the room ended, what is wrong with what came of it.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
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
ROOMY = "size=8m,nr_inodes=1k"
IMAGE = "320M"  # less is not enough for xfs


def typed(line: str) -> tuple[int, str]:
    """Types `mlreg LINE`; returns the exit code and what was said to stderr."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(line.split())
        except SystemExit as end:
            code = int(end.code or 0)
    return code, err.buffer.getvalue().decode()  # type: ignore[attr-defined]


def live(disk: str) -> dict[str, Any]:
    """Types all lines on a disk; where the room ends, the same line again with room enough."""
    wrong: list[str] = []
    ended: list[str] = []
    for line in LINES:
        code, said = typed(line)
        if code == FULL:
            ended.append(line)
            wrong += look(line)
            if not re.fullmatch(r"error: \S+: no space left on device\nhint: .+\n", said):
                wrong.append(f"{line} says {said}")
            make_room()
            code, said = typed(line)
            take_room(disk)
        if code:
            wrong.append(f"{line} ends with {code}: {said}")
    return {"disk": disk, "ended": ended, "wrong": [*wrong, *look("all")]}


def look(line: str) -> list[str]:
    """Returns what is wrong with the repository after `line`."""
    if not Path(".mlreg/format").exists():
        return []
    left = [path.name for path in Path(".mlreg/tmp").glob("*") if path.name != "lock"]
    said = [f"after {line}: {words} ends with {code}: {err}" for words in ("verify", "list")
            for code, err in [typed(words)] if code]  # fmt: skip
    return said + [f"after {line}: {name} is left" for name in left]


def mount(disk: str, room: Path) -> None:
    """Mounts `disk` at `room`."""
    kind, _, left_kb = disk.partition(":")
    if "=" in kind:
        subprocess.run(["mount", "-t", "tmpfs", "-o", kind, "tmpfs", room], check=True)
        return
    image = room.with_name("image")
    image.unlink(missing_ok=True)  # or mkfs would see the last one
    subprocess.run(["truncate", "-s", IMAGE, image], check=True)
    subprocess.run([f"mkfs.{kind}", "-q", image], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["mount", "-o", "loop", image, room], check=True)
    if left_kb:
        fill(room / "filler", int(left_kb))


def fill(filler: Path, left_kb: int) -> None:
    """Takes all room but `left_kb` by a file."""
    with open(filler, "wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    os.fsync(file.fileno())
        file.truncate(file.tell() - (left_kb << 10))
        os.fsync(file.fileno())


def make_room() -> None:
    """Gives the disk that we are on more room than all lines need."""
    if not Path("filler").exists():
        subprocess.run(["mount", "-o", f"remount,{ROOMY}", "."], check=False, capture_output=True)
    Path("filler").unlink(missing_ok=True)


def take_room(disk: str) -> None:
    """Takes the room away again, as far as it is not used."""
    if "=" in disk:
        subprocess.run(["mount", "-o", f"remount,{disk}", "."], check=False, capture_output=True)


def make_sources(directory: Path) -> None:
    """Writes the models that are registered: small, large, and like the large one."""
    numbers = bytes((index * index * 7919 >> 3) % 251 for index in range(40_000))
    (directory / "small.bin").write_bytes(b"weights")
    (directory / "large.bin").write_bytes(numbers)
    (directory / "next.bin").write_bytes(numbers[:30_000] + b"\1" + numbers[30_001:])


def run(directory: Path, disks: list[str]) -> None:
    make_sources(directory)
    room = directory / "room"
    room.mkdir()
    for disk in disks:
        mount(disk, room)
        os.chdir(room)
        try:
            sys.stdout.write(json.dumps(live(disk)) + "\n")
        finally:
            os.chdir(directory)
            subprocess.run(["umount", room], check=True)


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2:])
