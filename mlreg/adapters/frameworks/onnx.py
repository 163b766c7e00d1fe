"""Owns models of ONNX: a graph that is saved as it is, and comes back as a session of ONNX Runtime that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from mlreg.adapters.frameworks import _foreign
from mlreg.domain import formats
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

onnxruntime: Any = LazyModule("onnxruntime")

NAMES: Final = ("onnx", "onnxruntime")
DISTRIBUTIONS: Final[Mapping[str, str]] = {"onnx": "onnx", "onnxruntime": "onnxruntime", "numpy": "numpy"}
FORMATS: Final = ("onnx",)
OPTIONS: Final = ("device",)
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


def detects(model: object) -> bool:
    """Whether `model` is a graph: a `ModelProto`."""
    return _foreign.extends(model, "onnx", "ModelProto")


takes = detects


def framework(model: object) -> str:
    """Returns what records call the framework of `model`."""
    return NAMES[0]


def distributions(model: object | None = None) -> list[str]:
    """Returns the distributions that running a graph needs: either of the two that have ONNX Runtime."""
    return [*DISTRIBUTIONS.values(), "onnxruntime-gpu"]


def feature_count(model: Any) -> int | None:
    """Returns how many features the graph takes: columns of its only input, or inputs of one column; else None."""
    widths = [_width(value) for value in _inputs(model)]
    if len(widths) == 1:
        return widths[0]
    return len(widths) if widths and all(width == 1 for width in widths) else None


def feature_names(model: Any) -> list[str] | None:
    """Returns the names of the inputs where each is a column of its own, else None."""
    inputs = _inputs(model)
    is_table = len(inputs) > 1 and all(_width(value) == 1 for value in inputs)
    return [value.name for value in inputs] if is_table else None


def save(model: Any, directory: Path, stem: str) -> list[Path]:
    """Writes `model` to `STEM.onnx` and returns its path.

    Raises:
        UsageError: It has 2 GiB or more, or its numbers lie in other files.
    """
    path = directory / f"{stem}.onnx"
    hint = "save it with `onnx.save_model(model, 'DIR/model.onnx', save_as_external_data=True)` and register DIR"
    if any(value.data_location == 1 for value in model.graph.initializer):
        raise UsageError("the numbers of the ModelProto lie in other files", hint=hint, code="not-saved")
    with _foreign.saving(model, hint=hint):
        path.write_bytes(model.SerializeToString(deterministic=True))
    return [path]


def load(files: Mapping[str, BinaryIO], *, device: str | None = None) -> Any:
    """Returns a session of ONNX Runtime for the graph in `files`; those beside it are its numbers.

    Args:
        device: `cpu`, which is the default, or `cuda`.

    Raises:
        UsageError: It cannot be loaded, or there is no such device.
    """
    name = _graph(files)
    providers = [_provider(device)]
    with _foreign.loading(name, "an ONNX model"):
        if len(files) == 1:
            return onnxruntime.InferenceSession(files[name].read(), providers=providers)
        with _foreign.private_copy(files) as place:
            return onnxruntime.InferenceSession(str(place / name), providers=providers)


def _graph(files: Mapping[str, BinaryIO]) -> str:
    """Returns which of the files is the graph."""
    found = {path: formats.identify(_foreign.Bytes(stream)) for path, stream in files.items()}
    for stream in files.values():
        stream.seek(0)
    graphs = [path for path, known in found.items() if known and known.format in FORMATS]
    if len(graphs) != 1:
        why = f"{len(graphs)} of {len(files)} files begin as one"
        raise _foreign.not_loaded(" ".join(sorted(files)[:3]), "an ONNX model", why)
    return graphs[0]


def _provider(device: str | None) -> str:
    name = (device or "cpu").partition(":")[0]
    if name in _PROVIDERS and _PROVIDERS[name] in onnxruntime.get_available_providers():
        return _PROVIDERS[name]
    raise UsageError(
        f"ONNX Runtime has no device {name!a} here", hint="install `onnxruntime-gpu` for `cuda`, or leave `device` out"
    )


def _inputs(model: Any) -> list[Any]:
    """Returns the inputs of a graph, constants left out; none where `model` is no graph."""
    if not detects(model):
        return []
    constants = {value.name for value in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in constants]


def _width(value: Any) -> int | None:
    """Returns the columns of an input of two dimensions, or None where it has not two, or is as wide as one likes."""
    dimensions = value.type.tensor_type.shape.dim
    return (dimensions[1].dim_value or None) if len(dimensions) == 2 else None
