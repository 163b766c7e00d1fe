"""What is particular to single frameworks: their classes, their options, and what their loaders are kept from."""

from __future__ import annotations

import io
import json
import pickle
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import joblib
import numpy as np
import pytest
from frameworks_samples import ANSWERS, INPUTS, WORDS, a_pipeline, of_onnx, of_torch, package, predicted
from sklearn.preprocessing import FunctionTransformer

from mlreg import adapters, objects
from mlreg.errors import MissingError, NotAllowedError, UsageError

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras on torch
GROUPS = np.repeat(np.arange(56), 10)


def saved(name, model, place):
    """Returns what the adapter `name` writes of `model`: bytes, by the path that they have in a version."""
    files = {}
    for path in adapters.load("frameworks", name).save(model, place, "model"):
        inside = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
        files |= {str(file.relative_to(place)): file.read_bytes() for file in inside}
    return files


def load(files, framework=None, **options):
    """Returns the object in `files`, bytes by path."""
    streams = {path: io.BytesIO(data) for path, data in files.items()}
    return objects.load(streams, framework=framework, pins=(), **options)


def again(name, model, place, **options):
    return load(saved(name, model, place), **options)


THREE = np.arange(len(ANSWERS)) % 3
LETTERS = np.array(["a", "b", "c"])[THREE]
QUIET = {
    "xgboost": {"n_estimators": 3},
    "lightgbm": {"n_estimators": 3, "verbose": -1},
    "catboost": {"iterations": 3, "verbose": 0, "allow_writing_files": False},
}


@pytest.mark.parametrize(
    ("name", "kind", "answers", "more"),
    [
        ("xgboost", "XGBClassifier", THREE, {}),
        ("xgboost", "XGBRegressor", INPUTS[:, 3], {}),
        ("xgboost", "XGBRanker", ANSWERS[:560], {"qid": GROUPS}),
        ("lightgbm", "LGBMClassifier", LETTERS, {}),
        ("lightgbm", "LGBMClassifier", ANSWERS == 1, {}),
        ("lightgbm", "LGBMClassifier", THREE * 10, {}),
        ("lightgbm", "LGBMRegressor", INPUTS[:, 3], {}),
        ("lightgbm", "LGBMRanker", ANSWERS[:560], {"group": [10] * 56}),
        ("catboost", "CatBoostClassifier", THREE * 10, {}),
        ("catboost", "CatBoostRegressor", INPUTS[:, 3], {}),
        ("catboost", "CatBoostRanker", ANSWERS[:560], {"group_id": GROUPS}),
        ("catboost", "CatBoost", INPUTS[:, 3], {}),
    ],
)
def test_trees_come_back_in_their_class_and_predict_the_same(name, kind, answers, more, tmp_path):
    quiet = [QUIET[name]] if kind == "CatBoost" else []
    model = getattr(package(name), kind)(*quiet, **({} if quiet else QUIET[name]))
    model.fit(INPUTS[: len(answers)], answers, **more)
    back = again(name, model, tmp_path)
    assert type(back) is type(model)
    assert np.array_equal(predicted(back), predicted(model))
    if hasattr(model, "classes_"):
        assert np.array_equal(np.asarray(back.classes_), np.asarray(model.classes_))


def test_a_booster_without_an_estimator_comes_back_as_one(tmp_path):
    xgboost, lightgbm = package("xgboost"), package("lightgbm")
    names = [f"feature {number}" for number in range(30)]
    table = xgboost.DMatrix(INPUTS, ANSWERS, feature_names=names)
    one = xgboost.train({"objective": "binary:logistic"}, table, 3)
    two = lightgbm.train({"verbose": -1}, lightgbm.Dataset(INPUTS, ANSWERS, feature_name=names), 3)
    xgb, lgb = again("xgboost", one, tmp_path), again("lightgbm", two, tmp_path)
    assert (type(xgb).__name__, type(lgb).__name__) == ("Booster", "Booster")
    assert np.array_equal(xgb.predict(table), one.predict(table))
    assert np.array_equal(lgb.predict(INPUTS), two.predict(INPUTS))
    known = {name: adapters.load("frameworks", name) for name in ("xgboost", "lightgbm")}
    assert known["xgboost"].feature_names(xgb) == names
    assert known["lightgbm"].feature_names(lgb) == [name.replace(" ", "_") for name in names]


