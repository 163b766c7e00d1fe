"""Owns what archives are: of torch, numpy, Keras, skops, or of anything; and that all that is in them is looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mlreg.scanning import keras, skops, tars, zips
from mlreg.scanning.context import Scan
from mlreg.scanning.pickles import files
from mlreg.scanning.report import Halt
from mlreg.scanning.sources import Source, Window, read_all
from mlreg.scanning.zips import Member

Look = Callable[[Source, Scan, str], str]
_JSON_MAX_BYTES = 32 << 20
_TORCH_PLAIN = ("version", "byteorder", ".format_version", ".storage_alignment", ".data/serialization_id")
_PROGRAMS = ("code/", "models/", "archive_format", "torch_version")


def scan_zip(source: Source, scan: Scan, look: Look) -> str:
    """Looks at a zip and at all that is in it, and returns which format it is.

    Args:
        look: Looks at a member that may be of any format; the third argument is its name.

    Raises:
        Halt: It is damaged, or two readers would not see the same.
    """
    members = zips.members(source, scan)
    names = {member.name: member for member in members}
    root = _torch_root(names)
    if root is not None:
        return _scan_torch(source, scan, names, root, look)
    kind = _kind(names)
    for member in names.values():
        _each(source, scan, member, kind, look)
    return kind


def scan_tar(source: Source, scan: Scan, look: Look) -> str:
    """Looks at all that is in a tar.

    Raises:
        Halt: It is damaged, or a member leads out of it.
    """
    for name, begin, size_bytes in tars.members(source, scan):
        inside = scan.inside(name)
        _caught(inside, lambda begin=begin, size=size_bytes, name=name, inside=inside: look(  # type: ignore[misc]
            Window(source, begin, size), inside, name))  # fmt: skip
    return "tar"


def _kind(names: Mapping[str, Member]) -> str:
    if "config.json" in names and "metadata.json" in names:
        return "keras"
    if "schema.json" in names:
        return "skops"
    return "npz" if names and all(name.endswith(".npy") for name in names) else "zip"


def _each(source: Source, scan: Scan, member: Member, kind: str, look: Look) -> None:
    inside = scan.inside(member.name)

    def look_at() -> None:
        content = zips.opened(source, member, inside)
        if kind == "keras" and member.name == "config.json":
            keras.scan_config(read_all(content, limit_bytes=_JSON_MAX_BYTES, what="its configuration"), inside)
        elif kind == "skops" and member.name == "schema.json":
            skops.scan_schema(read_all(content, limit_bytes=_JSON_MAX_BYTES, what="its schema"), inside)
        else:
            look(content, inside, member.name)

    _caught(inside, look_at)


def _caught(scan: Scan, look_at: Callable[[], object]) -> None:
    """Looks at a member; what ends that does not end the look at the others, except that time is over."""
    try:
        look_at()
    except Halt as halt:
        scan.halted(halt)
        if halt.finding.code == "MLR333":
            raise


def _torch_root(names: Mapping[str, Member]) -> str | None:
    """Returns the directory that holds a `data.pkl` beside a `version`, as archives of torch do, None without."""
    for name in names:
        root, slash, rest = name.rpartition("/")
        if rest == "data.pkl" and f"{root}{slash}version" in names:
            return root + slash
    return None


def _scan_torch(source: Source, scan: Scan, names: Mapping[str, Member], root: str, look: Look) -> str:
    strangers = [name for name in names if not name.startswith(root)]
    if strangers:
        raise Halt("MLR312", f"{strangers[0][:80]!r} lies beside the archive of torch", names[strangers[0]].begin)
    inner = {name.removeprefix(root): member for name, member in names.items()}
    is_script = any(name.startswith(_PROGRAMS) for name in inner)
    storages = {name.removeprefix("data/"): member.size_bytes for name, member in inner.items() if name[:5] == "data/"}
    if is_script:
        scan.add_program("it is a program of TorchScript", "torch.jit.load")
    for name, member in inner.items():
        inside = scan.inside(member.name, storages=storages or {"": 0}, is_script=is_script)
        _caught(inside, lambda name=name, member=member, inside=inside: _scan_torch_member(  # type: ignore[misc]
            source, inside, name, member, look, is_script=is_script))  # fmt: skip
    return "torchscript" if is_script else "torch"


def _scan_torch_member(source: Source, scan: Scan, name: str, member: Member, look: Look, *, is_script: bool) -> None:
    content = zips.opened(source, member, scan)
    if name.endswith(".pkl"):
        if content.read_at(files.scan_inner(content, 0, scan), 1):
            raise Halt("MLR311", "bytes follow the end of the pickle")
    elif name.startswith(("data/", "constants/")):
        if member.method:
            raise Halt("MLR312", "a storage of torch is compressed, which no saver does", member.begin)
    elif name not in _TORCH_PLAIN and not (is_script and name.startswith("code/")):
        look(content, scan, name)
