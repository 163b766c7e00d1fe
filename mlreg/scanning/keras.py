"""Owns configurations of Keras: trees of classes that loading would look up and make.

Every class must be one of Keras by its exact name; `safe_mode` of Keras itself has been got round too often.
"""

from __future__ import annotations

import builtins
from functools import cache
from pathlib import Path
from typing import Any, Final

from mlreg.scanning import names
from mlreg.scanning.context import Scan
from mlreg.scanning.skops import nodes, parsed

_LIST = Path(__file__).parent / "keras_classes.txt"
_CODE: Final = frozenset(
    {"__lambda__", "Lambda", "__typespec__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
)
_VALUES: Final = frozenset(
    {"__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__", "__keras_tensor__", "__tuple__", "__set__",
     "__complex__", "TensorShape", "__tensorshape__"}
)  # fmt: skip
_PACKAGES: Final = frozenset({"keras", "tf_keras", "tensorflow"})
_KERAS: Final = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras")


def scan_config(data: bytes, scan: Scan) -> None:
    """Looks at all classes that the JSON `data` names.

    Raises:
        Halt: It is no JSON.
    """
    scan_value(parsed(data), scan)


def scan_value(value: Any, scan: Scan) -> bool:
    """Looks at all classes in a JSON value; returns whether there are any, as in a model of Keras."""
    found = [node for node in nodes(value) if "class_name" in node]
    for node in found:
        scan.budget.check()
        _look_at(node, scan)
    return bool(found)


def _look_at(node: dict[str, Any], scan: Scan) -> None:
    name, module = node["class_name"], node.get("module")
    config = node.get("config")
    if not isinstance(name, str) or not (module is None or isinstance(module, str)):
        scan.add("MLR313", "the name of a class is no text")
    elif name in _CODE:
        scan.add("MLR313", f"a layer is a {name}: code or a file, not numbers")
    elif name not in _VALUES:
        _look_at_class(node, name, module, scan)
    if isinstance(config, dict) and isinstance(config.get("vocabulary"), str):
        scan.add("MLR315", f"a layer reads its vocabulary from {config['vocabulary'][:80]!r}")


def _look_at_class(node: dict[str, Any], name: str, module: str | None, scan: Scan) -> None:
    what = node.get("config") if name == "function" else name
    package = (module or "").partition(".")[0]
    is_builtin = package == "builtins" and what in vars(builtins)
    is_of_keras = module is None or module == "builtins" or any(
        module == known or module.startswith(f"{known}.") for known in _KERAS)  # fmt: skip
    if is_of_keras and isinstance(what, str) and what in known_names():
        return
    registered = node.get("registered_name")
    place = str(registered).partition(">")[0] if module is None and ">" in str(registered) else module
    subject = f"{place}.{what}" if place and place != "builtins" else str(what)
    if is_builtin or package in _PACKAGES or (package not in ("", "builtins") and names.is_known(package)):
        scan.add("MLR313", f"{subject[:120]} would be looked up, which is none of Keras")
    elif subject not in scan.trusted:
        scan.add("MLR314", f"{subject[:120]} would be looked up, which is none of Keras", subject=subject[:200])


@cache
def known_names() -> frozenset[str]:
    """Returns the names of all classes and functions of Keras that a configuration may hold."""
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