def lightgbm_text():
    """Returns a text of LightGBM with splits by number and by category."""
    lightgbm = package("lightgbm")
    chance = np.random.default_rng(0)
    inputs = chance.normal(size=(300, 3))
    inputs[:, 2] = chance.integers(0, 40, 300)
    table = lightgbm.Dataset(inputs, inputs[:, 2] % 7 + inputs[:, 0], categorical_feature=[2])
    return (
        lightgbm.train({"verbose": -1, "min_data_per_group": 5, "cat_smooth": 0}, table, 3).model_to_string().encode()
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb"tree_sizes=\d", b"tree_sizes=9"),
        (rb"tree_sizes=", b"tree_sizes=-"),
        (rb"Tree=1\n", b"Tree=2\n"),
        (rb"num_leaves=\d+", b"num_leaves=0 "),
        (rb"left_child=\d", b"left_child=0"),
        (rb"left_child=\S+", b"left_child=99"),
        (rb"split_feature=\d", b"split_feature=7"),
        (rb"threshold=\S", b"threshold=c"),
        (rb"num_cat=[1-9]\d*", b"num_cat=0"),
        (rb"cat_boundaries=0", b"cat_boundaries=1"),
        (rb"num_class=1", b"num_class=0"),
        (rb"max_feature_idx=2", b"max_feature_idx=9"),
        (rb"num_tree_per_iteration=1", b"num_tree_per_iteration=2"),
        (rb"shrinkage=", b"shrinkbge="),
        (rb"end of trees(?s:.*)", b""),
        (rb"end of parameters(?s:.*)", b""),
    ],
)
def test_a_text_of_lightgbm_that_lies_is_refused_before_lightgbm_dies_of_it(old, new):
    text = lightgbm_text()
    load({"model.txt": text})
    lying, count = re.subn(old, new, text, count=1)
    assert count == 1
    with pytest.raises(UsageError, match=r"^model\.txt cannot be loaded as a LightGBM model: ValueError: "):
        load({"model.txt": lying})


def test_texts_of_lightgbm_with_a_few_bytes_changed_end_no_process():
    package("lightgbm")
    code = (
        f"import random, sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_frameworks_own import UsageError, lightgbm_text, load\n"
        "chance, text, read = random.Random(3), lightgbm_text(), 0\n"
        "for _ in range(300):\n"
        "    changed = bytearray(text[: chance.choice([chance.randrange(60, len(text)), None])])\n"
        "    for _ in range(chance.randrange(3)):\n"
        "        changed[chance.randrange(min(len(changed), 3000))] = chance.choice(b'0123456789- .x')\n"
        "    try:\n"
        "        load({'model.txt': bytes(changed)}, framework='lightgbm').predict([[0.5, 1, 2]])\n"
        "        read += 1\n"
        "    except UsageError:\n"
        "        pass\n"
        "print(read)"
    )
    done = python(code)
    assert done.returncode == 0, done.stderr[-500:]
    assert 10 < int(done.stdout.splitlines()[-1]) < 290


@pytest.mark.parametrize(
    ("name", "kind"), [("xgboost", "XGBClassifier"), ("lightgbm", "LGBMClassifier"), ("catboost", "CatBoostClassifier")]
)
class TestTrees:
    def test_say_how_many_features_they_take_and_names_only_where_they_had_some(self, name, kind):
        adapter, made = adapters.load("frameworks", name), getattr(package(name), kind)
        model = made(**QUIET[name])
        assert adapter.feature_count(model) is None
        model.fit(INPUTS, ANSWERS)
        assert adapter.feature_count(model) == 30
        assert adapter.feature_names(model) is None

    def test_that_were_not_trained_are_refused(self, name, kind, tmp_path):
        with pytest.raises(UsageError, match=f"^the {kind} cannot be saved: "):
            saved(name, getattr(package(name), kind)(), tmp_path)

    def test_of_a_class_of_the_users_own_are_kept_with_the_class(self, name, kind):
        own = type("Own", (getattr(package(name), kind),), {"__module__": "my_models"})()
        assert not adapters.load("frameworks", name).detects(own)


