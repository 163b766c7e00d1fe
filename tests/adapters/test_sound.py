"""Models whose numbers would have compiled code leave its memory are refused; honest ones load as they are."""

from __future__ import annotations

import io
import pickle
import warnings
from typing import Any

import joblib
import numpy as np
import pytest
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.neighbors import BallTree, KDTree, KernelDensity
from sklearn.svm import SVC, SVR, NuSVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier

from mlreg.adapters.frameworks import _pickled
from mlreg.errors import NotAllowedError
from mlreg.scanning import scan_stream

CHANCE = np.random.RandomState(0)
ROWS = CHANCE.rand(60, 4)
THREE, TWO = np.arange(60) % 3, np.arange(60) % 2
FAR = 1 << 30


class _As:
    """What is pickled as an object of a class with another state than it has."""

    def __init__(self, maker: Any, args: tuple[Any, ...], state: Any) -> None:
        self.parts = maker, args, state

    def __reduce__(self) -> tuple[Any, ...]:
        return self.parts


def through_file(model: Any) -> Any:
    return _pickled.load({"model.joblib": written(model)})


def written(model: Any) -> io.BytesIO:
    stream = io.BytesIO()
    joblib.dump(model, stream)
    stream.seek(0)
    return stream


def tree(field: str, value: int) -> Any:
    model = DecisionTreeClassifier().fit(ROWS, THREE)
    maker, args, state = model.tree_.__reduce__()
    state["nodes"][field][0] = value
    model.tree_ = _As(maker, args, state)
    return model


def neighbours(kind: Any, place: int, change: Any) -> Any:
    maker, args, state = kind(ROWS, leaf_size=5).__reduce__()
    parts = list(state)
    parts[place] = change(parts[place].copy())
    return _As(maker, args, tuple(parts))


def filled(field: str | None, value: int) -> Any:
    def change(array: Any) -> Any:
        (array if field is None else array[field])[:] = value
        return array

    return change


def histograms(field: str, value: int) -> Any:
    model = HistGradientBoostingClassifier(max_iter=2, max_depth=2, min_samples_leaf=2).fit(ROWS, TWO)
    model._predictors[0][0].nodes[field][0] = value
    return model


def matrix(kind: str, field: str, value: int) -> Any:
    made = sparse.random(20, 20, 0.2, format=kind, random_state=0)
    made.__dict__[field][:] = value
    return made


def changed(model: Any, **attributes: Any) -> Any:
    for name, value in attributes.items():
        setattr(model, name, value)
    return model


def generator(kind: Any, change: Any) -> Any:
    made = kind(0)
    state = made.state
    change(state)
    made.state = state
    return np.random.Generator(made)


def boosting() -> Any:
    model = GradientBoostingClassifier(n_estimators=2).fit(ROWS, TWO)
    return changed(model, estimators_=np.tile(model.estimators_, (1, 50)))


