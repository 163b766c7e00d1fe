"""Owns the schema of skops: a tree of nodes, each with the class that loading it would make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from mlreg.scanning import names
from mlreg.scanning.context import Scan
from mlreg.scanning.names import Standing
from mlreg.scanning.report import Halt

# nodes that call what they name, or look an attribute up in an object
_ODD: Final = frozenset({"MethodNode", "OperatorFuncNode"})
_RANDOM: Final = frozenset({"numpy.random.mtrand.RandomState", "numpy.random._generator.Generator"})


def scan_schema(data: bytes, scan: Scan) -> None:
    """Looks at all nodes of a schema.

    Raises:
        Halt: It is no JSON.
    """
    for node in nodes(parsed(data)):
        if "__class__" in node or "__module__" in node or "__loader__" in node:
            _look_at(node, scan)


def parsed(data: bytes) -> Any:
    """Returns what the JSON `data` says.

    Raises:
        Halt: It is none, or lies too deep.
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Halt("MLR330", "not a whole JSON document") from None


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yields all mappings in a JSON value, however deep."""
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            yield value
            pending += value.values()
        elif isinstance(value, list):
            pending += value


def _look_at(node: dict[str, Any], scan: Scan) -> None:
    module, name, loader = (str(node.get(key, "")) for key in ("__module__", "__class__", "__loader__"))
    key = f"{module}.{name}"
    standing = names.standing(module, name)
    is_listed = (
        standing in (Standing.CALLED, Standing.MADE, Standing.NAMED)
        or key in _RANDOM
        or _is_plain(module, name, loader)
    )
    if loader in _ODD:
        scan.add("MLR320", f"a {loader} names {key[:120]}")
    elif standing is Standing.FOREIGN and key not in scan.trusted:
        scan.add("MLR303", f"{key[:120]} would be built", subject=key)
    elif standing is Standing.UNKNOWN and not is_listed:
        scan.add("MLR302", f"{key[:120]} is on no list of what models need")


def _is_plain(module: str, name: str, loader: str) -> bool:
    return loader == "JsonNode" and module == "builtins" and name in ("NoneType", "str", "int", "float", "bool")