class TestSkops:
    def test_is_asked_for_by_name(self, registry, tmp_path):
        package("skops.io")
        model = a_pipeline()
        assert registry.register("x", model, framework="skops").notes == []
        record = registry.info("x@1.0.0").record
        assert [entry.path for entry in record.files] == ["model.skops"]
        path = registry.checkout("x@1.0.0", directory=tmp_path / "out").path / "model.skops"
        assert np.array_equal(predicted(load({"model.skops": path.read_bytes()})), predicted(model))

    def test_makes_no_class_that_is_not_trusted(self, tmp_path):
        package("skops.io")
        files = saved("skops", FunctionTransformer(doubled), tmp_path)
        with pytest.raises(NotAllowedError, match=r"model\.skops makes objects of classes that are not trusted") as no:
            load(files)
        (needed,) = no.value.facts["globals"]
        assert no.value.hint.endswith(f"`mlreg trust add NAME@VERSION --global {needed}`")
        assert load(files, trusted=[needed]).func is doubled

    def test_of_one_object_is_the_same_bytes_in_every_process(self):
        package("skops.io")
        code = (
            "import hashlib, pathlib, tempfile; from sklearn.ensemble import RandomForestClassifier as Forest;"
            "from sklearn.datasets import load_wine; from mlreg.adapters.frameworks import skops;"
            "place = pathlib.Path(tempfile.mkdtemp());"
            "model = Forest(3, random_state=0).fit(*load_wine(return_X_y=True));"
            "print(hashlib.sha256(skops.save(model, place, 'm')[0].read_bytes()).hexdigest())"
        )
        digests = {python(code).stdout for _ in range(2)}
        assert len(digests) == 1
        assert len(digests.pop()) == 65


def doubled(numbers):
    """A function of the user's own."""
    return numbers * 2


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=100)