HOSTILE = {
    "a tree whose node leads beyond": lambda: tree("left_child", FAR),
    "a tree without an end": lambda: tree("right_child", 0),
    "a tree of foreign features": lambda: tree("feature", FAR),
    "a forest with such a tree": lambda: changed(
        RandomForestClassifier(1).fit(ROWS, THREE), estimators_=[tree("feature", -7)]
    ),
    "an array of objects with such a tree": lambda: np.array([tree("left_child", FAR)], dtype=object),
    "a masked array with such a tree": lambda: np.ma.array([tree("left_child", FAR)], mask=[True], dtype=object),
    "records with such trees": lambda: [
        np.array([(1, model)], dtype=[("number", int), ("model", object)])
        for model in (1, 2, 3, tree("left_child", FAR), 4, 5, 6)
    ],
    "a tree never filled": lambda: (
        DecisionTreeClassifier().fit(ROWS, THREE).tree_.__class__(4, np.array([3], dtype=np.intp), 1)
    ),
    "neighbours of foreign rows": lambda: neighbours(KDTree, 1, filled(None, FAR)),
    "neighbours before the first row": lambda: neighbours(BallTree, 1, filled(None, -FAR)),
    "neighbours in foreign nodes": lambda: neighbours(KDTree, 2, filled("idx_end", FAR)),
    "neighbours with too few nodes": lambda: neighbours(BallTree, 2, lambda nodes: nodes[:1].copy()),
    "neighbours with too few bounds": lambda: neighbours(KDTree, 3, lambda bounds: bounds[:, :1].copy()),
    "neighbours with too few rows": lambda: neighbours(BallTree, 0, lambda rows: rows[:2].copy()),
    "histograms leading beyond": lambda: histograms("left", FAR),
    "histograms without an end": lambda: histograms("right", 0),
    "histograms of foreign features": lambda: histograms("feature_idx", FAR),
    "histograms of foreign categories": lambda: histograms("is_categorical", 1),
    "rows outside of a matrix": lambda: matrix("csr", "indices", FAR),
    "columns before a matrix": lambda: matrix("csc", "indices", -FAR),
    "values outside of a matrix": lambda: matrix("csr", "indptr", FAR),
    "diagonals without values": lambda: changed(
        sparse.random(9, 9, 0.5, format="dia", random_state=0), data=np.ones((1, 9))
    ),
    "vectors without weights": lambda: changed(SVC().fit(ROWS, THREE), _dual_coef_=np.ones((2, 1))),
    "vectors of one feature": lambda: changed(SVC().fit(ROWS, THREE), support_vectors_=np.ones((60, 1))),
    "vectors at foreign places": lambda: changed(
        SVC(kernel="precomputed").fit(ROWS @ ROWS.T, THREE), support_=np.full(60, FAR, dtype=np.int32)
    ),
    "trees that write beyond the scores": boosting,
    "centres of one feature": lambda: changed(KMeans(3, n_init=1).fit(ROWS), cluster_centers_=np.ones((3, 1))),
    "a generator beyond its words": lambda: generator(
        np.random.MT19937, lambda state: state["state"].__setitem__("pos", FAR)
    ),
    "a generator before its buffer": lambda: generator(
        np.random.Philox, lambda state: state.__setitem__("buffer_pos", -FAR)
    ),
}
HONEST = {
    "support vectors": lambda: [
        kind(kernel=kernel).fit(ROWS @ ROWS.T if kernel == "precomputed" else ROWS, TWO)
        for kind in (SVC, NuSVC, SVR, OneClassSVM)
        for kernel in ("rbf", "precomputed")
    ],
    "sparse support vectors": lambda: SVC().fit(sparse.csr_matrix(ROWS), THREE),
    "boosting": lambda: [
        GradientBoostingClassifier(n_estimators=2, init=init).fit(ROWS, classes)
        for init in (None, "zero", RandomForestClassifier(2))
        for classes in (TWO, THREE)
    ],
    "categories": lambda: [
        HistGradientBoostingClassifier(max_iter=2, categorical_features=[1]).fit(np.c_[ROWS[:, :1], THREE], classes)
        for classes in (TWO, THREE)
    ],
    "neighbours": lambda: [KDTree(ROWS), BallTree(ROWS[:1]), KernelDensity().fit(ROWS, sample_weight=1 + THREE)],
    "matrices": lambda: [
        sparse.random(7, 9, density, format=kind, random_state=0)
        for kind in ("csr", "csc", "bsr", "coo", "dia", "lil", "dok")
        for density in (0.3, 0)
    ],
    "one leaf": lambda: DecisionTreeClassifier().fit(ROWS, np.zeros(60)),
    "not fitted": lambda: [SVC(), GradientBoostingClassifier(), HistGradientBoostingClassifier(), KMeans()],
    "generators": lambda: [np.random.RandomState(0), np.random.Generator(np.random.Philox(0))],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_would_leave_its_memory_is_refused(name: str) -> None:
    with pytest.raises(NotAllowedError, match="would leave its memory") as caught:
        through_file(HOSTILE[name]())
    assert caught.value.stable_code == "refused"


@pytest.mark.parametrize("name", HONEST)
def test_what_honest_code_has_made_is_allowed_and_loads(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = HONEST[name]()
        through_file(model)
    assert [found.message for found in scan_stream(written(model), name).findings] == []


def test_a_text_of_lightgbm_that_lies_is_refused_before_lightgbm_reads_it() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    booster = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(ROWS, TWO).booster_
    good = pickle.dumps(booster)
    text = booster.__getstate__()["_handle"]
    assert isinstance(_pickled.load({"model.pkl": io.BytesIO(good)}), lightgbm.Booster)
    bad = pickle.dumps(booster, 0).replace(b"left_child=", b"left_child=9")
    assert "left_child=" in text and bad != pickle.dumps(booster, 0)
    with pytest.raises(NotAllowedError, match="would leave its memory"):
        _pickled.load({"model.pkl": io.BytesIO(bad)})
