"""Owns finding the storages in an archive that `torch.save` wrote."""

from __future__ import annotations

from mlreg.store.blobs.cutting.archive import Member
from mlreg.store.blobs.cutting.pickled import Pickle, Storage, View
from mlreg.store.blobs.cutting.reader import Reader
from mlreg.store.blobs.cutting.tensors import Findings, Outline, Source

MAX_PICKLE_BYTES = 32 << 20


def outline(source: Source, members: list[Member]) -> Outline | None:
    """Returns the storages among the stored `members` of the archive, None where torch did not write it.

    Each is called as the first tensor that spans it, else as the first that looks into it, else `data/N`.

    Raises:
        MalformedError: The archive lies.
    """
    by_name = {member.name: member for member in members}
    root = next((name.removesuffix("data.pkl") for name in by_name if name.endswith("/data.pkl")), None)
    if root is None:
        return None
    pickle = Pickle(_content(source, by_name[f"{root}data.pkl"], MAX_PICKLE_BYTES))
    views: dict[str, list[tuple[str, View]]] = {}
    for name, view in pickle.tensors:
        views.setdefault(view.storage.key, []).append((name, view))
    order = by_name.get(f"{root}byteorder")
    is_little = order is None or _content(source, order, len("little")) == b"little"
    findings = Findings(source.size_bytes)
    for member in members:
        if member.name.startswith(f"{root}data/"):
            key = member.name.removeprefix(f"{root}data/")
            name, dtype, shape = _description(member, pickle.storages.get(key), views.get(key, []), key)
            findings.add(name, dtype if is_little else "", shape, member.offset, member.size_bytes)
    return Outline("torch", findings.in_order())


def _description(
    member: Member, storage: Storage | None, views: list[tuple[str, View]], key: str
) -> tuple[str, str, tuple[int, ...]]:
    """Returns name, type and shape of a member; the pickle is believed where it knows the size."""
    if storage is None or storage.size_bytes != member.size_bytes:
        return f"data/{key}", "", (member.size_bytes,)
    named = [(name, view) for name, view in views if name]
    for name, view in named:
        if view.is_whole and view.dtype:
            return name, view.dtype, view.shape
    return named[0][0] if named else f"data/{key}", storage.dtype, (storage.length,)


def _content(source: Source, member: Member, at_most: int) -> bytes:
    """Returns the bytes of a member, none where there are more than `at_most`."""
    return Reader(source, member.offset).take(member.size_bytes) if member.size_bytes <= at_most else b""