class TestTorch:
    @pytest.fixture
    def torch(self):
        return package("torch")

    @pytest.fixture
    def net(self, torch, monkeypatch):
        """A module of a class of the user's own, which lies in this module."""

        def init(self):
            torch.nn.Module.__init__(self)
            self.layer = torch.nn.Linear(3, 2)

        kind = type("Net", (torch.nn.Module,), {"__init__": init, "__module__": __name__})
        monkeypatch.setattr(sys.modules[__name__], "Net", kind, raising=False)
        return kind()

    def test_gives_tensors_of_every_kind_back_bit_for_bit(self, torch, tmp_path):
        kinds = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 float8_e4m3fn"
        state = {kind: torch.arange(6).to(getattr(torch, kind)).reshape(2, 3) for kind in kinds.split()}
        state |= {"none": torch.empty(0, 4), "one": torch.tensor(1.5), "turned": torch.arange(6.0).reshape(2, 3).T}
        back = again("torch", state, tmp_path)
        assert back.keys() == state.keys()
        for name, tensor in state.items():
            assert (back[name].dtype, back[name].shape) == (tensor.dtype, tensor.shape)
            same = [one.contiguous().reshape(-1).view(torch.uint8) for one in (back[name], tensor)]
            assert torch.equal(*same), name

    def test_writes_what_the_safetensors_package_reads_and_reads_what_it_writes(self, torch, tmp_path):
        safetensors = package("safetensors.torch")
        state = {"b": torch.arange(3).to(torch.bfloat16), "a": torch.ones(2, 2)}
        theirs = safetensors.load(saved("torch", state, tmp_path)["model.safetensors"])
        assert all(torch.equal(theirs[name], state[name]) for name in state)
        ours = load({"x.safetensors": safetensors.save(state, {"format": "pt"})})
        assert all(torch.equal(ours[name], state[name]) for name in state)

    def test_asks_for_the_module_whose_parameters_it_has(self, net, tmp_path):
        files = saved("torch", net, tmp_path)
        with pytest.raises(UsageError, match=r"^model\.safetensors has the parameters of a \S+\.Net, and") as no:
            load(files)
        assert no.value.stable_code == "needs-object"
        assert load(files, into={}).keys() == {"layer.weight", "layer.bias"}

    def test_makes_the_module_where_its_class_is_trusted(self, torch, net, tmp_path):
        back = again("torch", net, tmp_path, trusted=[f"{__name__}.Net"])
        assert torch.equal(back.layer.weight, net.layer.weight)

    def test_says_where_parameters_do_not_fit(self, torch, tmp_path):
        with pytest.raises(UsageError, match=r"cannot be loaded as the parameters of a Linear: RuntimeError: Error"):
            again("torch", of_torch(), tmp_path, into=torch.nn.Linear(2, 2))

    def test_keeps_a_checkpoint_of_more_than_tensors_too(self, torch, tmp_path):
        net = of_torch()
        optimizer = torch.optim.Adam(net.parameters())
        checkpoint = {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "loss": [0.5]}
        files = saved("torch", checkpoint, tmp_path)
        assert list(files) == ["model.pt"]
        back = load(files)
        assert (back["epoch"], back["loss"], back["optimizer"]["param_groups"][0]["lr"]) == (3, [0.5], 0.001)
        assert torch.equal(back["model"]["0.weight"], net.state_dict()["0.weight"])

    def test_refuses_to_save_a_checkpoint_that_it_would_not_load(self, torch, tmp_path):
        with pytest.raises(NotAllowedError, match=rf"{__name__}\.Own"):
            saved("torch", {"weights": torch.ones(1), "settings": Own()}, tmp_path)

    def test_loads_a_whole_module_of_its_own_layers_and_others_by_trust(self, torch, net):
        layers = of_torch()
        assert torch.equal(load(whole(torch, layers))[0].weight, layers[0].weight)
        with pytest.raises(NotAllowedError, match=rf"not trusted: {__name__}\.Net$") as no:
            load(whole(torch, net))
        assert no.value.facts["globals"] == [f"{__name__}.Net"]
        assert torch.equal(load(whole(torch, net), trusted=[f"{__name__}.Net"]).layer.bias, net.layer.bias)

    def test_runs_nothing_of_a_file(self, torch, tmp_path):
        with pytest.raises((NotAllowedError, UsageError)):
            load(whole(torch, Touch(tmp_path / "ran")))
        with pytest.raises((NotAllowedError, UsageError)):
            load(whole(torch, Touch(tmp_path / "ran")), trusted=["os.mkdir"])
        assert not (tmp_path / "ran").exists()

    def test_refuses_the_files_of_before_1_6(self, torch):
        stream = io.BytesIO()
        torch.save({"a": torch.ones(1)}, stream, _use_new_zipfile_serialization=False)
        with pytest.raises(UsageError, match=r"is a PyTorch file of before 1\.6, which mlreg does not load"):
            load({"old.pt": stream.getvalue()}, framework="joblib")

    def test_takes_a_device(self, torch, tmp_path):
        state = {"a": torch.ones(2)}
        assert again("torch", state, tmp_path, device="cpu")["a"].device.type == "cpu"
        assert again("torch", state, tmp_path, device="meta")["a"].device.type == "meta"
        for device in ("abacus", "cuda:99"):
            with pytest.raises(UsageError, match=f"^PyTorch has no device '{device}' here$"):
                again("torch", state, tmp_path, device=device)

    def test_that_is_too_old_to_be_safe_loads_no_checkpoint(self, torch, tmp_path, monkeypatch):
        files = saved("torch", {"a": torch.ones(1), "epoch": 1}, tmp_path)
        monkeypatch.setattr(adapters.load("frameworks", "torch").torch, "__version__", "2.9.1+cpu")
        with pytest.raises(MissingError, match=r"^torch 2\.9\.1\+cpu can be made to run code") as no:
            load(files)
        assert no.value.hint == "install a newer one with `pip install 'torch>=2.10'`"


def whole(torch, module):
    stream = io.BytesIO()
    torch.save(module, stream)
    return {"model.pt": stream.getvalue()}


class Own:
    """A class of the user's own."""


