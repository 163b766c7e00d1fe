"""Owns whole files of pickles: one or several in a row, joblib's, and those of torch before it wrote zip archives."""

from __future__ import annotations

from mlreg.scanning.context import Scan
from mlreg.scanning.pickles.machine import Machine
from mlreg.scanning.pickles.opcodes import HANDLERS
from mlreg.scanning.pickles.values import Box, Tensor
from mlreg.scanning.report import Halt
from mlreg.scanning.sources import Source, is_zero

_OLD_TORCH = 0x1950A86A20F9469CFC6C
_PICKLES_MAX = 10_000


def scan_pickles(source: Source, scan: Scan) -> str:
    """Looks at all pickles of `source` and returns the format that they are: `pickle`, `joblib` or `torch-legacy`.

    Raises:
        Halt: It cannot be followed to its end.
    """
    machine = _machine(source, 0, scan, reads_arrays=True)
    first = machine.run()
    if first == _OLD_TORCH and type(first) is int:
        _scan_old_torch(source, machine.offset, scan)
        return "torch-legacy"
    count, is_joblib = 1, machine.has_arrays
    while source.read_at(machine.offset, 1):
        if is_zero(source, machine.offset, scan.budget):
            scan.add("MLR340", "zeros follow the end of the pickle", machine.offset)
            break
        machine = _following(source, machine.offset, scan)
        is_joblib = is_joblib or machine.has_arrays
        count += 1
        if count > _PICKLES_MAX:
            raise Halt("MLR333", f"more than {_PICKLES_MAX} pickles follow each other", machine.offset)
    if count > 1:
        scan.add("MLR341", f"{count} pickles follow each other")
    return "joblib" if is_joblib else "pickle"


def scan_inner(source: Source, offset: int, scan: Scan) -> int:
    """Looks at the one pickle at `offset`, which no array of joblib can be in, and returns where it ends.

    Raises:
        Halt: It cannot be followed to its end.
    """
    machine = _machine(source, offset, scan)
    machine.run()
    return machine.offset


def would_act(source: Source, scan: Scan) -> bool:
    """Whether an unpickler that was given `source` would do something before it failed, whatever the format is."""
    probe = _machine(source, 0, scan.probing())
    try:
        probe.run()
    except Halt as halt:
        return probe.has_acted or (halt.finding.code == "MLR333" and probe.offset > 1 << 20)
    return probe.has_acted or bool(probe.foreign)


def is_whole(source: Source, scan: Scan) -> bool:
    """Whether `source` is a pickle from its beginning to its STOP."""
    probe = _machine(source, 0, scan.probing())
    try:
        probe.run()
    except Halt:
        return False
    return True


def begins_one(head: bytes) -> bool:
    """Whether `head` begins as pickles of protocol 2 and later do."""
    return len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5


def _machine(source: Source, offset: int, scan: Scan, *, reads_arrays: bool = False) -> Machine:
    return Machine(source, offset, scan, HANDLERS, reads_arrays=reads_arrays)


def _following(source: Source, offset: int, scan: Scan) -> Machine:
    machine = _machine(source, offset, scan, reads_arrays=True)
    try:
        machine.run()
    except Halt as halt:
        if halt.finding.code != "MLR330":
            raise
        raise Halt("MLR311", "bytes that are no pickle follow the end of the pickle", offset) from None
    return machine


def _scan_old_torch(source: Source, offset: int, scan: Scan) -> None:
    """Looks at what follows the magic number: protocol, system, object, keys of storages, storages (torch < 1.6).

    The storages are in the order of the keys, each its number of elements in 8 bytes, then the elements.
    """
    inside = scan.inside(storages={})
    tensors: dict[str, Tensor] = {}
    for _ in range(3):
        machine = _machine(source, offset, inside)
        machine.run()
        offset = machine.offset
        tensors |= machine.tensors
    machine = _machine(source, offset, scan)
    keys = machine.run()
    offset = machine.offset
    if type(keys) is not Box or keys.kind != "list" or keys.count != len(tensors):
        raise Halt("MLR330", "the list of its storages is none", offset)
    widths = {tensor.item_bytes for tensor in tensors.values()}
    for index in range(keys.count):
        scan.budget.check(offset)
        tensor = tensors.get(keys.items[index]) if index < len(keys.items) else None
        if tensor is None and len(widths) > 1:
            raise Halt("MLR333", "it has too many storages to tell one from the other", offset)
        width = tensor.item_bytes if tensor else widths.copy().pop()
        numel = int.from_bytes(source.read_at(offset, 8), "little", signed=True)
        if numel < 0 or (tensor and numel != tensor.numel):
            raise Halt("MLR330", "the size of a storage is another than its tensor says", offset)
        offset += 8 + numel * width
    if (offset and not source.read_at(offset - 1, 1)) or source.read_at(offset, 1):
        raise Halt("MLR311", "it ends before its last storage, or bytes follow it", offset)
