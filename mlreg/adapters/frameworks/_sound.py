"""Owns the check that what a file has built holds together, where compiled code trusts it.

The code of scikit-learn, scipy and numpy that is compiled reads, and writes, wherever the numbers in a model point:
the children of a node, the columns of a sparse matrix, the place in a generator's buffer. The packages look at types
and shapes while they load, not at these numbers; so a file can have a prediction read what is not its own, or never
end. What savers write is always sound. No code of the model runs for the check.
"""

from __future__ import annotations

import gc
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from mlreg.adapters.frameworks import _lightgbm_text, _xgboost_model
from mlreg.errors import NotAllowedError

Check = Callable[[Any], str]
"""Returns what does not hold together, or an empty text."""
_LEAVES: Final = (
    type, str, bytes, int, float, complex, bool, type(None), types.FunctionType, types.BuiltinFunctionType,
    types.ModuleType, types.CodeType, np.generic, np.dtype, np.ufunc,
)  # fmt: skip
_MT19937_WORDS: Final = 624
_PHILOX_NUMBERS: Final = 4
_BITSET_WORDS: Final = 8


def check(name: str, model: object) -> None:
    """Looks at all that `model` consists of.

    Args:
        name: What errors call the file.

    Raises:
        NotAllowedError: A part does not hold together.
    """
    for part in _parts(model):
        found = _check_of(type(part))
        problem = found and _problem(found, part)
        if problem:
            raise _refused(name, part, problem)


def check_state(name: str, target: object, state: object) -> None:
    """Looks at the `state` that `target` is about to be given, where its package ends the process at one that lies.

    Raises:
        NotAllowedError: It lies.
    """
    paths = (f"{base.__module__}.{base.__qualname__}" for base in type(target).__mro__)
    found = next((_STATES[path] for path in paths if path in _STATES), None)
    try:
        if found:
            found(state)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _refused(name, target, str(error)) from error


def _lightgbm_state(state: Any) -> None:
    for text in (state.get("_handle"), state.get("handle")):
        if text is not None:
            _lightgbm_text.check(text.encode())


def _xgboost_state(state: Any) -> None:
    if type(state) is not dict:  # what is looked at twice has to be the same then
        raise ValueError("its state is none")
    if state["handle"] is not None:
        _xgboost_model.check_pickled(state["handle"])


def _refused(name: str, part: object, problem: str) -> NotAllowedError:
    kind = f"{type(part).__module__}.{type(part).__qualname__}"
    return NotAllowedError(
        f"{name} holds a {kind} that would leave its memory: {problem}",
        hint="no saver writes such a file: look who has made it; `checkout` gives its bytes",
        facts={"file": name, "class": kind, "problem": problem},
        code="refused",
    )


def _parts(model: object) -> Iterator[Any]:
    """Yields `model` and every object that it holds, each once; classes, functions and plain values are none."""
    seen: set[int] = set()
    waiting: list[Any] = [model]
    made: list[list[Any]] = []  # what was made here lives on: what comes into its place would count as seen
    while waiting:
        part = waiting.pop()
        if issubclass(type(part), _LEAVES) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        waiting += gc.get_referents(part)
        if issubclass(type(part), np.ndarray) and part.dtype.hasobject:  # the collector does not look into arrays
            made.append(np.asarray(part).ravel().tolist())
            waiting += made[-1]


def _check_of(kind: type) -> Check | None:
    if kind not in _FOUND:
        _FOUND[kind] = _first_check(kind)
    return _FOUND[kind]


def _first_check(kind: type) -> Check | None:
    paths = (f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__)
    return next((_CHECKS[path] for path in paths if path in _CHECKS), None)


def _problem(found: Check, part: object) -> str:
    try:
        return found(part)
    except Exception as error:  # an attribute is missing, or of another type than its class ever gives it
        return f"{type(error).__name__}: {error}".splitlines()[0]


def _tree(tree: Any) -> str:
    count = tree.node_count
    if not 1 <= count <= tree.capacity:
        return f"{count} nodes where there is room for {tree.capacity}"
    nodes = tree.__getstate__()["nodes"]
    inner = np.flatnonzero(nodes["left_child"] != -1)
    return _nodes(nodes[inner], inner, ("left_child", "right_child"), "feature", count, tree.n_features)


