# ruff: noqa: E501 - one thing a line
"""Models of XGBoost, LightGBM and PyTorch, made small: what their honest files hold."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
xgboost = pytest.importorskip("xgboost")
lightgbm = pytest.importorskip("lightgbm")
ROWS = 60


def data() -> tuple[Any, Any]:
    """Returns some numbers and classes to train on."""
    numbers = np.random.default_rng(0).normal(size=(ROWS, 4))
    return numbers, (numbers[:, 0] > 0).astype(int)


def boosted() -> Iterator[tuple[str, Any]]:
    """Yields boosters, plain and as estimators, by name."""
    numbers, classes = data()
    for kind in (xgboost.XGBClassifier, xgboost.XGBRegressor, xgboost.XGBRFClassifier, xgboost.XGBRFRegressor):
        yield kind.__name__, kind(n_estimators=2, max_depth=2, n_jobs=1).fit(numbers, classes)
    groups = {"group": [ROWS // 2] * 2}
    yield "XGBRanker", xgboost.XGBRanker(n_estimators=2, n_jobs=1).fit(numbers, classes, **groups)
    yield "xgb-booster", xgboost.train({"nthread": 1}, xgboost.DMatrix(numbers, classes), 2)
    words = {"n_estimators": 2, "verbose": -1, "n_jobs": 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in (lightgbm.LGBMClassifier, lightgbm.LGBMRegressor):
            yield kind.__name__, kind(**words).fit(numbers, classes)
        yield "LGBMRanker", lightgbm.LGBMRanker(**words).fit(numbers, classes, **groups)
        table = lightgbm.Dataset(numbers, classes)
        yield "lgb-booster", lightgbm.train({"verbose": -1, "num_threads": 1}, table, 2)


def modules() -> Iterator[tuple[str, Any]]:
    """Yields modules of torch, by name."""
    nn = torch.nn
    yield "mlp", nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2), nn.Softmax(dim=1))
    yield "conv", nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.MaxPool2d(2), nn.Flatten(), nn.GELU())
    yield "lstm", nn.LSTM(4, 8, 2)
    yield "transformer", nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2, enable_nested_tensor=False)
    yield "embedding", nn.ModuleDict({"a": nn.Embedding(5, 4), "b": nn.ModuleList([nn.LayerNorm(4), nn.Tanh()])})


def torches() -> Iterator[tuple[str, Any]]:
    """Yields what is in files of torch, by name: tensors, state dicts, checkpoints."""
    model = dict(modules())["mlp"]
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    yield "state", model.state_dict()
    yield "checkpoint", {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "loss": 0.5}
    yield "tensors", [torch.arange(6).reshape(2, 3).t(), torch.ones(2, dtype=torch.bfloat16), torch.tensor(True),
                      torch.ones(2, dtype=torch.half), torch.tensor(1 + 2j), torch.float32, torch.device("cpu"),
                      torch.Size([1, 2]), torch.nn.Parameter(torch.ones(2)), torch.zeros(0, 3), torch.strided]  # fmt: skip
    yield "sparse-tensor", torch.eye(3).to_sparse()
