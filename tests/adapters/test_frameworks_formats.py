"""What wrote a file is told by its bytes, never by its name or by what somebody claims."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import random
import zipfile
import zlib
from collections import OrderedDict
from contextlib import ExitStack

import joblib
import numpy as np
import pytest
from frameworks_samples import INPUTS, MODELS, a_pipeline, of_skops, package
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier

from mlreg import adapters, objects
from mlreg.adapters.frameworks._foreign import Bytes
from mlreg.domain import formats
from mlreg.errors import UsageError


def found(data):
    return formats.identify(Bytes(io.BytesIO(data)))


def told(data):
    known = found(data)
    return known and (known.format, known.framework)


def written(write):
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue()


def zipped(*names):
    def write(stream):
        with zipfile.ZipFile(stream, "w") as archive:
            for name in names:
                archive.writestr(name, b"x")

    return written(write)


def joblib_bytes(model, **options):
    return written(lambda stream: joblib.dump(model, stream, **options))


class TestPickles:
    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_of_every_protocol_are_known_with_the_framework_of_what_they_hold(self, protocol):
        model = a_pipeline()
        framework = "sklearn" if protocol > 1 else None  # the first global is of copyreg
        assert told(pickle.dumps(model, protocol)) == ("pickle", framework)
        assert told(pickle.dumps({"a": model}, protocol))[0] == "pickle"

    @pytest.mark.parametrize("method", ["zlib", "gzip", "bz2", "lzma", "xz"])
    def test_that_are_compressed_are_known_too(self, method):
        forest = RandomForestClassifier(20).fit(*load_wine(return_X_y=True))
        assert told(joblib_bytes(forest, compress=(method, 3))) == ("compressed", "sklearn")

    def test_of_an_estimator_of_another_library_are_of_that(self):
        xgboost = package("xgboost")
        model = xgboost.XGBClassifier(n_estimators=2).fit(INPUTS[:50], np.arange(50) % 2)
        assert told(joblib_bytes(model)) == ("pickle", "xgboost")

    def test_of_anything_else_are_of_no_framework(self):
        assert told(pickle.dumps([1, 2])) == ("pickle", None)
        assert told(pickle.dumps(OrderedDict(a=1))) == ("pickle", None)


@pytest.mark.parametrize("squeeze", [gzip.compress, bz2.compress, lzma.compress, zlib.compress])
def test_what_is_compressed_and_no_pickle_is_not_a_model(squeeze):
    assert told(squeeze(b"a table of numbers\n" * 100)) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", None),
        (b"weights", None),
        (b"tree of life\nversion=v4\n", None),
        (b'{"learner_name": "x"}', None),
        (b'{"learner":{"attributes":{}', ("xgboost-json", "xgboost")),
        (b"GGUF\3\0\0\0", ("gguf", "gguf")),
        (b"\x1c\0\0\0TFL3", ("tflite", "tensorflow")),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 50, None),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 50 + b"keras_version", ("keras-h5", "keras")),
        (b"\x08\x08" + b"\x12\x02ab", None),
        (b"\x08\x01\x12\x02ab", ("saved-model", "tensorflow")),
        (b"\x08\x0a\x3a\x02ab\x42\x02ab", ("onnx", "onnx")),
        (b"\x08\x0a\x3a\x02ab\x42\x03ab", None),
        (b"\x08\x0a\x3a\x02ab\x42\x02ab\0", None),
        (b"\x02\0\0\0\0\0\0\0{}", ("safetensors", "safetensors")),
        (b"\x03\0\0\0\0\0\0\0{}", None),
        (b"PK\3\4", None),
        (zipped("a/data.pkl", "a/version"), ("torch", "torch")),
        (zipped("a/data.pkl", "a/constants.pkl", "a/code/b.py"), ("torchscript", "torch")),
        (zipped("a/archive_format", "a/models/model.json"), ("torch-export", "torch")),
        (zipped("metadata.json", "config.json", "model.weights.h5"), ("keras", "keras")),
        (zipped("1.npy", "schema.json"), ("skops", "sklearn")),
        (zipped("a.npy", "b.npy"), ("npz", None)),
        (zipped("word/document.xml"), None),
    ],
)
def test_bytes_are_what_they_begin_with_and_hold(data, expected):
    assert told(data) == expected


def test_a_zip_of_more_than_its_directory_can_count_is_read_as_zip64(monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    data = zipped("archive/data.pkl", "archive/version", "archive/data/0")
    assert b"PK\6\6" in data
    assert told(data) == ("torch", "torch")


def test_a_file_that_torch_wrote_is_known_in_every_form(tmp_path):
    torch = package("torch")
    net = torch.nn.Linear(2, 1)
    assert told(written(lambda file: torch.save(net, file))) == ("torch", "torch")
    old = written(lambda file: torch.save(net.state_dict(), file, _use_new_zipfile_serialization=False))
    assert told(old) == ("torch-legacy", "torch")


def test_mutilated_files_are_never_more_than_not_recognised(tmp_path):
    chance = random.Random(7)
    whole = [joblib_bytes(a_pipeline(), compress=3), zipped("a/data.pkl", "a/version"), b"\x08\x0a\x3a\x02ab\x42\x02ab"]
    for data in whole * 200:
        broken = bytearray(data)
        for _ in range(chance.randrange(1, 5)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        found(bytes(broken[: chance.randrange(len(broken) + 1)]))


def test_numbers_that_lie_about_sizes_cost_nothing():
    bomb = zipped("a/data.pkl")
    end = bomb.rindex(b"PK\5\6")
    lying = bomb[: end + 12] + b"\xff\xff\xff\x7f" * 2 + bomb[end + 20 :]
    assert told(lying) is None
    assert told(b"\x08\x01\x3a" + b"\xff" * 9 + b"\x01") is None
    assert told(b"\xff\xff\xff\xff\xff\xff\xff\x7f{}") is None


class TestADirectory:
    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            ({"config.json": b'{"model_type": "bert"}', "model.safetensors": b"\2\0\0\0\0\0\0\0{}"}, "transformers"),
            ({"tokenizer_config.json": b'{"tokenizer_class": "T"}', "tokenizer.json": b"{}"}, "transformers"),
            ({"config.json": b'{"threshold": 1}', "model.safetensors": b"\2\0\0\0\0\0\0\0{}"}, "safetensors"),
            ({"config.json": b'{"model_type": "bert"}'}, None),
            ({"a/saved_model.pb": b"\x08\x01\x12\x02ab", "a/variables/variables.index": b""}, "saved-model"),
            ({"README.md": b"how", "model.pkl": b"\x80\4N."}, "pickle"),
            ({"a.pkl": b"\x80\4N.", "b.pkl": b"\x80\5N."}, "pickle"),
            ({"a.pkl": b"\x80\4N.", "b.gguf": b"GGUF"}, None),
            ({}, None),
        ],
    )
    def test_is_what_its_marks_or_all_its_files_say(self, files, expected):
        known = formats.recognise({path: Bytes(io.BytesIO(data)) for path, data in files.items()})
        assert (known and known.format) == expected


class TestAtRegistration:
    def test_the_framework_is_filled_in_with_what_it_needs(self, registry, tmp_path):
        joblib.dump(a_pipeline(), tmp_path / "model.bin")
        assert registry.register("x", tmp_path / "model.bin").notes == []
        record = registry.info("x@1.0.0").record
        assert record.framework == "sklearn"
        assert "scikit-learn" in str(record.captured["environment"]["packages"])

    def test_a_file_of_skops_needs_skops_beside_what_its_model_is_of(self, registry, tmp_path):
        (path,) = adapters.load("frameworks", "skops").save(of_skops(), tmp_path, "model")
        registry.register("x", path)
        record = registry.info("x@1.0.0").record
        pins = record.captured["environment"]["packages"]
        assert record.framework == "sklearn"
        assert {pin.partition("==")[0] for pin in pins} >= {"skops", "scikit-learn"}

    def test_of_a_pickle_that_contradicts_a_claim_it_is_said_what_is_in_it(self, registry, tmp_path):
        joblib.dump(a_pipeline(), tmp_path / "model.bin")
        answer = registry.register("x", tmp_path / "model.bin", framework="torch")
        assert answer.notes == ["the framework is stated as torch, but 'model.bin' is a pickle of sklearn"]

    @pytest.mark.parametrize("claim", ["torch", "PyTorch==2.1", "fortran"])
    def test_a_claim_that_the_bytes_contradict_is_warned_about(self, registry, tmp_path, claim):
        (tmp_path / "model.pt").write_bytes(b"CBM1\0")
        answer = registry.register("x", tmp_path / "model.pt", framework=claim)
        assert answer.notes == [f"the framework is stated as {claim}, but 'model.pt' is a CatBoost model"]
        assert registry.info("x@1.0.0").record.framework == claim

    @pytest.mark.parametrize(
        ("data", "claim"),
        [
            (joblib_bytes(a_pipeline()), "scikit-learn==1.5"),
            (joblib_bytes(a_pipeline()), "joblib"),
            (joblib_bytes([b"xgboost.sklearn"]), "xgboost"),
            (b"\2\0\0\0\0\0\0\0{}", "pytorch"),
            (b"weights", "fortran"),
        ],
    )
    def test_a_claim_that_may_be_true_is_not(self, registry, tmp_path, data, claim):
        (tmp_path / "model.bin").write_bytes(data)
        assert registry.register("x", tmp_path / "model.bin", framework=claim).notes == []

    def test_companions_do_not_tell_what_the_model_is(self, registry, tmp_path):
        joblib.dump(a_pipeline(), tmp_path / "scaler.joblib")
        (tmp_path / "model.bin").write_bytes(b"weights")
        registry.register("x", tmp_path / "model.bin", companions={"scaler": tmp_path / "scaler.joblib"})
        assert registry.info("x@1.0.0").record.framework is None

    def test_a_directory_of_more_files_than_may_be_open_is_looked_through(self, registry, tmp_path):
        for number in range(1500):
            (tmp_path / f"{number}.txt").write_text(str(number))
        (tmp_path / "model.bin").write_bytes(b"CBM1\0")
        registry.register("x", tmp_path)
        assert registry.info("x@1.0.0").record.framework == "catboost"


class TestLoading:
    def test_goes_by_the_bytes_and_not_by_the_claim(self, tmp_path):
        back = objects.load({"model.pt": io.BytesIO(joblib_bytes([1, 2]))}, framework="torch", pins=())
        assert back == [1, 2]

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            (zipped("a/data.pkl", "a/constants.pkl"), "a TorchScript program"),
            (b"\x89HDF\r\n\x1a\nkeras_version", "a Keras model in HDF5"),
            (b"GGUF\3\0\0\0", "a GGUF model"),
            (zipped("a.npy"), "an archive of NumPy arrays"),
        ],
    )
    @pytest.mark.parametrize("claim", [None, "joblib", "torch"])
    def test_what_no_adapter_loads_safely_is_refused_by_its_name(self, data, says, claim):
        with pytest.raises(UsageError, match=f"^model.bin is {says}, which mlreg does not load$") as refusal:
            objects.load({"model.bin": io.BytesIO(data)}, framework=claim, pins=())
        assert "`checkout`" in refusal.value.hint

    @pytest.mark.parametrize("option", [{"device": "cuda"}, {"into": {}}])
    def test_an_option_that_the_framework_has_not_is_refused(self, option):
        files = {"model.joblib": io.BytesIO(joblib_bytes([1]))}
        with pytest.raises(UsageError, match=rf"takes no `{next(iter(option))}`"):
            objects.load(files, framework=None, pins=(), **option)

    def test_a_broken_file_of_a_format_is_not_tried_as_a_pickle(self, tmp_path):
        evil = (
            b"\x80\x04cos\nmkdir\n\x8c"
            + bytes([len(str(tmp_path / "ran"))])
            + str(tmp_path / "ran").encode()
            + b"\x85R."
        )
        for head in (b"CBM1", b"\2\0\0\0\0\0\0\0{}", zipped("config.json", "metadata.json", "model.weights.h5")):
            with pytest.raises(UsageError, match="cannot be loaded as"):
                objects.load({"model.pkl": io.BytesIO(head + evil)}, framework="joblib", pins=())
        assert not (tmp_path / "ran").exists()


def test_what_the_real_writers_write_is_recognised_in_every_format_that_is_loaded(tmp_path):
    seen = set()
    for name in ("xgboost", "lightgbm", "torch", "sklearn"):
        model = MODELS[name]()
        path = tmp_path / name
        with ExitStack() as held:
            if name == "xgboost":
                model.save_model(path.with_suffix(".json"))
                path = path.with_suffix(".json")
            elif name == "lightgbm":
                model.booster_.save_model(path)
            elif name == "torch":
                package("torch").save(model.state_dict(), path)
            else:
                joblib.dump(model, path)
            known = formats.identify(Bytes(held.enter_context(path.open("rb"))))
        assert known.framework == name
        seen.add(known.format)
    assert seen == {"xgboost-json", "lightgbm", "torch", "pickle"}
    assert json.loads((tmp_path / "xgboost.json").read_text())["learner"]
