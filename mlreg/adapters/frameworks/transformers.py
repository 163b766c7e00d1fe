"""Owns models, tokenizers and processors of Hugging Face Transformers: directories, as `save_pretrained` writes them.

Only classes of the library itself come back, with numbers of safetensors; no code from the directory, nothing from the
network.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from mlreg.adapters.frameworks import _foreign
from mlreg.lazy import LazyModule

transformers: Any = LazyModule("transformers")

NAMES: Final = ("transformers", "huggingface", "hf")
DISTRIBUTIONS: Final[Mapping[str, str]] = {
    "transformers": "transformers",
    "tokenizers": "tokenizers",
    "safetensors": "safetensors",
    "torch": "torch",
}
FORMATS: Final = ("transformers",)
OPTIONS: Final = ("device",)
_MODEL = "config.json"
_TOKENIZER = "tokenizer_config.json"
_PROCESSORS = ("processor_config.json", "preprocessor_config.json")
_WHAT = "a directory of Transformers"
_ALONE = {"local_files_only": True, "trust_remote_code": False}


class Pretrained(NamedTuple):
    """A directory that has both a model and the tokenizer that stands before it."""

    model: Any
    tokenizer: Any


def detects(model: object) -> bool:
    """Whether `model` is a model, a tokenizer or a processor of Transformers."""
    kinds = ("PreTrainedModel", "PreTrainedTokenizerBase", "ProcessorMixin", "ImageProcessingMixin")
    return _foreign.extends(model, "transformers", *kinds, "FeatureExtractionMixin")


takes = detects


def framework(model: object) -> str:
    """Returns what records call the framework of `model`."""
    return NAMES[0]


def distributions(model: object | None = None) -> list[str]:
    """Returns the distributions that models of Transformers need."""
    return list(DISTRIBUTIONS.values())


def feature_count(model: object) -> None:
    """Returns None: these models take texts, sounds and pictures."""


def feature_names(model: object) -> None:
    """Returns None: these models take texts, sounds and pictures."""


def save(model: Any, directory: Path, stem: str) -> list[Path]:
    """Writes `model` to the directory `STEM` and returns its path.

    Raises:
        UsageError: It cannot be saved.
    """
    path = directory / stem
    with _foreign.saving(model), _quietly():
        model.save_pretrained(path)
    return [path]


def load(files: Mapping[str, BinaryIO], *, device: str | None = None) -> Any:
    """Returns the model in the files, or the tokenizer or processor where there is no model, or model and tokenizer.

    Args:
        device: Where the numbers shall lie, such as `cuda:0`; without it, in main memory.

    Raises:
        UsageError: They cannot be loaded without running code of theirs.
    """
    inside = _foreign.directory_of(files, (_MODEL, _TOKENIZER, *_PROCESSORS), _WHAT)
    with _foreign.private_copy(files) as place, _foreign.loading(inside or _MODEL, _WHAT), _quietly():
        directory = place / inside
        model = _model(directory, device) if (directory / _MODEL).exists() else None
        beside = _beside(directory)
    if model is None or beside is None:
        return beside if model is None else model
    return Pretrained(model, beside)


def _model(directory: Path, device: str | None) -> Any:
    architectures = json.loads((directory / _MODEL).read_text()).get("architectures") or ["AutoModel"]
    name = str(architectures[0])
    kind = getattr(transformers, name, None) if name.isidentifier() else None
    is_known = isinstance(kind, type) and (name == "AutoModel" or issubclass(kind, transformers.PreTrainedModel))
    if kind is None or not is_known:
        raise ValueError(f"{name!a} is no model of transformers {transformers.__version__}")
    own = {} if name != "AutoModel" else {"trust_remote_code": False}
    model = kind.from_pretrained(directory, local_files_only=True, use_safetensors=True, **own)
    return model if device is None else model.to(device)


def _beside(directory: Path) -> Any:
    """Returns the processor or tokenizer in a directory, or None where there is none."""
    if any((directory / name).exists() for name in _PROCESSORS):
        return transformers.AutoProcessor.from_pretrained(directory, **_ALONE)
    if (directory / _TOKENIZER).exists():
        return transformers.AutoTokenizer.from_pretrained(directory, **_ALONE)
    return None


@contextmanager
def _quietly() -> Iterator[None]:
    """Keeps the library's progress bars off the terminal, which is mlreg's to write to."""
    logging = transformers.utils.logging
    was_shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_shown:
            logging.enable_progress_bar()
