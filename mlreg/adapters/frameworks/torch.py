"""Owns PyTorch: parameters kept as safetensors, other checkpoints as torch writes them; read with `weights_only` alone.

Of a module the parameters are kept, and the name of its class. Its code is not: to get one back, a module has to be
handed over, or its class has to be trusted.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Final

from mlreg.adapters.frameworks import _foreign, _safetensors
from mlreg.errors import MissingError, UsageError
from mlreg.lazy import LazyModule

torch: Any = LazyModule("torch")

NAMES: Final = ("torch", "pytorch")
DISTRIBUTIONS: Final[Mapping[str, str]] = {"torch": "torch", "numpy": "numpy"}
FORMATS: Final = ("safetensors", "torch")
OPTIONS: Final = ("device", "into", "trusted")
_SAFE_SINCE = (2, 10)  # CVE-2025-32434 and CVE-2026-24747: `weights_only` ran code, and wrote beyond its memory
_CLASS = "mlreg.class"
_TYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "I16": "int16",
    "F16": "float16", "BF16": "bfloat16", "I32": "int32", "F32": "float32", "I64": "int64", "F64": "float64",
    "C64": "complex64", "U16": "uint16", "U32": "uint32", "U64": "uint64",
}  # fmt: skip
_WORDS = {f"torch.{name}": word for word, name in _TYPES.items()}
_OTHERS = ("keras", "transformers")  # whose models extend a module of torch
_MOST_DEEP = 8


def detects(model: object) -> bool:
    """Whether `model` is a module, or a mapping or list, however deep, with a tensor in it."""
    if _foreign.extends(model, "torch", "Module"):
        return not any(_foreign.extends(model, package) for package in _OTHERS)
    return isinstance(model, Mapping) and any(map(_is_tensor, _leaves(model)))


takes = detects


def framework(model: object) -> str:
    """Returns what records call the framework of `model`."""
    return NAMES[0]


def distributions(model: object | None = None) -> list[str]:
    """Returns the distributions that models of PyTorch need."""
    return list(DISTRIBUTIONS.values())


def feature_count(model: object) -> None:
    """Returns None: a module does not say what it takes."""


def feature_names(model: object) -> None:
    """Returns None: a module does not say what it takes."""


def save(model: Any, directory: Path, stem: str) -> list[Path]:
    """Writes the parameters of `model` to `STEM.safetensors`, or a checkpoint of more than that to `STEM.pt`.

    Raises:
        UsageError: A checkpoint has something in it that could not be loaded again.
    """
    is_module = _foreign.extends(model, "torch", "Module")
    with _foreign.saving(model):
        state = model.state_dict() if is_module else model
        told = {_CLASS: f"{type(model).__module__}.{type(model).__qualname__}"} if is_module else {}
        if all(isinstance(name, str) and _is_plain(value) for name, value in state.items()):
            path = directory / f"{stem}.safetensors"
            _safetensors.write(path, [_tensor(*entry) for entry in state.items()], {"format": "pt", **told})
            return [path]
        path = directory / f"{stem}.pt"
        with path.open("wb") as file:  # a stream, since torch puts the name of a path into the file
            torch.save(state, file)
        with path.open("rb") as file:
            _load_checkpoint(path.name, file, "cpu", ())
    return [path]


def load(
    files: Mapping[str, BinaryIO],
    *,
    device: str | None = None,
    into: Any = None,
    trusted: Collection[str] = (),
) -> Any:
    """Returns the tensors in the files, by name, or the module that they were put into; several files are parts.

    Args:
        device: Where the tensors shall lie, such as `cuda:0`; without it, in main memory.
        into: A module, or a mapping, to put them into; it is returned. Without it a module comes back only where its
            class is `trusted` and can be made without arguments.
        trusted: The classes, as `package.module.Class`, beyond those of torch that may be made.

    Raises:
        MissingError: The torch that is installed is too old to be safe.
        NotAllowedError: A class is needed that is not trusted.
        UsageError: They cannot be loaded, or do not fit.
    """
    place = _device(device)
    found: Any = {}
    kind = None
    for name, stream in files.items():
        if _is_zip(stream):
            found = _load_checkpoint(*_foreign.only(files, "a PyTorch file", FORMATS), place, trusted)
        else:
            kind = _load_tensors(name, stream, place, found) or kind
    if into is None and kind is not None:
        into = _made(next(iter(files)), kind, trusted)
    return found if into is None else _put(next(iter(files)), found, into, None if device is None else place)


def _load_tensors(name: str, stream: BinaryIO, device: Any, found: MutableMapping[str, Any]) -> str | None:
    """Adds the tensors of a file to `found` and returns the class of the module that they are of."""
    with _foreign.loading(name, "a safetensors file"):
        tensors, told = _safetensors.read(stream)
        for tensor in tensors:
            kind = getattr(torch, _TYPES[tensor.dtype])
            flat = torch.frombuffer(tensor.data, dtype=kind) if tensor.data else torch.empty(0, dtype=kind)
            found[tensor.name] = flat.reshape(tensor.shape).to(device)
    return told.get(_CLASS)


def _load_checkpoint(name: str, stream: BinaryIO, device: Any, trusted: Collection[str]) -> Any:
    _check_is_safe()
    with _foreign.loading(name, "a PyTorch file"):
        needed = torch.serialization.get_unsafe_globals_in_checkpoint(stream)
        stream.seek(0)
        with torch.serialization.safe_globals(list(_classes(name, needed, trusted))):
            return torch.load(stream, map_location=device, weights_only=True)


def _classes(name: str, needed: Iterable[str], trusted: Collection[str]) -> Iterator[Any]:
    """Yields the classes called `needed`; layers of torch itself are only parameters and what they are connected to.

    Raises:
        NotAllowedError: One is neither trusted nor such a layer.
    """
    missing = [path for path in needed if path not in trusted and not _is_layer(path)]
    if missing:
        raise _foreign.untrusted(name, sorted(missing))
    for path in needed:
        yield _class(path)


def _is_layer(path: str) -> bool:
    module, _, name = path.rpartition(".")
    known = sys.modules.get(module) if module.startswith("torch.nn.modules.") else None
    kind = getattr(known, name, None)
    return isinstance(kind, type) and issubclass(kind, torch.nn.Module)


def _class(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def _made(name: str, path: str, trusted: Collection[str]) -> Any:
    """Returns a module of the class called `path`, without arguments."""
    if path not in trusted and not _is_layer(path):
        raise UsageError(
            f"{name} has the parameters of a {path}, and a registry keeps no code",
            hint="hand over the module to put them into, `into=MyModule(...)`, or `into={}` for the tensors alone",
            facts={"class": path},
            code="needs-object",
        )
    with _foreign.loading(name, f"a {path}", hint="hand over the module to put them into: `into=MyModule(...)`"):
        return _class(path)()


def _put(name: str, found: Any, into: Any, device: Any) -> Any:
    with _foreign.loading(name, f"the parameters of a {type(into).__name__}", hint="hand over one of the same shape"):
        if isinstance(into, MutableMapping):
            into.update(found)
            return into
        into.load_state_dict(found)
        return into if device is None else into.to(device)


@contextmanager
def _explained(device: str) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, AssertionError) as error:
        known = "cuda, mps or cpu"
        raise UsageError(
            f"PyTorch has no device {device!a} here", hint=f"say {known}, or leave `device` out"
        ) from error


def _device(device: str | None) -> Any:
    with _explained(device or "cpu"):
        return torch.empty(0, device=device or "cpu").device


def _check_is_safe() -> None:
    version = tuple(int(part) for part in re.findall(r"\d+", torch.__version__)[:2])
    if version < _SAFE_SINCE:
        raise MissingError(
            f"torch {torch.__version__} can be made to run code by what it loads",
            hint="install a newer one with `pip install 'torch>=2.10'`",
            facts={"version": str(torch.__version__)},
            code="package-old",
        )


def _leaves(thing: object, depth: int = 0) -> Iterator[object]:
    """Yields what is in mappings and lists within `thing`, first levels only."""
    parts = thing.values() if isinstance(thing, Mapping) else thing if isinstance(thing, list | tuple) else None
    if parts is None:
        yield thing
    elif depth < _MOST_DEEP:
        for part in parts:
            yield from _leaves(part, depth + 1)


def _is_tensor(value: object) -> bool:
    return _foreign.extends(value, "torch", "Tensor")


def _is_plain(value: Any) -> bool:
    """Whether `value` is a tensor of numbers one after the other, as safetensors has it."""
    is_strided = _is_tensor(value) and str(value.layout) == "torch.strided" and value.device.type != "meta"
    return is_strided and not value.is_quantized and str(value.dtype) in _WORDS


def _tensor(name: str, value: Any) -> _safetensors.Tensor:
    flat = value.detach().cpu().contiguous().reshape(-1)
    return _safetensors.Tensor(
        name, _WORDS[str(value.dtype)], tuple(value.shape), memoryview(flat.view(torch.uint8).numpy())
    )


def _is_zip(stream: BinaryIO) -> bool:
    start = stream.read(4)
    stream.seek(0)
    return start == b"PK\3\4"
