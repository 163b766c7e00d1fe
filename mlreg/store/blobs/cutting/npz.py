"""Owns finding the arrays in an archive that `numpy.savez` wrote."""

from __future__ import annotations

from mlreg.store.blobs.cutting import npy
from mlreg.store.blobs.cutting.archive import Member
from mlreg.store.blobs.cutting.reader import Reader
from mlreg.store.blobs.cutting.tensors import Findings, Outline, Source

SUFFIX = ".npy"


def outline(source: Source, members: list[Member]) -> Outline | None:
    """Returns the arrays among the stored `members` of the archive, None where none is an array.

    Raises:
        MalformedError: The header of one lies.
    """
    arrays = [member for member in members if member.name.endswith(SUFFIX)]
    findings = Findings(source.size_bytes)
    reader = Reader(source)
    for name, offset, size_bytes in arrays:
        reader.position = offset
        npy.add(findings, name.removesuffix(SUFFIX), reader, offset + size_bytes)
    return Outline("npz", findings.in_order()) if arrays else None
