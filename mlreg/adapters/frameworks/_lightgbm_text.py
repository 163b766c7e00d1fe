"""Owns what a text of LightGBM has to be before LightGBM reads it: that library ends the process at one that lies.

It believes what a text says of its own sizes, and follows what it says of children: with a few bytes changed, 4.7
aborts or reads foreign memory. What passes here is a list of trees whose every index points at something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import numpy as np
else:
    np = LazyModule("numpy")

_OF_NODES = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
_OF_LEAVES = ("leaf_value",)
_ALSO_OF_NODES = ("split_gain", "internal_value", "internal_weight", "internal_count")
_ALSO_OF_LEAVES = ("leaf_weight", "leaf_count", "leaf_const", "num_features")
_EVERY_TREE = {"num_cat", "shrinkage", *_OF_NODES, *_OF_LEAVES}
_DIGITS = b"0123456789+-.eE infaINFA"
_FACT = re.compile(rb"[a-z_]+=")
_PARAMETER = re.compile(rb"\[\w+: [^\n]*\]|")
_MAX_CLASSES = 1_000_000


def check(data: bytes) -> None:
    """Checks that every size and index in the text `data` is right.

    Raises:
        ValueError: One is not.
    """
    begin = data.find(b"\nTree=") + 1
    header = _facts(data[: begin or None])
    features = _one(header, "max_feature_idx") + 1
    each, classes = _one(header, "num_tree_per_iteration"), _one(header, "num_class")
    if not (0 < each <= _MAX_CLASSES and 0 < classes <= _MAX_CLASSES and features > 0):
        raise ValueError("its header counts no classes or no features")
    if any(len(header.get(name, b"").split()) != features for name in ("feature_names", "feature_infos")):
        raise ValueError("its header does not have as many features as it says")
    sizes = _whole(header, "tree_sizes")
    if len(sizes) % each:
        raise ValueError("its last round is not whole")
    _check_parameters(data)
    for number, tree in enumerate(_trees(data, begin, sizes)):
        try:
            _check_tree(tree, features)
        except ValueError as error:
            raise ValueError(f"its tree {number} is none: {error}") from error


def _trees(data: bytes, begin: int, sizes: Any) -> Iterator[dict[str, bytes]]:
    """Yields what is said of each tree; each begins where the sizes say, and behind the last is the end."""
    place = begin
    for number, size in enumerate(map(int, sizes)):
        start = b"Tree=%d\n" % number
        if size < len(start) or not data.startswith(start, place) or place + size > len(data):
            raise ValueError(f"its tree {number} is not where it says")
        tree = data[place + len(start) : place + size].rstrip(b"\n")
        if not all(map(_FACT.match, tree.split(b"\n"))):
            raise ValueError(f"its tree {number} has a line that says nothing")
        yield _facts(tree)
        place += size
    if not data.startswith(b"end of trees", place) and len(sizes):
        raise ValueError("its trees do not end where it says")


def _check_parameters(data: bytes) -> None:
    _, found, rest = data.partition(b"\nparameters:\n")
    lines, ended, _ = rest.partition(b"\nend of parameters")
    if found and not (ended and all(_PARAMETER.fullmatch(line) for line in lines.split(b"\n"))):
        raise ValueError("its parameters do not end, or are none")


def _check_tree(tree: Mapping[str, bytes], features: int) -> None:
    leaves = _one(tree, "num_leaves")
    if leaves < 1 or not tree.keys() >= _EVERY_TREE:
        raise ValueError("it has no leaf, or less than every tree has")
    nodes = leaves - 1
    _check_lengths(tree, {**dict.fromkeys(_OF_NODES, nodes), **dict.fromkeys(_OF_LEAVES, leaves)})
    also = {**dict.fromkeys(_ALSO_OF_NODES, nodes), **dict.fromkeys(_ALSO_OF_LEAVES, leaves)}
    _check_lengths(tree, {name: count for name, count in also.items() if tree.get(name, b"").strip()})
    _check_categories(tree)
    if leaves > 1:
        _check_nodes(tree, leaves, features)
    if _one(tree, "is_linear", 0):
        _check_linear(tree, leaves, features)


def _check_lengths(tree: Mapping[str, bytes], lengths: Mapping[str, int]) -> None:
    wrong = [name for name, length in lengths.items() if len(_numbers(tree, name)) != length]
    if wrong:
        raise ValueError(f"{wrong[0]} has another length than the tree")


def _check_nodes(tree: Mapping[str, bytes], leaves: int, features: int) -> None:
    left, right = _whole(tree, "left_child"), _whole(tree, "right_child")
    children = np.concatenate([left, right])
    parents = np.tile(np.arange(leaves - 1), 2)
    if not np.array_equal(np.sort(children), [*range(-leaves, 0), *range(1, leaves - 1)]):
        raise ValueError("a node is nobody's child, or that of two")
    if ((children >= 0) & (children <= parents)).any():
        raise ValueError("a node is its own ancestor")
    _check_within(_whole(tree, "split_feature"), features)
    kinds = _whole(tree, "decision_type")
    if ((kinds < 0) | (kinds > 127)).any():
        raise ValueError("a node decides in no known way")
    chosen = _numbers(tree, "threshold")[kinds & 1 == 1]
    _check_within(chosen, _one(tree, "num_cat"))


def _check_categories(tree: Mapping[str, bytes]) -> None:
    categories = _one(tree, "num_cat")
    borders = _whole(tree, "cat_boundaries") if categories else np.zeros(1, dtype=int)
    is_rising = len(borders) == categories + 1 > 0 and borders[0] == 0 and (np.diff(borders) > 0).all()
    if not is_rising or borders[-1] != len(_whole(tree, "cat_threshold")):
        raise ValueError("its categories have other sizes than it says")


def _check_linear(tree: Mapping[str, bytes], leaves: int, features: int) -> None:
    counts, used = _whole(tree, "num_features"), _whole(tree, "leaf_features")
    _check_within(used, features)
    is_right = len(counts) == leaves == len(_numbers(tree, "leaf_const")) and (counts >= 0).all()
    if not is_right or counts.sum() != len(used) or len(used) != len(_numbers(tree, "leaf_coeff")):
        raise ValueError("its linear leaves have other sizes than it says")


def _check_within(indexes: Any, end: int) -> None:
    if ((indexes < 0) | ~(indexes < end)).any():
        raise ValueError("an index points at nothing")


def _facts(text: bytes) -> dict[str, bytes]:
    lines = [line.partition(b"=") for line in text.split(b"\n")]
    facts = {name.decode("ascii", "replace"): value for name, mark, value in lines if mark}
    if len(facts) < sum(1 for _, mark, _ in lines if mark):
        raise ValueError("something is said twice")
    return facts


def _one(facts: Mapping[str, bytes], name: str, default: int | None = None) -> int:
    if name not in facts and default is not None:
        return default
    found = _whole(facts, name)
    if len(found) != 1:
        raise ValueError(f"{name} is not one number")
    return int(found[0])


def _whole(facts: Mapping[str, bytes], name: str) -> Any:
    return _numbers(facts, name, "int64")


def _numbers(facts: Mapping[str, bytes], name: str, kind: str = "float64") -> Any:
    text = facts.get(name, b"")
    if text.translate(None, _DIGITS):
        raise ValueError(f"{name} is more than numbers")
    return np.array(text.split(), dtype=kind)
