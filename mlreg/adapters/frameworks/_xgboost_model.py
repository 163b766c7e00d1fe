"""Owns what a model of XGBoost has to be before XGBoost reads it: that library ends the process at one that lies.

It believes what a model says of its own sizes, and follows what it says of children, features, classes and categories:
with a few numbers changed, 3.2 reads and writes foreign memory, asks for all there is, or never ends. What passes here
is a list of trees, or of weights, whose every index points at something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from mlreg.adapters.frameworks import _xgboost_files
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import json

    import numpy as np
else:
    json = LazyModule("json")
    np = LazyModule("numpy")

xgboost: Any = LazyModule("xgboost")

_OF_NODES: Final = ("split_conditions", "sum_hessian", "loss_changes")
_OF_TARGETS: Final = ("leaf_weights", "sum_hessian", "loss_changes")
_CATEGORIES: Final = ("categories", "categories_nodes", "categories_segments", "categories_sizes", "split_type")
_DEEPEST_TREE: Final = 4096
_MAX_CATEGORY: Final = 1 << 24
_MAX_CATEGORY_BITS: Final = 1 << 32
_MAX_CLASSES: Final = 1_000_000
_MAX_THREADS: Final = 1024
_WHOLE: Final = re.compile(r"[0-9]{1,10}")


def checked(data: bytes) -> bytearray:
    """Returns the file `data` as XGBoost may read it; JSON is written anew, so that both read the same.

    Raises:
        ValueError: A size or an index in it is not right.
    """
    is_text = data[1:2] != b"L"
    model = _xgboost_files.from_json(data) if is_text else _xgboost_files.from_ubjson(data)
    with _every_oddity_told():
        _check_model(model)
    if not is_text:
        return bytearray(data)
    return bytearray(json.dumps(model, ensure_ascii=False, separators=(",", ":")).encode())


def check_pickled(data: object) -> None:
    """Checks what a pickled booster keeps its model in, together with how it was trained.

    Raises:
        ValueError: A size or an index in it is not right.
    """
    if type(data) is not bytearray or data[:2] != b"{L":
        raise ValueError(
            "it is in no format that XGBoost still writes: load it with the XGBoost that has written it,"
            " and save it with `save_model('model.ubj')`"
        )
    both = _xgboost_files.from_ubjson(data)
    if both.keys() != {"Config", "Model"}:
        raise ValueError("it is not how it was trained and what has come out")
    with _every_oddity_told():
        _check_model(both["Model"])
        _check_settings(both["Config"], both["Model"])


@contextmanager
def _every_oddity_told() -> Iterator[None]:
    """Tells what is missing in a model, or of another kind than in any, as a `ValueError`."""
    try:
        yield
    except (LookupError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"something in it is missing, or of another kind: {error}") from error


def _check_model(model: Any) -> None:
    learner, version = model["learner"], model["version"]
    if len(version) != 3 or min(map(_plain, version)) < 0 or "Model" in model:
        raise ValueError("it does not say which XGBoost has written it")
    features, groups = _check_sizes(learner["learner_model_param"])
    _check_objective(learner["objective"], learner["learner_model_param"], groups)
    _check_names(learner, features)
    booster = learner["gradient_booster"]
    kind = booster["name"]
    if kind == "gblinear":
        if len(_numbers(booster["model"], "weights")) != (features + 1) * groups:
            raise ValueError("it does not have as many weights as features")
        return
    trees = _check_trees(_trees_of(booster), features, groups)
    if kind == "dart" and len(_numbers(booster, "weight_drop")) != trees:
        raise ValueError("it does not weigh as many trees as it has")


def _trees_of(booster: Any) -> Any:
    """Returns what the `booster` says of its trees, of the model or of how it was trained."""
    inner = booster["gbtree"] if booster["name"] == "dart" else booster
    if booster["name"] not in ("gbtree", "dart") or inner["name"] != "gbtree":
        raise ValueError("it is no booster of XGBoost")
    return inner.get("model", inner)


def _check_sizes(facts: Mapping[str, Any]) -> tuple[int, int]:
    """Returns how many features a model takes, and how many scores it gives for a row."""
    features, classes, targets = _one(facts, "num_feature"), _one(facts, "num_class"), _one(facts, "num_target", 1)
    groups = max(classes, targets)
    if features < 1 or not 1 <= max(groups, 1) <= _MAX_CLASSES or (classes > 1 and targets > 1) or features >> 32:
        raise ValueError("it counts no features, or too many classes")
    base = facts["base_score"]
    scores = json.loads(base) if base.startswith("[") and base.count("[") == 1 else [float(base)]
    if len(scores) not in (1, max(groups, 1)) or any(type(score) not in (int, float) for score in scores):
        raise ValueError("it has other base scores than classes")
    return features, max(groups, 1)


def _check_objective(objective: Mapping[str, Any], facts: Mapping[str, Any], groups: int) -> None:
    name = objective["name"]
    if name.startswith("multi:"):
        classes = _one(objective["softmax_multiclass_param"], "num_class")
        if classes != _one(facts, "num_class") or classes < 1:
            raise ValueError("its objective is of another number of classes")
    for text in (value for of in objective.values() if isinstance(of, dict) for value in of.values()):
        if text.startswith("[") and (text.count("[") > 1 or len(json.loads(text)) not in (1, groups)):
            raise ValueError("its objective is of another number of targets")


def _check_names(learner: Mapping[str, Any], features: int) -> None:
    for kind in ("feature_names", "feature_types"):
        names = learner.get(kind, [])
        if not isinstance(names, list) or len(names) not in (0, features) or not _are_texts(names):
            raise ValueError(f"its {kind} are not as many as its features")
    if not _are_texts(learner["attributes"].values()):
        raise ValueError("its attributes are no texts")


def _check_trees(model: Mapping[str, Any], features: int, groups: int) -> int:
    """Returns how many trees there are."""
    trees, kind = model["trees"], model["gbtree_model_param"]
    parallel, count = _one(kind, "num_parallel_tree", 1), _one(kind, "num_trees")
    of_groups, widths = _whole(model, "tree_info"), set()
    if not isinstance(trees, list) or not count == len(trees) == len(of_groups) or not 1 <= parallel < 1 << 31:
        raise ValueError("it does not have as many trees as it says")
    _check_within(of_groups, groups)
    bits = 0
    for number, tree in enumerate(trees):
        try:
            if _plain(tree["id"]) != number:
                raise ValueError("it has another number")
            width = max(_one(tree["tree_param"], "size_leaf_vector", 1), 1)
            if width not in (1, groups):
                raise ValueError("its leaves are of another number of targets")
            _check_tree(tree, features, width)
            bits += _check_categories(tree)
            widths.add(width)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"its tree {number} is none: {error}") from error
    if bits > _MAX_CATEGORY_BITS or len(widths) > 1 or (trees and groups > max(count, *widths)):
        raise ValueError("its trees have too many categories, or fewer scores than it gives")
    _check_rounds(model, count, parallel * (1 if widths > {1} else groups))
    _check_columns(model.get("cats", {"enc": []}), features)
    return count


def _check_rounds(model: Mapping[str, Any], trees: int, each: int) -> None:
    if "iteration_indptr" not in model:  # as before 1.8
        if trees % each:
            raise ValueError("its last round is not whole")
        return
    borders = _whole(model, "iteration_indptr")
    if not len(borders) or borders[0] != 0 or (np.diff(borders) < 0).any() or borders[-1] != trees:
        raise ValueError("its rounds are of other sizes than it says")


def _check_tree(tree: Mapping[str, Any], features: int, width: int) -> None:
    facts = tree["tree_param"]
    count, deleted = _one(facts, "num_nodes"), _one(facts, "num_deleted", 0)
    left, right, parents, split = (
        _whole(tree, name) for name in ("left_children", "right_children", "parents", "split_indices")
    )
    sizes = [*map(len, (left, right, parents, split, _whole(tree, "default_left")))]
    sizes += [len(_numbers(tree, name)) for name in _OF_NODES if name in tree or name == _OF_NODES[0]]
    if count < 1 or set(sizes) != {count} or len(_numbers(tree, "base_weights")) != count * width:
        raise ValueError("it has not as many nodes as it says")
    if width > 1 and any(name not in tree for name in _OF_TARGETS) and _is_since(3, 2):
        raise ValueError(
            "its leaves are of several targets, as XGBoost wrote them before 3.2, and later ones end the process at"
        )
    is_inner = left != -1
    _check_leaves(tree, right[~is_inner], width)
    inner = np.flatnonzero(is_inner)
    children = np.concatenate([left[inner], right[inner]])
    _check_within(children, count)
    if (children == 0).any() or (len(children) and np.bincount(children).max() > 1):
        raise ValueError("a node is the child of two")
    if not np.array_equal(parents[children], np.tile(inner, 2)):
        raise ValueError("a node is not the parent of its children")
    reached = _reached(left, right)
    if len(reached) + deleted != count:
        raise ValueError("a node is nobody's child")
    _check_within(split[reached], min(features, _one(facts, "num_feature", features) or features))


def _is_since(*version: int) -> bool:
    """Whether the XGBoost that is installed is of `version`, or later."""
    return tuple(map(int, xgboost.__version__.split(".")[:2])) >= version


def _check_leaves(tree: Mapping[str, Any], right: Any, width: int) -> None:
    """Checks the leaves: of several targets, the `right` child tells which place in the weights is theirs."""
    if "leaf_weights" in tree and width > 1:
        _check_within(right, len(right))
        if len(_numbers(tree, "leaf_weights")) != len(right) * width:
            raise ValueError("its leaves have other weights than it says")
    elif (right != -1).any():
        raise ValueError("a leaf has a child")


def _reached(left: Any, right: Any) -> Any:
    """Returns the nodes below the root and itself, which are each the child of one node only."""
    level, levels = np.zeros(1, dtype=np.int64), []
    while len(level):
        levels.append(level)
        inner = level[left[level] != -1]
        level = np.concatenate([left[inner], right[inner]])
        if len(levels) > _DEEPEST_TREE:
            raise ValueError("it is deeper than any that was grown")
    return np.concatenate(levels)


def _check_categories(tree: Mapping[str, Any]) -> int:
    """Returns how many bits XGBoost makes of the categories."""
    if not any(name in tree for name in _CATEGORIES):  # as before 1.3
        return 0
    values, nodes, begins, sizes, kinds = (_whole(tree, name) for name in _CATEGORIES)
    if len(kinds) != len(tree["left_children"]) or ((kinds != 0) & (kinds != 1)).any():
        raise ValueError("a node decides in no known way")
    if not np.array_equal(nodes, np.flatnonzero(kinds)) or ((sizes < 1) | (sizes > len(values))).any():
        raise ValueError("its categories are those of other nodes")
    ends = np.cumsum(sizes)
    if len(sizes) != len(nodes) or not np.array_equal(begins, ends - sizes) or sizes.sum() != len(values):
        raise ValueError("its categories are of other sizes than it says")
    _check_within(values, _MAX_CATEGORY)
    return int((np.maximum.reduceat(values, begins) + 1).sum()) if len(nodes) else 0


def _check_columns(columns: Mapping[str, Any], features: int) -> None:
    """Checks the categories that the columns of a table had when the model was trained."""
    found = columns["enc"]
    sizes = [_column_size(column) for column in found]
    borders, order = (_whole(columns, name) if found else [] for name in ("feature_segments", "sorted_idx"))
    if not found:
        if any(len(columns.get(name, ())) for name in ("feature_segments", "sorted_idx")):
            raise ValueError("it has categories of no column")
        return
    if len(found) != features or not np.array_equal(borders, np.cumsum([0, *sizes])):
        raise ValueError("its columns have other categories than it says")
    if len(order):
        if len(order) != borders[-1]:
            raise ValueError("its categories are in no order")
        _check_within(order, np.repeat(sizes, sizes))


def _column_size(column: Mapping[str, Any]) -> int:
    values = _whole(column, "values")
    if "offsets" not in column:
        return len(values) if 0 <= _plain(column["type"]) < 64 else -1
    borders = _whole(column, "offsets")
    if not len(borders):
        return 0
    if borders[0] != 0 or (np.diff(borders) < 0).any() or borders[-1] != len(values):
        raise ValueError("a category is not where it says")
    return len(borders) - 1


def _check_settings(config: Any, model: Any) -> None:
    """Checks that how a model was trained says nothing else of it than itself, and asks for what there is."""
    learner, result = config["learner"], model["learner"]
    booster, name = learner["gradient_booster"], result["gradient_booster"]["name"]
    trained, facts = learner["learner_train_param"], learner.get("learner_model_param", {})
    is_same = booster["name"] == trained["booster"] == name and learner["objective"]["name"] == trained["objective"]
    if not is_same or trained["objective"] != result["objective"]["name"]:
        raise ValueError("it was trained as something else than it is")
    sizes = [(facts, result["learner_model_param"])]
    if name != "gblinear":
        trees = _trees_of(result["gradient_booster"])
        sizes.append((_trees_of(booster).get("gbtree_model_param", {}), trees["gbtree_model_param"]))
    if any(value != of[key] for said, of in sizes for key, value in said.items() if key.startswith("num_")):
        raise ValueError("it was trained with other sizes than it has")
    sizes_of = result["learner_model_param"]
    _check_objective(learner["objective"], sizes_of, _check_sizes(sizes_of)[1])
    threads = [int(learner["generic_param"].get(key, 0)) for key in ("nthread", "n_jobs")]
    if max(threads) > _MAX_THREADS:
        raise ValueError("it asks for more threads than any machine has")
    if max(map(_depth, _texts(config)), default=0) > 4:
        raise ValueError("one of its settings is deeper than any is")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


def _depth(text: str) -> int:
    depth = deepest = 0
    for sign in text if "[" in text else "":
        depth += (sign == "[") - (sign == "]")
        deepest = max(deepest, depth)
    return deepest


def _check_within(indexes: Any, ends: Any) -> None:
    if ((indexes < 0) | (indexes >= ends)).any():
        raise ValueError("an index points at nothing")


def _one(facts: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """Returns the number that the text `name` is: XGBoost writes its parameters as texts."""
    if name not in facts and default is not None:
        return default
    if not isinstance(facts[name], str) or not _WHOLE.fullmatch(facts[name]):
        raise ValueError(f"{name} is not a number")
    return int(facts[name])


def _plain(number: Any) -> int:
    if type(number) is not int:
        raise ValueError("something is not a number")
    return number


def _whole(facts: Mapping[str, Any], name: str) -> Any:
    """Returns the whole numbers `name` as an array of 64 bits each."""
    return _array(facts[name], "iu", (int, bool)).astype(np.int64)


def _numbers(facts: Mapping[str, Any], name: str) -> Any:
    return _array(facts[name], "fiu", (int, float))


def _array(values: Any, kinds: str, types: tuple[type, ...]) -> Any:
    if isinstance(values, list):
        if not all(type(value) in types for value in values):
            raise ValueError("what should be a number is none")
        return np.array(values, dtype=np.int64 if kinds == "iu" else np.float64)
    if not isinstance(values, np.ndarray) or values.dtype.kind not in kinds:
        raise ValueError("what should be numbers is none")
    return values


def _are_texts(values: Any) -> bool:
    return all(isinstance(value, str) for value in values)