def _nodes(nodes: Any, places: Any, children: tuple[str, str], feature: str, count: int, features: int) -> str:
    """Returns what is odd of inner `nodes`, which stand at `places`: each child comes later, and none after the last.

    All builders of scikit-learn number the children after their parents; so a way through the tree ends.
    """
    for child in children:
        if np.any(nodes[child] <= places) or np.any(nodes[child].astype(np.int64) >= count):
            return f"a node leads to none of its {count} nodes, or back"
    columns = nodes[feature].astype(np.int64)
    return "" if np.all((columns >= 0) & (columns < features)) else f"a node asks for none of its {features} features"


def _decision_tree(model: Any) -> str:
    is_same = not hasattr(model, "tree_") or model.tree_.n_features == model.n_features_in_
    return "" if is_same else "its tree is of another number of features"


def _boosting(model: Any) -> str:
    """Of a matrix of trees, whose columns are those of the scores that the first estimator gives."""
    if not hasattr(model, "estimators_"):
        return ""
    trees, loss = model.estimators_, model._loss
    columns = loss.n_classes if loss.is_multiclass else 1
    if trees.ndim != 2 or trees.shape[1] != columns:
        return f"trees of shape {trees.shape} for {columns} scores"
    first = model.init_
    classes = () if columns == 1 or isinstance(first, str) else (first.classes_, getattr(first, "class_prior_", ()))
    if any(len(of) not in (0, columns) for of in classes):
        return "its first estimator is of another number of classes"
    is_same = all(tree.tree_.n_features == model.n_features_in_ for tree in trees.flat)
    is_single = all(tree.tree_.n_outputs == tree.tree_.max_n_classes == 1 for tree in trees.flat)
    return "" if is_same and is_single else "its trees are of another number of features or outputs"


def _histograms(model: Any) -> str:
    """Of the trees that nobody but their ensemble knows the features of."""
    mapper: Any = getattr(model, "_bin_mapper", None)
    features = getattr(model, "n_features_in_", 0)
    predictors = [one for of in getattr(model, "_predictors", ()) for one in of]
    if mapper is not None:
        features = min(features, len(mapper.bin_thresholds_), len(mapper.is_categorical_))
    for predictor in predictors:
        inner = predictor.nodes[predictor.nodes["is_leaf"] == 0]
        if np.any(inner["feature_idx"].astype(np.int64) >= features) or np.any(inner["feature_idx"] < 0):
            return f"a node asks for none of its {features} features"
        asked = inner["feature_idx"][inner["is_categorical"] != 0]
        if len(asked) and not np.all(mapper.is_categorical_[asked]):
            return "a node asks for categories of a feature that has none"
    return ""


def _predictor(predictor: Any) -> str:
    nodes = predictor.nodes
    if len(nodes) == 0:
        return "it has no nodes"
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    by_category = nodes[inner]["bitset_idx"][nodes[inner]["is_categorical"] != 0].astype(np.int64)
    for bits in (predictor.raw_left_cat_bitsets, predictor.binned_left_cat_bitsets):
        if bits.ndim != 2 or bits.shape[1] != _BITSET_WORDS or np.any(by_category >= len(bits)):
            return "a node asks for none of its categories"
    return _nodes(nodes[inner], inner, ("left", "right"), "feature_idx", len(nodes), 1 << 32)


