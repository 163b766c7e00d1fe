"""Models of XGBoost that would end the process are refused before XGBoost reads them; honest ones load as they are."""

from __future__ import annotations

import copy
import copyreg
import io
import json
import pickle
import random
import struct
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
from frameworks_samples import package

from mlreg.adapters.frameworks import _pickled, _xgboost_files, _xgboost_model, xgboost
from mlreg.errors import NotAllowedError, UsageError

CHANCE = np.random.RandomState(0)
ROWS = CHANCE.rand(120, 4)
TWO, THREE, NOISE = (ROWS[:, 0] > 0.5) * 1, np.floor(ROWS[:, 1] * 3).astype(int), CHANCE.rand(120)
PAIRS = np.c_[ROWS[:, 1], -ROWS[:, 0], NOISE]
CLASSES = np.c_[ROWS[:, 0], np.floor(ROWS[:, 1] * 20), ROWS[:, 2:]]
MODEL = ("Model", "learner", "gradient_booster", "model")
SIZES = ("Model", "learner", "learner_model_param")
TREE = (*MODEL, "trees", 1)
FAR = 1 << 30


def estimator(kind: str, labels: Any = TWO, rows: Any = ROWS, **options: Any) -> Any:
    made = getattr(package("xgboost"), kind)(**{"n_estimators": 3, "max_depth": 4, "n_jobs": 1, **options})
    return made.fit(rows, labels).get_booster()


def trained(labels: Any = NOISE, rounds: int = 3, after: Any = None, **options: Any) -> Any:
    xgb = package("xgboost")
    names, types = options.pop("names", None), options.pop("types", None)
    rows = xgb.DMatrix(CLASSES if types else ROWS, labels, feature_names=names, feature_types=types)
    return xgb.train({"nthread": 1, **options}, rows, rounds, xgb_model=after)


def with_settings() -> Any:
    booster = trained(objective="binary:logistic", labels=TWO)
    booster.set_param({"nthread": 2, "objective": "reg:squarederror", "num_parallel_tree": 4})
    booster.set_param({"interaction_constraints": "[[0,1],[2,3]]"})
    booster.set_attr(note="[[[[[[[[", best_iteration="2")
    return booster


def of_tables() -> Any:
    pandas = package("pandas")
    words = pandas.Categorical([("x", "yy", "zé")[place] for place in THREE])
    table = pandas.DataFrame({"a": ROWS[:, 0], "b": words, "c": pandas.Categorical(THREE * 7)})
    return estimator("XGBClassifier", THREE % 2, table, enable_categorical=True, max_cat_to_onehot=1)


HONEST = {
    "a classifier": lambda: estimator("XGBClassifier"),
    "a regressor": lambda: estimator("XGBRegressor", NOISE),
    "three classes": lambda: estimator("XGBClassifier", THREE),
    "a forest": lambda: estimator("XGBRFClassifier", THREE),
    "several targets": lambda: estimator("XGBRegressor", PAIRS),
    "leaves of several targets": lambda: estimator("XGBRegressor", PAIRS, multi_strategy="multi_output_tree"),
    "quantiles": lambda: trained(objective="reg:quantileerror", quantile_alpha=[0.1, 0.5, 0.9]),
    "dart": lambda: estimator("XGBClassifier", THREE, booster="dart", rate_drop=0.5),
    "linear": lambda: estimator("XGBClassifier", THREE, booster="gblinear", max_depth=None),
    "categories": lambda: trained(
        CLASSES[:, 1] * 7 % 5, types=["q", "c", "q", "q"], max_cat_to_onehot=2, tree_method="hist"
    ),
    "one-hot categories": lambda: trained(
        CLASSES[:, 1] * 7 % 5, types=["q", "c", "q", "q"], max_cat_to_onehot=99, tree_method="hist"
    ),
    "columns of tables": of_tables,
    "names": lambda: trained(names=["a", "b", "é", '"d"'], max_depth=2),
    "settings": with_settings,
    "pruned": lambda: trained(
        process_type="update", updater="refresh,prune", gamma=0.3, after=trained(tree_method="exact")
    ),
    "rounds of several trees": lambda: trained(THREE, 6, objective="multi:softprob", num_class=3)[1:5:2],
    "no trees": lambda: trained(rounds=0),
    "one leaf": lambda: trained(np.ones(120)),
    "a ranker": lambda: (
        package("xgboost")
        .XGBRanker(n_estimators=2, lambdarank_unbiased=True, lambdarank_pair_method="topk", n_jobs=1)
        .fit(ROWS, TWO, qid=np.repeat(np.arange(6), 20))
        .get_booster()
    ),
    "stopped early": lambda: (
        package("xgboost")
        .XGBClassifier(n_estimators=20, max_depth=2, early_stopping_rounds=2, n_jobs=1)
        .fit(ROWS, TWO, eval_set=[(ROWS[:60], 1 - TWO[:60])], verbose=False)
        .get_booster()
    ),
}
KEPT: dict[str, Any] = {}