class Touch:
    """What an attacker would register: unpickling it makes a directory."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return __import__("os").mkdir, (str(self.path),)


def safetensors_file(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def a_tensor(begin, end, shape=None, dtype="F32", **more):
    return {
        "dtype": dtype,
        "shape": [(end - begin) // 4] if shape is None else shape,
        "data_offsets": [begin, end],
        **more,
    }


class TestSafetensors:
    def test_gives_arrays_of_every_kind_back(self, tmp_path):
        kinds = "bool u1 i1 u2 i2 f2 u4 i4 f4 u8 i8 f8 c8 >f8"
        arrays = {kind: np.arange(6).astype(kind).reshape(2, 3) for kind in kinds.split()}
        arrays |= {"none": np.empty((0, 2)), "one": np.array(7.0), "turned": np.arange(6.0).reshape(2, 3).T}
        back = again("safetensors", arrays, tmp_path)
        assert back.keys() == arrays.keys()
        assert all(np.array_equal(back[name], arrays[name]) for name in arrays)
        assert all(back[name].shape == arrays[name].shape for name in arrays)
        back["one"] += 1

    def test_is_what_the_package_of_that_name_reads_and_writes(self, tmp_path):
        theirs = package("safetensors.numpy")
        arrays = {"b": np.arange(3, dtype=np.float16), "a": np.ones((2, 2))}
        read = theirs.load(saved("safetensors", arrays, tmp_path)["model.safetensors"])
        written = load({"x": theirs.save(arrays, {"told": "a"})})
        assert all(np.array_equal(one[name], arrays[name]) for one in (read, written) for name in arrays)

    @pytest.mark.parametrize(
        "model", [{}, {"a": 1}, {1: np.ones(1)}, {"a": np.ones(1), "b": [1]}, {"a": np.array("x")}]
    )
    def test_is_for_names_and_numbers_alone(self, model):
        assert not adapters.load("frameworks", "safetensors").detects(model)

    @pytest.mark.parametrize(
        "file",
        [
            safetensors_file({"a": a_tensor(0, 8)}, b"1234"),
            safetensors_file({"a": a_tensor(0, 4)}, b"12345678"),
            safetensors_file({"a": a_tensor(4, 8)}, b"12345678"),
            safetensors_file({"a": a_tensor(0, 8), "b": a_tensor(4, 8)}, b"12345678"),
            safetensors_file({"a": a_tensor(0, 4), "b": a_tensor(0, 4)}, b"1234"),
            safetensors_file({"a": a_tensor(0, 4, [2])}, b"1234"),
            safetensors_file({"a": a_tensor(0, 4, [-1])}, b"1234"),
            safetensors_file({"a": a_tensor(0, 4, [True])}, b"1234"),
            safetensors_file({"a": a_tensor(0, 4, [1.0])}, b"1234"),
            safetensors_file({"a": a_tensor(0, 4, dtype="O")}, b"1234"),
            safetensors_file({"a": a_tensor(0, 4, dtype=["F32"])}, b"1234"),
            safetensors_file({"a": a_tensor(0, 4, more=1)}, b"1234"),
            safetensors_file({"a": a_tensor(0, 2**70, [2**68])}, b"1234"),
            safetensors_file({"a": 5}),
            safetensors_file({"__metadata__": {"a": 1}}),
            safetensors_file({"__metadata__": []}),
            safetensors_file(b'{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{}}'),
            safetensors_file(b"{" + b'"a":{' * 100_000 + b"}"),
            safetensors_file(b"{'a'}"),
        ],
    )
    @pytest.mark.parametrize("framework", ["safetensors", "torch"])
    def test_that_lies_about_itself_is_refused(self, file, framework):
        package(framework) if framework == "torch" else None
        with pytest.raises(UsageError, match=r"^x cannot be loaded as a safetensors file: "):
            load({"x": file}, framework=framework)

    def test_costs_memory_once(self, tmp_path):
        code = (
            "import numpy as np, pathlib, tempfile; from mlreg.adapters.frameworks import safetensors\n"
            "def most_mb():\n"
            "    lines = open('/proc/self/status').read().splitlines()\n"
            "    return next(int(line.split()[1]) >> 10 for line in lines if line.startswith('VmHWM'))\n"
            "place = pathlib.Path(tempfile.mkdtemp()); model = {'a': np.zeros(100 << 20, dtype=np.uint8)}\n"
            "(path,) = safetensors.save(model, place, 'm'); before = most_mb()\n"
            "with path.open('rb') as file: back = safetensors.load({'m': file})\n"
            "assert back['a'].nbytes == 100 << 20; path.unlink(); print(most_mb() - before)"
        )
        done = python(code)
        assert int(done.stdout) < 130, done.stderr


class TestKeras:
    @pytest.fixture
    def keras(self):
        return package("keras")

    def test_takes_its_bytes_from_the_stream_and_leaves_nothing_behind(self, keras, tmp_path, monkeypatch):
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", None)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        (tmp_path / "saved").mkdir()
        assert again("keras", model, tmp_path / "saved").input_shape == (None, 3)
        assert [path.name for path in tmp_path.iterdir()] == ["saved"]

    def test_makes_no_lambda(self, keras, tmp_path):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda numbers: numbers * 2)])
        with pytest.raises(UsageError, match=r"^model\.keras cannot be loaded as a Keras model: .*(?i:lambda)"):
            again("keras", model, tmp_path)

    def test_makes_no_class_that_was_not_registered_with_it(self, keras, tmp_path):
        own = type("Own", (keras.layers.Layer,), {"__module__": "my_layers", "call": lambda self, numbers: numbers})
        model = keras.Sequential([keras.Input((3,)), own()])
        with pytest.raises(UsageError, match=r"^model\.keras cannot be loaded as a Keras model: "):
            again("keras", model, tmp_path)

    def test_says_how_many_columns_it_takes(self, keras):
        adapter = adapters.load("frameworks", "keras")
        table = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        picture = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
        assert (adapter.feature_count(table), adapter.feature_count(picture)) == (3, None)


class TestOnnx:
    def test_loads_numbers_that_lie_beside_the_graph(self, tmp_path):
        onnx = package("onnx")
        model = of_onnx()
        wishes = {"save_as_external_data": True, "location": "weights.bin", "size_threshold": 0}
        onnx.save_model(of_onnx(), tmp_path / "m.onnx", **wishes)
        files = {name: (tmp_path / name).read_bytes() for name in ("m.onnx", "weights.bin")}
        assert np.array_equal(predicted(load(files)), predicted(model))
        with pytest.raises(UsageError, match="the numbers of the ModelProto lie in other files"):
            saved("onnx", onnx.load(tmp_path / "m.onnx", load_external_data=False), tmp_path)

    def test_says_how_many_features_it_takes(self):
        adapter = adapters.load("frameworks", "onnx")
        assert (adapter.feature_count(of_onnx()), adapter.feature_names(of_onnx())) == (30, None)

    def test_says_which_device_it_has_not(self, tmp_path):
        with pytest.raises(UsageError, match=r"^ONNX Runtime has no device 'abacus' here$"):
            again("onnx", of_onnx(), tmp_path, device="abacus:1")


class TestTransformers:
    @pytest.fixture
    def transformers(self):
        package("torch")
        return package("transformers")

    @pytest.fixture
    def model(self, transformers):
        sizes = {"vocab_size": 8, "hidden_size": 16, "intermediate_size": 16, "max_position_embeddings": 40}
        return transformers.BertModel(transformers.BertConfig(num_hidden_layers=1, num_attention_heads=2, **sizes))

    @pytest.fixture
    def tokenizer(self, transformers, tmp_path):
        (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nhello\n")
        return transformers.BertTokenizerFast(str(tmp_path / "vocab.txt"))

    def test_gives_the_tokenizer_back_where_it_is_registered_as_a_companion(self, registry, model, tokenizer, tmp_path):
        registry.register("bert", model, companions={"tokenizer": tokenizer})
        record = registry.info("bert@1.0.0").record
        assert {entry.role for entry in record.files} == {"model", "tokenizer"}
        path = registry.checkout("bert@1.0.0", directory=tmp_path / "out").path
        words = {entry.path: (path / entry.path).read_bytes() for entry in record.files if entry.role == "tokenizer"}
        assert load(words)("hello a")["input_ids"] == tokenizer("hello a")["input_ids"]

    def test_gives_both_where_both_are_in_one_directory(self, model, tokenizer, tmp_path):
        files = saved("transformers", model, tmp_path) | saved("transformers", tokenizer, tmp_path)
        both = load(files)
        assert type(both.model) is type(model)
        assert both.tokenizer("hello")["input_ids"] == tokenizer("hello")["input_ids"]

    def test_loads_numbers_of_safetensors_alone(self, model, tmp_path):
        files = saved("transformers", model, tmp_path)
        del files["model/model.safetensors"]
        files["model/pytorch_model.bin"] = pickle.dumps(Touch(tmp_path / "ran"))
        with pytest.raises(UsageError, match=r"^model cannot be loaded as a directory of Transformers: "):
            load(files)
        assert not (tmp_path / "ran").exists()

    def test_runs_no_code_of_the_directory(self, model, tmp_path):
        files = saved("transformers", model, tmp_path)
        config = json.loads(files["model/config.json"]) | {"architectures": ["Own"]}
        config["auto_map"] = {"AutoModel": "own.Own", "AutoModelForSequenceClassification": "own.Own"}
        files["model/config.json"] = json.dumps(config).encode()
        files["model/own.py"] = f"import os; os.mkdir({str(tmp_path / 'ran')!r})".encode()
        with pytest.raises(UsageError, match="'Own' is no model of transformers"):
            load(files)
        assert not (tmp_path / "ran").exists()

    def test_says_nothing_on_the_terminal(self, model, tmp_path, capfd):
        again("transformers", model, tmp_path)
        assert capfd.readouterr() == ("", "")


class TestAPackageThatIsNotInstalled:
    @pytest.mark.parametrize(
        ("file", "module", "extra"),
        [
            (b"CBM1\0", "catboost", "catboost"),
            (b"tree\nversion=v4\n", "lightgbm", "lightgbm"),
            (b'{"learner":{"', "xgboost", "xgboost"),
            (b"\x08\x0a\x3a\x02ab\x42\x02ab", "onnxruntime", "onnx"),
            (b'\x20\0\0\0\0\0\0\0{"__metadata__":{"format":"pt"}}', "torch", "torch"),
        ],
    )
    def test_is_named_with_the_extra_that_brings_it(self, file, module, extra, monkeypatch):
        monkeypatch.setitem(sys.modules, module, None)
        for name in [name for name in sys.modules if name.startswith(f"{module}.")]:
            monkeypatch.delitem(sys.modules, name)
        fresh(monkeypatch, extra)
        with pytest.raises(MissingError, match=f"needs the module '{module}', which is not there") as no:
            load({"model.bin": file})
        assert (no.value.exit_code, no.value.hint) == (9, f"install it with `pip install 'mlreg[{extra}]'`")

    def test_is_pinned_as_an_index_has_it(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "torch", None)
        fresh(monkeypatch, "torch")
        files = {"x": io.BytesIO(b'\x20\0\0\0\0\0\0\0{"__metadata__":{"format":"pt"}}')}
        with pytest.raises(MissingError) as no:
            objects.load(files, framework="torch", pins=["numpy==2.4.6", "torch==2.13.0+cpu"])
        assert no.value.hint == "install it with `pip install 'torch==2.13.0'`"


def fresh(monkeypatch, name):
    """Lets the adapter `name` be imported anew: what it has imported once it keeps."""
    monkeypatch.delitem(sys.modules, f"mlreg.adapters.frameworks.{name}", raising=False)


def test_the_name_that_is_stated_chooses_among_those_that_can_save_the_model(registry):
    xgboost = package("xgboost")
    model = xgboost.XGBClassifier(n_estimators=2).fit(INPUTS, ANSWERS)
    for number, (stated, path) in enumerate([(None, "model.ubj"), ("joblib", "model.joblib")]):
        registry.register("x", model, framework=stated, version=f"{number + 1}.0.0")
        assert [entry.path for entry in registry.info(f"x@{number + 1}.0.0").record.files] == [path]


def test_words_are_classes_too(tmp_path):
    lightgbm = package("lightgbm")
    model = lightgbm.LGBMClassifier(n_estimators=20, verbose=-1).fit(INPUTS, WORDS)
    assert set(again("lightgbm", model, tmp_path).predict(INPUTS)) == {"benign", "malignant"}
    assert joblib.hash(again("lightgbm", model, tmp_path).predict(INPUTS)) == joblib.hash(model.predict(INPUTS))


def test_streams_are_read_from_their_beginning_and_no_path_is(tmp_path):
    files = saved("torch", {"a": package("torch").ones(1)}, tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()
    with ExitStack() as held:
        stream = held.enter_context(io.BytesIO(files["model.safetensors"]))
        stream.seek(5)
        assert float(objects.load({"/nowhere/model": stream}, framework=None, pins=())["a"]) == 1.0
