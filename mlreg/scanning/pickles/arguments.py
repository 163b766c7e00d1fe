"""Owns which arguments the callables of the lists may have: those of a saver, and none that ask for much.

Each check returns what is odd, or an empty text. A function that imports, calls or looks up what it is given is on a
list only with a check here that holds its arguments to what savers write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import prod
from typing import Any, Final

from mlreg.scanning.names import Standing, standing
from mlreg.scanning.pickles.values import Box, Global, Large, Made, Tensor

Check = Callable[[tuple[Any, ...]], str]
_LISTED = (Standing.CALLED, Standing.MADE, Standing.NAMED)
_SMALL = 1000
_DTYPE = re.compile(r"[<>|=]?(?:[?bhilqpBHILQPefdgFDG]|[biufc]\d{1,2}|[SUVa]\d{0,10}|O8?|[mM]8?(?:\[[\w/]{1,12}\])?)")
_OF_UFUNCS = ("numpy", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath", "scipy.special",
              "scipy.special._ufuncs")  # fmt: skip
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")


def _no_size(args: tuple[Any, ...]) -> str:
    """For types that copy what they are given: a number would be a size."""
    if len(args) > 2 or any(type(arg) is int and arg > _SMALL for arg in args):
        return "too large, or too many of them"
    return "" if all(_is_items(arg) or type(arg) in (int, str) for arg in args) else "one of them is no plain value"


def _numbers(args: tuple[Any, ...]) -> str:
    return (
        "" if all(type(arg) in (int, float, complex, str, bytes, bool, Large, type(None)) for arg in args) else "types"
    )


def _is_items(value: Any) -> bool:
    is_encoded = _is_of(value, "_codecs.encode")  # how protocols 0 to 2 write bytes
    is_long = type(value) is Large and value.kind != "number"
    return isinstance(value, tuple) or type(value) in (Box, bytes) or is_long or is_encoded


def _encode(args: tuple[Any, ...]) -> str:
    is_text = args and type(args[0]) in (str, Large)
    return "" if is_text and args[1:] in (("latin1",), ("latin-1",)) else "not a text as latin-1"


def _class_first(args: tuple[Any, ...]) -> str:
    return "" if args and _is_class(args[0]) else "the first is no class of the lists"


def _is_class(value: Any) -> bool:
    return type(value) is Global and value.standing in _LISTED


def _is_of(value: Any, *keys: str) -> bool:
    return type(value) is Made and value.is_of(*keys)


def _reconstruct(args: tuple[Any, ...]) -> str:
    if len(args) != 3 or type(args[0]) is not Global:
        return "not a class, a shape and a type"
    if not args[0].module.startswith(("numpy", "pandas", "scipy", "sklearn")) or not _is_class(args[0]):
        return "the class is none of the lists"
    shape = _ints(args[1])
    return "" if shape is not None and len(shape) <= 4 and 0 <= prod(shape) <= _SMALL else "too large, or no shape"


def _ints(value: Any) -> list[int] | None:
    """Returns the numbers of a tuple or list of numbers that are not negative, None for anything else."""
    is_known = isinstance(value, tuple) or (type(value) is Box and value.is_whole)
    items = list(value.items if type(value) is Box else value) if is_known else None
    return items if items is not None and all(type(item) is int and item >= 0 for item in items) else None


def _dtype(args: tuple[Any, ...]) -> str:
    if not args or any(type(arg) not in (bool, int) for arg in args[1:]):
        return "not a code and two flags"
    if _is_class(args[0]):
        return ""
    return "" if type(args[0]) is str and _DTYPE.fullmatch(args[0]) else "no code of a type"


def _scalar(args: tuple[Any, ...]) -> str:
    if not args or not _is_of(args[0], "numpy.dtype"):
        return "the first is no type"
    code, state = args[0].args[:1], args[0].state.get(None)
    has_flags = (
        isinstance(state, tuple) and len(state) > 7 and bool(state[7] & 1)
    )  # of objects, checked when it was set
    is_object = (
        not code or type(code[0]) is not str or "O" in code[0] or ("V" in code[0] and state is None) or has_flags
    )
    return "the type is one of objects" if is_object else ""


def _from_buffer(args: tuple[Any, ...]) -> str:
    if len(args) not in (3, 4) or not _is_items(args[0]):
        return "not a buffer, a type, a shape and an order"
    return _scalar((args[1],))


def _generator(args: tuple[Any, ...]) -> str:
    return "" if all(type(arg) is str or _is_random(arg) for arg in args) else "one of them is none of numpy.random"


def _is_random(value: Any) -> bool:
    found = value if type(value) is Global else value.maker if type(value) is Made else None
    return found is not None and found.module.startswith("numpy.random") and found.standing in _LISTED


def _factory(args: tuple[Any, ...]) -> str:
    is_plain = not args or args[0] is None or (_is_class(args[0]) and args[0].module in ("builtins", "collections"))
    return "" if is_plain else "the factory is no type of Python"


def _partial(args: tuple[Any, ...]) -> str:
    """What a partial holds is called later, with arguments that nobody checks: only what does no harm with any."""
    if len(args) != 1 or not _is_class(args[0]):
        return "not one function of the lists"
    is_type = args[0].module == "builtins" and args[0].name != "type"
    is_harmless = args[0].standing is Standing.NAMED and args[0].key != "numpy.memmap"  # which opens files
    return "" if is_type or is_harmless else "its function does more than to compute"


def _index(args: tuple[Any, ...]) -> str:
    is_index = len(args) == 2 and _is_class(args[0]) and args[0].module.startswith("pandas")
    return "" if is_index and args[0].name.endswith("Index") and type(args[1]) is Box else "not an index of pandas"


def _ufunc(args: tuple[Any, ...]) -> str:
    """`_ufunc_reconstruct(module, name)` imports the one and looks up the other."""
    if len(args) != 2 or args[0] not in _OF_UFUNCS or type(args[1]) is not str:
        return "not a function of numpy"
    package = "scipy.special" if "scipy" in args[0] else "numpy"
    return "" if standing(package, args[1]) is Standing.NAMED else "not a function of numpy"


def _tensor(args: tuple[Any, ...]) -> str:
    """`_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)`: no element outside of its storage."""
    if len(args) < 4 or type(args[0]) is not Tensor or type(args[1]) is not int or args[1] < 0:
        return "not a storage, an offset, a size and a stride"
    size, stride = _ints(args[2]), _ints(args[3])
    if size is None or stride is None or len(size) != len(stride) or len(size) > 64:
        return "size and stride do not fit"
    if len(args) > 5 and not _is_empty(args[5]):
        return "it has hooks"
    last = args[1] + sum((count - 1) * step for count, step in zip(size, stride, strict=True))
    return "" if 0 in size or last < args[0].numel else "it lies outside of its storage"


def _parameter(args: tuple[Any, ...]) -> str:
    if len(args) < 3 or type(args[0]) is not Made:
        return "not a tensor"
    return "" if _is_empty(args[2]) else "it has hooks"


def _is_empty(hooks: Any) -> bool:
    """Whether there are no hooks: functions that run backwards through the tensor."""
    is_empty = _is_of(hooks, "collections.OrderedDict") and not hooks.args and not hooks.count
    return hooks is None or is_empty or (type(hooks) is Box and not hooks.count)


def _texts(args: tuple[Any, ...]) -> str:
    return "" if all(type(arg) in (str, int) or arg is None for arg in args) else "one of them is no text"


def _shape(args: tuple[Any, ...]) -> str:
    return "" if len(args) == 1 and _ints(args[0]) is not None else "not a shape"


def _masked(args: tuple[Any, ...]) -> str:
    return _reconstruct(args[1:]) or _class_first(args)


def _none_type(args: tuple[Any, ...]) -> str:
    return "" if args == (None,) else "not None"


def _zone(args: tuple[Any, ...]) -> str:
    return "" if args and type(args[0]) is str and _ZONE.fullmatch(args[0]) else "not a zone of time"


def _block(args: tuple[Any, ...]) -> str:
    return "" if not any(type(arg) is int for arg in args) else "a number"


_LOSSES = (
    "AbsoluteError", "ExponentialLoss", "HalfBinomialLoss", "HalfGammaLoss", "HalfMultinomialLoss", "HalfPoissonLoss",
    "HalfSquaredError", "HalfTweedieLoss", "HalfTweedieLossIdentity", "HuberLoss", "PinballLoss",
)  # fmt: skip
CHECKS: Final[Mapping[str, Check]] = {
    **dict.fromkeys(("builtins.set", "builtins.frozenset", "builtins.list", "builtins.tuple", "builtins.dict",
                     "builtins.bytearray", "builtins.bytes"), _no_size),
    **dict.fromkeys(("builtins.complex", "builtins.int", "builtins.float", "builtins.str", "builtins.bool",
                     "builtins.range", "builtins.slice"), _numbers),
    "builtins.object": lambda args: "it has any" if args else "",
    "_codecs.encode": _encode,
    "collections.defaultdict": _factory,
    "functools.partial": _partial,
    "numpy._core.multiarray._reconstruct": _reconstruct,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy._core.numeric._frombuffer": _from_buffer,
    "numpy._core._ufunc_reconstruct": _ufunc,
    "numpy.dtype": _dtype,
    **dict.fromkeys(("numpy.random._pickle.__randomstate_ctor", "numpy.random._pickle.__generator_ctor",
                     "numpy.random._pickle.__bit_generator_ctor"), _generator),
    "pandas.core.indexes.base._new_Index": _index,
    "sklearn.metrics._dist_metrics.newObj": _class_first,
    "sklearn.neighbors._kd_tree.newObj": _class_first,
    **{f"sklearn._loss._loss.__pyx_unpickle_Cy{loss}": _class_first for loss in _LOSSES},
    "sklearn.neighbors._ball_tree.newObj": _class_first,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch.Size": _shape,
    "torch.device": _texts,
    **dict.fromkeys(("pathlib.PosixPath", "pathlib.PurePosixPath", "pathlib.WindowsPath", "pathlib.PureWindowsPath",
                     "pathlib.Path", "pathlib.PurePath"), _texts),
    "builtins.type": _none_type,
    "zoneinfo.ZoneInfo._unpickle": _zone,
    "numpy.ma.core._mareconstruct": _masked,
    "numpy.random.bit_generator.__pyx_unpickle_SeedSequence": _class_first,
    "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked": _class_first,
    "pandas.core.indexes.datetimes._new_DatetimeIndex": _index,
    "pandas.core.indexes.period._new_PeriodIndex": _index,
    "pandas.core.indexes.interval._new_IntervalIndex": _index,
    "pandas.core.internals.managers.BlockManager": _block,
}  # fmt: skip