def booster(kind: str) -> Any:
    if kind not in KEPT:
        with warnings.catch_warnings():  # of updaters that are named
            warnings.simplefilter("ignore")
            KEPT[kind] = HONEST[kind]()
    return KEPT[kind]


def state(kind: str) -> Any:
    """Returns all that is pickled of a booster, to be changed."""
    return _xgboost_files.from_ubjson(booster(kind).__getstate__()["handle"])


def ubjson(value: Any) -> bytes:
    """Returns `value` as UBJSON, whether it makes sense or not."""
    if isinstance(value, dict):
        return b"{" + b"".join(text(name) + ubjson(inner) for name, inner in value.items()) + b"}"
    if isinstance(value, np.ndarray):
        mark = {"i1": "i", "u1": "U", "i2": "I", "i4": "l", "i8": "L", "f4": "d", "f8": "D"}[value.dtype.str[1:]]
        return b"[$" + mark.encode() + b"#L" + struct.pack(">q", len(value)) + value.tobytes()
    if isinstance(value, list):
        return b"[#L" + struct.pack(">q", len(value)) + b"".join(map(ubjson, value))
    if isinstance(value, bool | None):
        return {True: b"T", False: b"F", None: b"Z"}[value]
    if isinstance(value, int):
        return b"L" + struct.pack(">q", value)
    return b"d" + struct.pack(">f", value) if isinstance(value, float) else b"S" + text(value)


def text(value: str) -> bytes:
    return b"L" + struct.pack(">q", len(value.encode())) + value.encode()


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        document = document[name]
    return document


def changed(kind: str, path: tuple[Any, ...], value: Any) -> Any:
    """Returns the state of a booster with `value` at `path`; in an array of numbers, the last of the path is one."""
    document = state(kind)
    inner, name = at(document, path[:-1]), path[-1]
    if isinstance(inner, np.ndarray):
        at(document, path[:-2])[path[-2]] = inner = inner.copy()
    inner[name] = value
    return document


def pickled(data: bytes) -> Any:
    """Returns the booster that is pickled with the state `data`."""
    maker, stream = package("xgboost").Booster, io.BytesIO()
    pickler = pickle.Pickler(stream)
    pickler.dispatch_table = {maker: lambda one: (copyreg.__newobj__, (maker,), {"handle": bytearray(data)})}
    pickler.dump(maker())
    return _pickled.load({"model.pkl": stream})


@pytest.mark.parametrize("kind", HONEST)
def test_what_xgboost_has_written_loads_and_predicts_the_same(kind: str) -> None:
    model = booster(kind)
    rows = package("xgboost").DMatrix(ROWS[:, : model.num_features()])
    expected = model.predict(rows, validate_features=False)
    files = [{"model.ubj": bytes(model.save_raw("ubj"))}, {"model.json": bytes(model.save_raw("json"))}]
    loaded = [xgboost.load({name: io.BytesIO(data) for name, data in of.items()}) for of in files]
    for one in (*loaded, pickled(model.__getstate__()["handle"])):
        found = getattr(one, "get_booster", lambda one=one: one)()
        np.testing.assert_array_equal(found.predict(rows, validate_features=False), expected)


