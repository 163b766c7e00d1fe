"""Owns cutting files: into tensors where a model's own header tells of them, into chunks by content where none does.

What a file is, is told by its content, never by its name. A file that lies, or asks for too much, has no tensors: it is
kept like any other bytes. Nothing here builds an object out of a file, and no framework is imported.
"""

from __future__ import annotations

from mlreg.store.blobs.cutting import archive, gguf, npy, npz, onnx, safetensors, torch_zip
from mlreg.store.blobs.cutting.tensors import MalformedError, Outline, Source, Tensor

__all__ = ["MalformedError", "Outline", "Source", "Tensor", "look", "parse"]


def look(source: Source) -> Outline:
    """Returns the tensors in `source`, none where it is of no known format or contradicts itself.

    Raises:
        OSError: `source` could not be read.
    """
    try:
        return parse(source)
    except OSError:
        raise
    except Exception:  # whatever a hostile file makes a parser trip over, it can be kept as plain bytes
        return Outline("", [])


def parse(source: Source) -> Outline:
    """Returns the tensors in `source`, none where it is of no known format.

    Raises:
        MalformedError: It contradicts itself, is cut off, or asks for more than a reader is willing to do.
        OSError: `source` could not be read.
    """
    if bytes(source.read_at(0, len(archive.MAGIC))) == archive.MAGIC:
        members = archive.stored(source)
        found = torch_zip.outline(source, members) or npz.outline(source, members)
    else:
        found = next(filter(None, (reader.outline(source) for reader in (safetensors, gguf, npy, onnx))), None)
    return found or Outline("", [])
