"""Owns the unpickler: it builds what is on the lists of `mlreg.scanning.names`, or trusted, and nothing else.

It is the second gate. The scan has followed the whole file before; this one looks at each name where it is resolved,
so that a mistake of the first does not suffice. joblib's raw arrays are read as joblib does, but for the pickles inside
of arrays of objects, which older ones hand to an unpickler that takes everything (GHSA-m62q-453p-gv66).
Both are the unpickler that is written in Python: it lets a state be looked at before it is set.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import pickle
from collections.abc import Collection
from typing import Any, BinaryIO, Final, cast

from joblib.compressor import BinaryZlibFile
from joblib.numpy_pickle import NumpyArrayWrapper, NumpyUnpickler

from mlreg.adapters.frameworks import _foreign, _sound
from mlreg.errors import NotAllowedError
from mlreg.scanning import names
from mlreg.scanning.names import Standing

_STREAMS: Final[tuple[tuple[bytes, Any], ...]] = (
    (b"\x1f\x8b", lambda stream: gzip.GzipFile(fileobj=stream)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\0", lzma.LZMAFile),
    (b"\x5d\0\0", lzma.LZMAFile),
    (b"x", lambda stream: BinaryZlibFile(stream, "rb")),
)
_Python: Final[Any] = pickle._Unpickler
_WRAPPER: Final = ("joblib.numpy_pickle", "NumpyArrayWrapper")


def load(name: str, stream: BinaryIO, trusted: Collection[str] = ()) -> Any:
    """Returns the object in `stream`, a pickle or what joblib has written, compressed or not.

    Args:
        name: What errors call the file.
        trusted: The classes and functions, as `package.module.Class`, beyond those on the lists.

    Raises:
        NotAllowedError: It names something else.
    """
    return _Outer(name, _plain(stream), trusted).load()


class _Gate:
    """Which names may be resolved."""

    def __init__(self, name: str, trusted: Collection[str]) -> None:
        self._name = name
        self._trusted = trusted

    def check(self, module: str, name: str) -> None:
        """Raises where `name` of `module`, as Python 3 calls them, is neither listed, nor foreign and trusted."""
        standing, path = names.standing(module, name), f"{module}.{name}"
        if standing is Standing.UNKNOWN:
            raise NotAllowedError(
                f"{self._name} names {path}, which no model needs",
                hint="look closer with `mlreg scan`",
                facts={"file": self._name, "globals": [path]},
                code="refused",
            )
        if standing is Standing.FOREIGN and path not in self._trusted:
            raise _foreign.untrusted(self._name, [path])

    def check_state(self, stack: list[Any]) -> None:
        """Raises where the state on top of `stack` would have the object below it leave its memory."""
        if len(stack) > 1:
            _sound.check_state(self._name, stack[-2], stack[-1])


class _Outer(NumpyUnpickler):  # type: ignore[misc]
    """Reads one file."""

    def __init__(self, name: str, stream: BinaryIO, trusted: Collection[str]) -> None:
        super().__init__("", stream, ensure_native_byte_order=True)
        self.gate = _Gate(name, trusted)

    def find_class(self, module: str, name: str) -> Any:
        """Returns what a pickle names, where it may."""
        module, name = names.python3(module, name) if self.proto < 3 else (module, name)
        self.gate.check(module, name)
        return _Wrapper if (module, name) == _WRAPPER else super().find_class(module, name)

    def persistent_load(self, pid: Any) -> Any:
        """Raises: nothing outside of the file is asked for."""
        raise pickle.UnpicklingError("it asks for an object outside of the file")

    def load_build(self) -> None:
        """Sets a state, which may have joblib read an array."""
        self.gate.check_state(self.stack)
        super().load_build()

    dispatch: Final = {**NumpyUnpickler.dispatch, pickle.BUILD[0]: load_build}


class _Inner(_Python):  # type: ignore[misc]
    """Reads the pickle in an array of objects, in which there are no arrays of joblib."""

    def __init__(self, stream: BinaryIO, gate: _Gate) -> None:
        super().__init__(stream)
        self._gate = gate

    def find_class(self, module: str, name: str) -> Any:
        """Returns what a pickle names, where it may."""
        self._gate.check(*names.python3(module, name))  # what is called as in Python 2 is nowhere else in Python 3
        return super().find_class(module, name)

    def load_build(self) -> None:
        """Sets a state."""
        self._gate.check_state(self.stack)
        super().load_build()

    dispatch: Final = {**_Python.dispatch, pickle.BUILD[0]: load_build}


class _Wrapper(NumpyArrayWrapper):  # type: ignore[misc]
    """An array as joblib writes it."""

    def read_array(self, unpickler: _Outer, *options: Any) -> Any:
        """Returns the array; one of objects is a pickle, which passes the same gate."""
        if not self.dtype.hasobject:
            return super().read_array(unpickler, *options)
        return _Inner(unpickler.file_handle, unpickler.gate).load()


def _plain(stream: BinaryIO) -> BinaryIO:
    """Returns `stream`, unpacked where it is packed."""
    head = stream.read(6)
    stream.seek(0)
    found = next((opened for magic, opened in _STREAMS if head.startswith(magic)), None)
    return cast("BinaryIO", found(stream)) if found else stream
