"""Owns what the kernel sees of a program, as strace tells of it: what the interposer sees is held against that."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from .calls import CHANGES, Call, Kind
from .lab import ALIKE, SOURCES

NEEDS = "needs strace and the right to trace"
_KINDS = {"open": Kind.OPEN, "openat": Kind.OPEN, "pwrite64": Kind.WRITE, "fdatasync": Kind.FSYNC, "linkat": Kind.LINK}
_KINDS |= {"renameat": Kind.RENAME, "mkdirat": Kind.MKDIR, "ftruncate": Kind.TRUNCATE}
_LOOKED_AT = (
    "open,openat,creat,write,pwrite64,writev,pwritev,fsync,fdatasync,link,linkat,rename,renameat,renameat2,mkdir,mkdirat,"
    "unlink,unlinkat,rmdir,truncate,ftruncate,fallocate,symlink,symlinkat,mknod,mknodat,sendfile,copy_file_range,splice,"
    "sync,syncfs,sync_file_range"
)


def can_trace() -> bool:
    """Whether strace is there and may be used."""
    command = ["strace", "-o", os.devnull, "true"]
    return bool(shutil.which("strace")) and subprocess.run(command, capture_output=True).returncode == 0


def changes_in(calls: Iterable[Call]) -> Sequence[str]:
    """Returns the changes that `calls` have made, sorted."""
    return sorted(str(call) for call in calls if call.kind in CHANGES and call.is_done)


def changes_seen(root: Path, command: Sequence[str]) -> Sequence[str]:
    """Returns the changes that `command` makes below `root` in a process of its own, sorted."""
    trace = root.parent / "trace"
    strace = ["strace", "-f", "-y", "-qq", "-s", "0", "-o", str(trace), "-e", f"trace={_LOOKED_AT}"]
    environment = {**os.environ, **ALIKE, "PYTHONPATH": str(SOURCES)}
    subprocess.run([*strace, *command], cwd=root, env=environment, capture_output=True, check=True)
    return sorted(shown for line in trace.read_text().splitlines() if (shown := _shown(line, str(root))))


def _shown(line: str, root: str) -> str | None:
    """Returns the change below `root` that a line of strace tells of, as a `Call` shows itself; None for others."""
    match = re.match(r"\d+ +(\w+)\((.*)\) += \d+", line)
    if match is None or (match[1].startswith("open") and not re.search("O_CREAT|O_TRUNC", match[2])):
        return None
    name, arguments = match.groups()
    kind = Kind.RMDIR if "AT_REMOVEDIR" in arguments else _KINDS.get(name) or Kind[name.removesuffix("at").upper()]
    bases = re.findall(r"<([^>]*)>", arguments) or [root]
    names = [] if kind in (Kind.WRITE, Kind.FSYNC, Kind.TRUNCATE) else re.findall(r'"([^"]*)"', arguments)
    path = os.path.normpath(os.path.join(bases[0], *names[-1:]))
    if path != root and not path.startswith(f"{root}/"):
        return None
    return str(Call(kind, path.removeprefix(root).lstrip("/")))