HOSTILE = {
    "a child beyond the nodes": ("a regressor", (*TREE, "left_children", 0), FAR),
    "a child before the nodes": ("a regressor", (*TREE, "right_children", 0), -FAR),
    "a node that is its own child": ("a regressor", (*TREE, "left_children", 0), 0),
    "a node of two parents": ("a regressor", (*TREE, "left_children", 0), 2),
    "a node of a foreign parent": ("a regressor", (*TREE, "parents", 1), FAR),
    "a foreign feature": ("a regressor", (*TREE, "split_indices", 0), FAR),
    "fewer features": ("a regressor", (*SIZES, "num_feature"), "1"),
    "more nodes": ("a regressor", (*TREE, "tree_param", "num_nodes"), "2147483647"),
    "fewer thresholds": ("a regressor", (*TREE, "split_conditions"), np.ones(2, ">f4")),
    "fewer weights of nodes": ("a regressor", (*TREE, "base_weights"), np.ones(2, ">f4")),
    "a foreign class": ("three classes", (*MODEL, "tree_info"), [*range(8), FAR]),
    "more classes": ("three classes", (*SIZES, "num_class"), "2147483647"),
    "another objective": (
        "three classes", ("Model", "learner", "objective", "softmax_multiclass_param", "num_class"), "9"
    ),
    "a tree of a foreign number": ("a regressor", (*TREE, "id"), FAR),
    "no parallel trees": ("a regressor", (*MODEL, "gbtree_model_param", "num_parallel_tree"), "0"),
    "rounds beyond the trees": ("a regressor", (*MODEL, "iteration_indptr"), [0, 1, 2, FAR]),
    "base scores of other classes": ("three classes", (*SIZES, "base_score"), "[0.5,0.5]"),
    "leaves of other targets": ("a regressor", (*TREE, "tree_param", "size_leaf_vector"), "1000"),
    "a foreign leaf": ("leaves of several targets", (*TREE, "right_children", -1), FAR),
    "fewer weights of leaves": ("leaves of several targets", (*TREE, "leaf_weights"), np.ones(3, ">f4")),
    "categories beyond": ("categories", (*MODEL, "trees", 0, "categories_sizes", 0), FAR),
    "categories before": ("categories", (*MODEL, "trees", 0, "categories_segments", 0), -FAR),
    "categories of terabytes": ("categories", (*MODEL, "trees", 0, "categories", 0), 2**31 - 1),
    "words beyond": ("columns of tables", (*MODEL, "cats", "enc", 1, "offsets", -1), FAR),
    "words in a foreign order": ("columns of tables", (*MODEL, "cats", "sorted_idx"), np.full(6, FAR, ">i4")),
    "columns of foreign words": ("columns of tables", (*MODEL, "cats", "feature_segments", -1), FAR),
    "fewer weights of dart": ("dart", ("Model", "learner", "gradient_booster", "weight_drop"), [1.0]),
    "fewer weights of features": ("linear", (*MODEL, "weights"), [1.0]),
    "names of other features": ("names", ("Model", "learner", "feature_names"), ["a"]),
    "trained on more trees": (
        "a regressor", ("Config", "learner", "gradient_booster", "gbtree_model_param", "num_trees"), "9"
    ),
    "trained otherwise": ("a regressor", ("Config", "learner", "gradient_booster", "name"), "gblinear"),
    "trained by armies": ("a regressor", ("Config", "learner", "generic_param", "nthread"), "100000"),
    "brackets without an end": ("a regressor", (*SIZES, "base_score"), "[" * 100_000),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_model_that_lies_is_refused_before_xgboost_reads_it(name: str) -> None:
    kind, path, value = HOSTILE[name]
    document = changed(kind, path, value)
    with pytest.raises(NotAllowedError, match="would leave its memory") as caught:
        pickled(ubjson(document))
    assert caught.value.stable_code == "refused"
    if path[0] == "Model":
        model = document["Model"]
        for data in (ubjson(model), json.dumps(model, default=list_of).encode()):
            with pytest.raises(UsageError, match="cannot be loaded as an XGBoost model: ValueError"):
                xgboost.load({"model": io.BytesIO(data)})


def list_of(numbers: Any) -> Any:
    return numbers.tolist()


@pytest.mark.parametrize(
    "data",
    [
        b"CONFIG-offset:" + b"\0" * 99,
        b"binf" + b"\0" * 99,
        b'{"learner":{}}',
        b"{L" + b"\x7f" + b"\xff" * 7 + b"learner",
        b"{" + text("learner") + b"[$d#L\x7f" + b"\xff" * 7,
        b"{" + text("learner") + (b"[#L" + struct.pack(">q", 1)) * 50_000,
        b"{" + text("learner") + b"{" * 50_000,
    ],
)
def test_what_is_no_ubjson_of_xgboost_is_refused(data: bytes) -> None:
    with pytest.raises(NotAllowedError, match="would leave its memory"):
        pickled(data)


def test_a_format_that_xgboost_has_given_up_is_told_how_to_save() -> None:
    with pytest.raises(NotAllowedError, match=r"save_model\('model.ubj'\)"):
        pickled(b"CONFIG-offset:" + b"\0" * 99)


def test_json_is_read_by_xgboost_as_it_was_checked() -> None:
    good = bytes(booster("a regressor").save_raw("json")).decode()
    hidden = good.replace('"tree_info":', r'"tree_info":[0,0,0],"tree_in\u0066o":', 1)
    with pytest.raises(ValueError, match="twice"):
        _xgboost_model.checked(hidden.encode())
    escaped = good.replace('"tree_info":', r'"tree_in\u0066o":', 1)
    assert b"tree_info" in _xgboost_model.checked(escaped.encode())
    for deep in (good.replace('"attributes":{}', '"attributes":' + "[" * depth + "]" * depth) for depth in (30, 10**5)):
        with pytest.raises(ValueError, match="deeper"):
            _xgboost_model.checked(deep.encode())


NUMBERS = (-1, 0, 1, 2, 3, 5, 8, 100, 255, -2, -(2**31), 2**31 - 1, FAR, 1 << 24, -100)
TEXTS = ("0", "-1", "1", "2", "3", "100", "2147483647", "4294967295", "", "[]", "[0.5]", "gbtree", "dart", "update")
USE = """
import pickle, sys
import numpy as np, xgboost as xgb
for number, (data, features) in enumerate(pickle.load(open(sys.argv[1], "rb"))):
    print(number, flush=True)
    rows = np.random.RandomState(0).rand(70, features) * 9
    rows[3] = np.nan
    try:
        model = xgb.Booster()
        model.__setstate__({"handle": bytearray(data)})
        table = xgb.DMatrix(rows)
        model.inplace_predict(rows, validate_features=False)
        model.predict(table, validate_features=False)
        model.predict(table, pred_contribs=True, validate_features=False)
        model.get_dump(with_stats=True)
        model.save_raw("ubj")
    except (xgb.core.XGBoostError, ValueError, TypeError, MemoryError):
        pass
"""


def paths(value: Any, path: tuple[Any, ...] = ()) -> Any:
    inner = value.items() if isinstance(value, dict) else enumerate(value[:9]) if isinstance(value, list) else ()
    yield from [path] if path else []
    for name, one in inner:
        yield from paths(one, (*path, name))


def mutate(document: Any, chance: random.Random) -> None:
    """Changes one number, text, length or kind; places of the same name count as one, so that each gets its share."""
    names: dict[Any, list[Any]] = {}
    for path in paths(document):
        names.setdefault(tuple(name for name in path if isinstance(name, str)), []).append(path)
    path = chance.choice(names[chance.choice(sorted(names))])
    inner, name = at(document, path[:-1]), path[-1]
    value = inner[name]
    if isinstance(value, np.ndarray) and len(value):
        if chance.random() < 0.7:
            value = value.copy()
            value[chance.randrange(len(value))] = np.int64(chance.choice((*NUMBERS, len(value)))).astype(value.dtype)
        else:
            value = chance.choice([value[: chance.randrange(len(value))], np.tile(value, 2), value.tolist()])
    elif isinstance(value, list) and value:
        value = chance.choice([value[1:], [*value, copy.deepcopy(value[0])], [*value[:-1], chance.choice(NUMBERS)]])
    else:
        value = chance.choice(TEXTS if isinstance(value, str) else [*NUMBERS, 0.5, "x", None, {}, [], True])
    inner[name] = value


def assert_nothing_ends_the_process(tmp_path: Any, seeds: range) -> None:
    passed = []
    for seed in seeds:
        chance = random.Random(seed)
        kind = chance.choice(sorted(HONEST))
        document = state(kind)
        mutate(document, chance)
        data = ubjson(document)
        try:
            _xgboost_model.check_pickled(bytearray(data))
        except ValueError:
            continue
        passed.append((data, booster(kind).num_features()))
    assert 0 < len(passed) < len(seeds)
    (tmp_path / "models").write_bytes(pickle.dumps(passed))
    done = subprocess.run([sys.executable, "-c", USE, tmp_path / "models"], capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout.split()[-1:], done.stderr[-500:])


def test_what_passes_after_a_change_never_ends_the_process(tmp_path: Any) -> None:
    assert_nothing_ends_the_process(tmp_path, range(30))


@pytest.mark.long
def test_what_passes_after_many_changes_never_ends_the_process(tmp_path: Any) -> None:
    assert_nothing_ends_the_process(tmp_path, range(1000, 4000))
