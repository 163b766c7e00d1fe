"""A real model of every framework, and what it predicts; skipped where its package is not installed."""

from __future__ import annotations

import os
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlreg.adapters.frameworks import keras

INPUTS, ANSWERS = load_breast_cancer(return_X_y=True)
WORDS = np.array(["benign", "malignant"])[ANSWERS]


class Rule:
    """A model that knows no framework: whoever pays more than the threshold."""

    def __init__(self, threshold):
        self.threshold = threshold

    def predict(self, inputs):
        return np.asarray(inputs)[:, 0] > self.threshold


def package(name):
    """Returns a package, or skips the test where it is not installed; what it says while it is imported is its own."""
    if name == "keras" and "KERAS_BACKEND" not in os.environ:
        keras._choose_backend()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name)


def a_pipeline():
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(INPUTS, ANSWERS)


def of_skops():
    package("skops.io")
    return a_pipeline()


def of_xgboost():
    return package("xgboost").XGBClassifier(n_estimators=5).fit(INPUTS, ANSWERS)


def of_lightgbm():
    return package("lightgbm").LGBMClassifier(n_estimators=5, verbose=-1).fit(INPUTS, WORDS)


def of_catboost():
    catboost = package("catboost")
    return catboost.CatBoostClassifier(iterations=5, verbose=0, allow_writing_files=False).fit(INPUTS, WORDS)


def of_torch():
    torch = package("torch")
    return torch.nn.Sequential(torch.nn.Linear(30, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))


def of_keras():
    k = package("keras")
    k.utils.set_random_seed(0)
    return k.Sequential([k.Input((30,)), k.layers.Dense(4, activation="relu"), k.layers.Dense(1)])


def of_tensorflow():
    tf = package("tensorflow")

    class Scaled(tf.Module):
        def __init__(self):
            self.weights = tf.Variable(tf.range(30, dtype=tf.float32))

        @tf.function(input_signature=[tf.TensorSpec([None, 30], tf.float32)])
        def predict(self, inputs):
            return tf.linalg.matvec(inputs, self.weights)

    return Scaled()


def of_onnx():
    package("onnxruntime")
    onnx = package("onnx")
    helper, kinds = onnx.helper, onnx.TensorProto
    weights = onnx.numpy_helper.from_array(np.ones((30, 1), dtype=np.float32), "weights")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["inputs", "weights"], ["answers"])],
        "linear",
        [helper.make_tensor_value_info("inputs", kinds.FLOAT, [None, 30])],
        [helper.make_tensor_value_info("answers", kinds.FLOAT, [None, 1])],
        [weights],
    )
    return helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 18)])


def of_transformers():
    package("torch")
    transformers = package("transformers")
    sizes = {"vocab_size": 30, "hidden_size": 16, "intermediate_size": 16, "max_position_embeddings": 40}
    config = transformers.BertConfig(num_hidden_layers=1, num_attention_heads=2, **sizes)
    return transformers.BertForSequenceClassification(config).eval()


def of_safetensors():
    return {"weights": np.arange(30, dtype=np.float64), "bias": np.array(2, dtype=np.float32)}


def predicted(model):
    """Returns what `model` answers to the same inputs, whatever it is, as an array."""
    singles = INPUTS.astype(np.float32)
    if isinstance(model, dict):
        return INPUTS @ model["weights"] + model["bias"]
    if hasattr(model, "run"):
        return model.run(None, {"inputs": singles})[0]
    if hasattr(model, "SerializeToString"):
        return package("onnxruntime").InferenceSession(model.SerializeToString()).run(None, {"inputs": singles})[0]
    if hasattr(model, "config"):
        tokens = package("torch").arange(30).reshape(1, 30)
        return model(input_ids=tokens).logits.detach().numpy()
    if hasattr(model, "load_state_dict") and not hasattr(model, "layers"):
        return model(package("torch").from_numpy(singles)).detach().numpy()
    if hasattr(model, "layers"):
        return package("keras").ops.convert_to_numpy(model(singles))
    if type(model).__name__ in ("Scaled", "_UserObject"):
        return model.predict(package("tensorflow").constant(singles)).numpy()
    if type(model).__module__.startswith("xgboost") and type(model).__name__ == "Booster":
        return model.predict(package("xgboost").DMatrix(INPUTS))
    chances = [model.predict_proba(INPUTS).ravel()] if hasattr(model, "predict_proba") else []
    return np.array([*map(str, np.ravel(model.predict(INPUTS))), *map(str, np.concatenate([*chances, []]))])


MODELS = {
    "catboost": of_catboost,
    "generic": lambda: Rule(14.0),
    "keras": of_keras,
    "lightgbm": of_lightgbm,
    "onnx": of_onnx,
    "safetensors": of_safetensors,
    "sklearn": a_pipeline,
    "skops": of_skops,
    "tensorflow": of_tensorflow,
    "torch": of_torch,
    "transformers": of_transformers,
    "xgboost": of_xgboost,
}
# of a module the parameters are kept: it takes another one to put them into; nobody knows our own classes
OPTIONS = {"torch": lambda: {"into": of_torch()}, "generic": lambda: {"trusted": [f"{__name__}.Rule"]}}