def _neighbours(tree: Any) -> str:
    values, order, nodes, bounds = (np.asarray(part) for part in tree.__getstate__()[:4])
    levels, count, *_, metric, weights = tree.__getstate__()[5:]
    rows, columns = values.shape
    if not rows or order.shape != (rows,) or not 1 <= levels < 63 or not len(nodes) == count == (1 << levels) - 1:
        return f"{len(nodes)} nodes over {rows} rows"
    if bounds.shape[0] not in (1, 2) or bounds.shape[1:] != (count, columns):
        return f"bounds of shape {bounds.shape} for {count} nodes of {columns} features"
    if bounds.shape[0] != (2 if "KD" in type(tree).__name__ else 1):
        return f"bounds of shape {bounds.shape} in a {type(tree).__name__}"
    if order.min() < 0 or order.max() >= rows or (weights is not None and np.shape(weights) != (rows,)):
        return f"it asks for a row that is none of its {rows}"
    begin, end = nodes["idx_start"], nodes["idx_end"]
    if np.any(begin < 0) or np.any(begin > end) or np.any(end > rows):
        return f"a node holds rows that are none of its {rows}"
    if not np.all(nodes["is_leaf"][count // 2 :]):
        return "a node of the last level has children"
    metric._validate_data(values)
    return ""


def _compressed(matrix: Any) -> str:
    matrix.check_format(full_check=True)  # raises
    return ""


def _coordinates(matrix: Any) -> str:
    matrix._check()  # raises
    return ""


def _diagonals(matrix: Any) -> str:
    is_sound = matrix.offsets.ndim == 1 and matrix.data.ndim == 2 and len(matrix.offsets) == len(matrix.data)
    return "" if is_sound else f"{matrix.data.shape} values on {matrix.offsets.shape} diagonals"


def _lists(matrix: Any) -> str:
    rows, columns = matrix.shape
    pairs = list(zip(matrix.rows, matrix.data, strict=True))
    is_sound = len(pairs) == rows and all(
        len(places) == len(values) and all(0 <= place < columns for place in places) for places, values in pairs
    )
    return "" if is_sound else f"a value is outside of {rows} rows and {columns} columns"


def _support_vectors(model: Any) -> str:
    if not hasattr(model, "support_vectors_"):
        return ""
    count = len(model.support_)
    is_classifier = any(base.__name__ == "BaseSVC" for base in type(model).__mro__)
    if model.kernel == "precomputed" or callable(model.kernel):  # asks for places in the rows that it is given
        is_sound = not count or (model.support_.min() >= 0 and model.support_.max() < model.shape_fit_[0])
    else:
        is_sound = model.support_vectors_.shape == (count, model.n_features_in_)
    classes = len(model.classes_) if is_classifier else 2
    pairs = classes * (classes - 1) // 2
    weights = model._dual_coef_.data if model._sparse else model._dual_coef_
    sizes = (len(model._n_support), weights.size, len(model._intercept_))
    if not is_sound or sizes != (classes, count * (classes - 1), pairs):
        return f"sizes that do not fit {count} support vectors of {classes} classes"
    if {len(model._probA), len(model._probB)} - {0, pairs}:
        return f"sizes that do not fit {pairs} pairs of classes"
    is_counted = np.all(model._n_support >= 0) and int(np.sum(model._n_support, dtype=np.int64)) == count
    return "" if is_counted or not is_classifier else f"it counts other than its {count} support vectors"


def _centres(model: Any) -> str:
    if not hasattr(model, "cluster_centers_"):
        return ""
    shape = model.cluster_centers_.shape
    is_sound = len(shape) == 2 and shape[0] >= 1 and shape[1] == model.n_features_in_
    return "" if is_sound else f"centres of shape {shape} for {model.n_features_in_} features"


def _mersenne(generator: Any) -> str:
    place = generator.state["state"]["pos"]
    return "" if 0 <= place <= _MT19937_WORDS else f"it stands at {place} of {_MT19937_WORDS} words"


def _philox(generator: Any) -> str:
    place = generator.state["buffer_pos"]
    return "" if 0 <= place <= _PHILOX_NUMBERS else f"it stands at {place} of {_PHILOX_NUMBERS} numbers"


_STATES: Final[Mapping[str, Callable[[Any], None]]] = {
    "lightgbm.basic.Booster": _lightgbm_state,
    "xgboost.core.Booster": _xgboost_state,
}
"""Raise what does not hold together in a state, for its package would end the process at it."""
_TREES: Final = [
    f"sklearn.neighbors.{module}.{name}{width}"
    for module, name in (("_kd_tree", "KDTree"), ("_ball_tree", "BallTree"))
    for width in ("", "32", "64")
]
_HISTOGRAMS: Final = "sklearn.ensemble._hist_gradient_boosting"
_CHECKS: Final[Mapping[str, Check]] = {
    "sklearn.tree._tree.Tree": _tree,
    "sklearn.tree._classes.BaseDecisionTree": _decision_tree,
    "sklearn.ensemble._gb.BaseGradientBoosting": _boosting,
    f"{_HISTOGRAMS}.gradient_boosting.BaseHistGradientBoosting": _histograms,
    f"{_HISTOGRAMS}.predictor.TreePredictor": _predictor,
    **dict.fromkeys(_TREES, _neighbours),
    "scipy.sparse._compressed._cs_matrix": _compressed,
    "scipy.sparse._coo._coo_base": _coordinates,
    "scipy.sparse._coo.coo_matrix": _coordinates,
    "scipy.sparse._dia._dia_base": _diagonals,
    "scipy.sparse._dia.dia_matrix": _diagonals,
    "scipy.sparse._lil._lil_base": _lists,
    "scipy.sparse._lil.lil_matrix": _lists,
    "sklearn.svm._base.BaseLibSVM": _support_vectors,
    "sklearn.cluster._kmeans._BaseKMeans": _centres,
    "numpy.random._mt19937.MT19937": _mersenne,
    "numpy.random._philox.Philox": _philox,
}
_FOUND: Final[dict[type, Check | None]] = {}
