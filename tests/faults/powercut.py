"""Owns the model of a power cut: what of a directory tree is on the disk after some calls, if the power goes now.

The rules are those of POSIX, which promises less than any file system does: the bytes of a file are safe when the file
was synced, a name is safe when its directory was synced, and nothing else is. Of what is not safe, a disk may keep any
part: the survivals below are the extremes, and `mixed` draws from what lies between.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from .calls import Call, Kind

Tree = Mapping[str, bytes | None]
"""The paths of all files with their bytes, and of all directories with None."""


@dataclass(eq=False)
class File:
    """A file: its bytes as programs see them, and as the last sync left them on the disk."""

    now: bytes = b""
    safe: bytes = b""

    @property
    def torn(self) -> bytes:
        """What is there where half of the unsynced bytes arrived."""
        return self.now if self.now == self.safe else self.now[: max(len(self.safe), len(self.now) // 2)]

    @property
    def zeroed(self) -> bytes:
        """What is there where the new length arrived and the new bytes did not."""
        return self.safe[: len(self.now)].ljust(len(self.now), b"\0")

    def sync(self) -> None:
        """Brings the bytes to the disk."""
        self.safe = self.now

    def write(self, data: bytes, offset: int) -> None:
        """Puts `data` at `offset`."""
        self.now = self.now[:offset].ljust(offset, b"\0") + data + self.now[offset + len(data) :]


@dataclass(eq=False)
class Directory:
    """A directory: its names on the disk, and the changes since (None: the name was removed)."""

    safe: dict[str, Node] = field(default_factory=dict)
    pending: list[tuple[str, Node | None]] = field(default_factory=list)

    @property
    def now(self) -> dict[str, Node]:
        """The names as programs see them."""
        return self.with_changes(self.pending)

    def with_changes(self, changes: Iterable[tuple[str, Node | None]]) -> dict[str, Node]:
        """Returns the names on the disk after `changes`."""
        names = dict(self.safe)
        for name, node in changes:
            if node is None:
                names.pop(name, None)
            else:
                names[name] = node
        return names

    def sync(self) -> None:
        """Brings the names to the disk."""
        self.safe, self.pending = self.now, []


Node = File | Directory


@dataclass(frozen=True)
class Survival:
    """What a disk keeps of what is not safe."""

    names: Callable[[Directory], Mapping[str, Node]]
    data: Callable[[File], bytes]


LOST = Survival(names=lambda directory: directory.safe, data=lambda file: file.safe)
KEPT = Survival(names=lambda directory: directory.now, data=lambda file: file.now)
SURVIVALS: Mapping[str, Survival] = {
    "all of it lost": LOST,
    "names kept, bytes lost": Survival(KEPT.names, LOST.data),
    "names kept, bytes torn": Survival(KEPT.names, lambda file: file.torn),
    "names kept, bytes zero": Survival(KEPT.names, lambda file: file.zeroed),
    "bytes kept, names lost": Survival(LOST.names, KEPT.data),
}


def mixed(seed: str) -> Survival:
    """Returns a survival that draws lots for each name and each file."""
    lots = Random(seed)
    return Survival(
        names=lambda directory: directory.with_changes([one for one in directory.pending if lots.random() < 0.5]),
        data=lambda file: lots.choice([file.safe, file.torn, file.zeroed, file.now]),
    )


class Disk:
    """A directory tree as programs see it and as it is on the disk."""

    def __init__(self, root: Path) -> None:
        """Begins with what is below `root` now, all of it safe."""
        self._nodes: dict[int, Node] = {}
        self._root = self._found(root)

    def replay(self, calls: Iterable[Call]) -> None:
        """Does `calls`, as far as they were done, again."""
        for call in calls:
            if call.is_done and call.kind in _REPLAYS:
                _REPLAYS[call.kind](self, call)

    def after_power_cut(self, survival: Survival = LOST) -> Tree:
        """Returns the tree that is there when the power comes back."""
        tree: dict[str, bytes | None] = {}
        pending: list[tuple[str, Directory]] = [("", self._root)]
        while pending:
            prefix, directory = pending.pop()
            for name, node in sorted(survival.names(directory).items()):
                if isinstance(node, File):
                    tree[prefix + name] = survival.data(node)
                else:
                    tree[prefix + name] = None
                    pending.append((f"{prefix}{name}/", node))
        return tree

    def _found(self, path: Path) -> Directory:
        directory = self._nodes[os.lstat(path).st_ino] = Directory()
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    directory.safe[entry.name] = self._found(Path(entry.path))
                else:
                    data = Path(entry.path).read_bytes()
                    directory.safe[entry.name] = self._nodes[entry.inode()] = File(data, data)
        return directory

    def _directory_of(self, path: str) -> tuple[Directory, str]:
        node: Node = self._root
        *parents, name = path.split("/")
        for part in parents:
            assert isinstance(node, Directory)
            node = node.now[part]
        assert isinstance(node, Directory)
        return node, name

    def _open(self, call: Call) -> None:
        directory, name = self._directory_of(call.path)
        node = directory.now.get(name)
        if node is None:
            self._name(call.path, call, File())
        elif isinstance(node, File) and call.flags & os.O_TRUNC:
            node.now = b""

    def _write(self, call: Call) -> None:
        self._file(call).write(call.data, call.offset)

    def _truncate(self, call: Call) -> None:
        file = self._file(call)
        file.now = file.now[: call.offset].ljust(call.offset, b"\0")

    def _sync(self, call: Call) -> None:
        self._nodes[call.inode].sync()

    def _mkdir(self, call: Call) -> None:
        self._name(call.path, call, Directory())

    def _link(self, call: Call) -> None:
        self._name(call.other, call, self._node(call.path))

    def _rename(self, call: Call) -> None:
        self._name(call.other, call, self._node(call.path))
        self._unlink(call)

    def _unlink(self, call: Call) -> None:
        directory, name = self._directory_of(call.path)
        directory.pending.append((name, None))

    def _name(self, path: str, call: Call, node: Node) -> None:
        directory, name = self._directory_of(path)
        directory.pending.append((name, node))
        self._nodes[call.inode] = node

    def _node(self, path: str) -> Node:
        directory, name = self._directory_of(path)
        return directory.now[name]

    def _file(self, call: Call) -> File:
        node = self._nodes[call.inode]
        assert isinstance(node, File), f"{call} is on a directory"
        return node


_REPLAYS: Mapping[Kind, Callable[[Disk, Call], None]] = {
    Kind.OPEN: Disk._open,
    Kind.WRITE: Disk._write,
    Kind.TRUNCATE: Disk._truncate,
    Kind.FSYNC: Disk._sync,
    Kind.LINK: Disk._link,
    Kind.RENAME: Disk._rename,
    Kind.MKDIR: Disk._mkdir,
    Kind.UNLINK: Disk._unlink,
    Kind.RMDIR: Disk._unlink,
}


def write_tree(tree: Tree, root: Path) -> None:
    """Makes `tree` below `root`."""
    root.mkdir()
    for path, data in sorted(tree.items()):
        if data is None:
            (root / path).mkdir(parents=True, exist_ok=True)
        else:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            file = os.open(root / path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)  # a private key must be so
            with open(file, "wb") as stream:
                stream.write(data)


def read_tree(root: Path) -> Tree:
    """Returns what is below `root`."""
    return {str(path.relative_to(root)): None if path.is_dir() else path.read_bytes() for path in root.rglob("*")}
