"""Owns estimators of scikit-learn kept as skops: a zip of arrays and a schema that names every class it makes.

Nobody gets it unasked: `framework="skops"` does. It is slower than a pickle and holds less, and it can be loaded
without trust, as long as the classes are those that skops knows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from mlreg.adapters.frameworks import _foreign, _zips, sklearn
from mlreg.adapters.frameworks._pickled import feature_count, feature_names
from mlreg.lazy import LazyModule

__all__ = [
    "DISTRIBUTIONS",
    "FORMATS",
    "NAMES",
    "OPTIONS",
    "detects",
    "distributions",
    "feature_count",
    "feature_names",
    "framework",
    "load",
    "save",
    "takes",
]

if TYPE_CHECKING:
    from mlreg.adapters.frameworks import _sound
    from mlreg.scanning import names
else:
    _sound = LazyModule("mlreg.adapters.frameworks._sound")
    names = LazyModule("mlreg.scanning.names")
skops_io: Any = LazyModule("skops.io")

NAMES: Final = ("skops",)
DISTRIBUTIONS: Final[Mapping[str, str]] = {"skops": "skops", **sklearn.DISTRIBUTIONS}
FORMATS: Final = ("skops",)
OPTIONS: Final = ("trusted",)
# skops names objects and their arrays after the address that they had in memory
_ADDRESS = re.compile(r'(?<="__id__": )\d+|(?<=")\d+(?=\.np[yz]")')
_SCHEMA = "schema.json"


def detects(model: object) -> bool:
    """Whether `model` is kept this way without anybody asking: never."""
    return False


def takes(model: object) -> bool:
    """Whether `model` is an estimator of scikit-learn."""
    return sklearn.detects(model)


def framework(model: object) -> str:
    """Returns what records call the framework of `model`."""
    return NAMES[0]


def distributions(model: object | None = None) -> list[str]:
    """Returns the distributions that models kept this way need, and those of the parts of `model`."""
    return ["skops", *sklearn.distributions(model)]


def save(model: object, directory: Path, stem: str) -> list[Path]:
    """Writes `model` to `STEM.skops`, addresses in memory replaced by numbers, and returns its path.

    Raises:
        UsageError: It has a part that skops cannot write.
    """
    raw, path = directory / f".{stem}.raw", directory / f"{stem}.skops"
    with _foreign.saving(model):
        skops_io.dump(model, raw)
        _renumber(raw, path)
    raw.unlink()
    return [path]


def load(files: Mapping[str, BinaryIO], *, trusted: Collection[str] = ()) -> Any:
    """Returns the estimator in the one file of `files`.

    Raises:
        NotAllowedError: It needs a class that is known neither to skops nor to mlreg, and not `trusted`, or does not
            hold together.
        UsageError: It cannot be loaded.
    """
    name, stream = _foreign.only(files, "a skops file", FORMATS)
    with _foreign.loading(name, "a skops file"):
        data = stream.read()
        needed = skops_io.get_untrusted_types(data=data)
        if missing := sorted(name for name in set(needed) - set(trusted) if not _is_listed(name)):
            raise _foreign.untrusted(name, missing)
        model = skops_io.loads(data, trusted=list(needed))
        _sound.check(name, model)
        return model


def _is_listed(path: str) -> bool:
    """Whether `path` is on the lists of what models may be made of."""
    module, _, name = path.rpartition(".")
    return names.standing(module, name) not in (names.Standing.FOREIGN, names.Standing.UNKNOWN)


def _renumber(source: Path, target: Path) -> None:
    numbers: dict[str, str] = {}

    def number(address: str) -> str:
        return numbers.setdefault(address, str(len(numbers)))

    def renumbered(text: str) -> str:
        return _ADDRESS.sub(lambda found: number(found[0]), text)

    schema = renumbered(_zips.member(source, _SCHEMA).decode())
    _zips.rewrite(
        source,
        target,
        rename=lambda name: re.sub(r"^\d+", lambda found: number(found[0]), name),
        edit={_SCHEMA: schema.encode()},
    )
