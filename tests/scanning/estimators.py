# ruff: noqa: E501 - one thing a line
"""Models of scikit-learn, scipy, numpy and pandas, made small and fitted: what honest pickles hold."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")
from sklearn.compose import ColumnTransformer  # noqa: E402
from sklearn.datasets import make_classification, make_regression  # noqa: E402
from sklearn.model_selection import GridSearchCV, StratifiedKFold  # noqa: E402
from sklearn.pipeline import FeatureUnion, make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler  # noqa: E402
from sklearn.utils import all_estimators  # noqa: E402

ROWS = 60


def fitted() -> Iterator[tuple[str, Any]]:
    """Yields every estimator of scikit-learn that can be made without arguments, fitted where it can be, by name."""
    numbers, classes = make_classification(ROWS, n_features=6, n_informative=4, random_state=0)
    numbers = np.abs(numbers)
    words = np.array([f"word{row % 7} other{row % 3} text" for row in range(ROWS)])
    for name, kind in all_estimators():
        model = made(name, kind)
        if model is None:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for data in (numbers, numbers[:, 0], words):
                with suppress(Exception):
                    model.fit(data, classes)
                    break
        yield name, model


def made(name: str, kind: Any) -> Any:
    """Returns an estimator of the class `kind`, quick to fit, or None where it needs arguments that are not known."""
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    inner = LogisticRegression() if "Classif" in name or name in _OF_CLASSIFIERS else Ridge()
    several = [("a", inner), ("b", DecisionTreeClassifier() if "Classif" in name else DecisionTreeRegressor())]
    for words in (
        {}, {"estimator": inner}, {"estimators": several}, {"transformers": [("a", StandardScaler(), [0])]},
        {"steps": several[:1]}, {"transformer_list": [("a", StandardScaler())]},
        {"estimator": inner, "param_grid": {}}, {"estimator": inner, "param_distributions": {}},
        {"base_estimator": inner}, {"dictionary": np.eye(6)},
    ):  # fmt: skip
        with suppress(Exception):
            model = kind(**words)
            small = {"n_estimators": 3, "max_iter": 5, "n_jobs": None} if "Hist" in name else {"n_estimators": 3}
            known = model.get_params(deep=False)
            return model.set_params(**{key: value for key, value in small.items() if key in known})
    return None


_OF_CLASSIFIERS = {"OneVsRestClassifier", "SelfTrainingClassifier", "ClassifierChain", "FixedThresholdClassifier"}


def composed() -> Iterator[tuple[str, Any]]:
    """Yields pipelines and searches as people build them, by name."""
    import pandas as pd
    from sklearn import ensemble, feature_extraction, gaussian_process, linear_model, metrics, model_selection, svm

    numbers, classes = make_classification(ROWS, n_features=6, random_state=0)
    frame = pd.DataFrame(numbers, columns=list("abcdef")).assign(kind=["x", "y", None] * (ROWS // 3))
    columns = ColumnTransformer([("n", StandardScaler(), list("abc")), ("k", OneHotEncoder(), ["kind"])])
    yield "pipeline", make_pipeline(columns, ensemble.RandomForestClassifier(5)).fit(frame, classes)
    yield "deep", make_pipeline(columns, linear_model.LogisticRegression(C=np.float64(2))).fit(frame, classes)
    logs = make_pipeline(FunctionTransformer(np.log1p), FunctionTransformer(np.sqrt), StandardScaler())
    yield "functions", logs.fit(np.abs(numbers))
    union = FeatureUnion([("a", StandardScaler()), ("b", FunctionTransformer())])
    yield "union", make_pipeline(union, svm.SVC(probability=False)).fit(numbers, classes)
    search = GridSearchCV(
        ensemble.GradientBoostingClassifier(n_estimators=3),
        {"max_depth": [1, 2]},
        cv=StratifiedKFold(3),
        scoring="roc_auc",
    )
    yield "search", search.fit(numbers, classes)
    scorer = metrics.make_scorer(metrics.f1_score, average="macro")
    yield (
        "scorer",
        model_selection.RandomizedSearchCV(
            svm.LinearSVC(), {"C": [1, 2]}, n_iter=2, cv=2, scoring=scorer, random_state=np.random.RandomState(0)
        ).fit(numbers, classes),
    )
    kernel = gaussian_process.kernels.RBF() + gaussian_process.kernels.WhiteKernel() * 2.0
    yield "kernel", gaussian_process.GaussianProcessRegressor(kernel).fit(numbers, classes)
    words = [f"word{row % 7} other text" for row in range(ROWS)]
    text = make_pipeline(feature_extraction.text.TfidfVectorizer(), linear_model.SGDClassifier())
    yield "text", text.fit(words, classes)
    yield (
        "hist",
        ensemble.HistGradientBoostingClassifier(max_iter=5, categorical_features=[0]).fit(
            np.column_stack([classes, numbers]), classes
        ),
    )
    targets = make_regression(ROWS, 6, random_state=0)[1]
    for loss in ("squared_error", "absolute_error", "gamma", "poisson", "quantile"):
        words_ = {"quantile": 0.5} if loss == "quantile" else {}
        yield (
            f"hist-{loss}",
            ensemble.HistGradientBoostingRegressor(loss=loss, max_iter=3, **words_).fit(numbers, np.abs(targets) + 1),
        )
    yield "glm", linear_model.PoissonRegressor().fit(numbers, np.abs(targets))
    yield "tweedie", linear_model.TweedieRegressor(power=1.5).fit(numbers, np.abs(targets))
    yield "generator", {"state": np.random.default_rng(1), "old": np.random.RandomState(2)}
    yield "splits", [getattr(model_selection, name)() for name in _SPLITTERS]
    yield "bunch", sklearn.utils.Bunch(data=numbers, names=["a"])


_SPLITTERS = ("KFold", "ShuffleSplit", "StratifiedShuffleSplit", "GroupKFold", "TimeSeriesSplit", "LeaveOneOut",
              "RepeatedKFold", "RepeatedStratifiedKFold", "GroupShuffleSplit", "StratifiedGroupKFold")  # fmt: skip


def values() -> Iterator[tuple[str, Any]]:
    """Yields what else stands in the pickles of models: arrays, tables, dates, collections, by name."""
    import collections
    import datetime
    import decimal
    import fractions
    import pathlib
    import uuid

    import pandas as pd
    from scipy import interpolate, sparse, spatial, stats

    yield (
        "plain",
        {"a": [1, 2.5, "x", None, True, b"y", 1 << 70, -3], "b": ({1, 2}, frozenset({3}), 1j, bytearray(b"z"))},
    )
    yield "python", [range(3), slice(1, 2), collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]),
                     collections.Counter("aab"), collections.deque([1, 2], 3), decimal.Decimal("1.5"),
                     fractions.Fraction(1, 3), uuid.UUID(int=5), pathlib.PurePosixPath("a/b"),
                     datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), datetime.date(2026, 1, 1),
                     datetime.timedelta(1), datetime.time(1), Ellipsis, int, float, str, bool, list, dict]  # fmt: skip
    yield "arrays", [np.arange(12).reshape(3, 4), np.asfortranarray(np.ones((3, 4))), np.array(["a", "bc"]),
                     np.array([b"a"]), np.array([1 + 2j]), np.array([True]), np.zeros((0, 3)), np.array(5.0),
                     np.array(["2026-01-01"], "M8[D]"), np.array([1], "m8[s]"), np.float32([1.5]), np.float16([1]),
                     np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")]), np.ma.array([1, 2], mask=[0, 1])]  # fmt: skip
    yield "objects", np.array(["a", None, 3, [1]], dtype=object)
    yield "scalars", [np.float64(1.5), np.int64(3), np.bool_(True), np.str_("x"), np.datetime64("2026-01-01"),
                      np.dtype("f4"), np.float32, np.int64, np.dtype([("a", "i4")]), np.ndarray, np.bytes_(b"x")]  # fmt: skip
    yield "sparse", [getattr(sparse, f"{form}_{what}")(np.eye(4)) for form in ("csr", "csc", "coo", "lil", "dok", "dia", "bsr")
                     for what in ("matrix", "array")]  # fmt: skip
    yield (
        "frame",
        pd.DataFrame(
            {"a": [1, 2], "b": ["x", None], "c": pd.Categorical(["u", "v"]), "d": pd.to_datetime(["2026-01-01", None])}
        ),
    )
    yield "series", [pd.Series([1.0, None], name="s"), pd.Index([1, 2]), pd.MultiIndex.from_tuples([(1, "a"), (2, "b")]),
                     pd.RangeIndex(3), pd.date_range("2026-01-01", periods=3), pd.Series([1, None], dtype="Int64"),
                     pd.Timestamp("2026-01-01", tz="UTC"), pd.Timedelta("1D"), pd.NA, pd.NaT,
                     pd.Series(["a"], dtype="string"), pd.Series([True, None], dtype="boolean"),
                     pd.interval_range(0, 3), pd.period_range("2026-01", periods=2, freq="M"),
                     pd.CategoricalDtype(["a"]), pd.Interval(0, 1), pd.Series([1.5], dtype="Float32"),
                     pd.Index([1.5]), pd.Series(pd.arrays.SparseArray([0, 1]))]  # fmt: skip
    grid = np.linspace(0, 1, 10)
    yield "scipy", [interpolate.CubicSpline(grid, grid**2),
                    interpolate.BSpline(grid, grid, 3), interpolate.PchipInterpolator(grid, grid),
                    stats.norm(0, 1), stats.gaussian_kde(grid), spatial.KDTree(np.eye(3)), spatial.cKDTree(np.eye(3))]  # fmt: skip
