"""Exports: the layouts of other tools, and documents about one version that their own validators take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from mlreg import Registry
from mlreg.errors import ConflictError, UsageError

LAYOUTS = ("devskyy", "specweave", "flat", "brixa")


@pytest.fixture
def stocked(registry: Registry, tmp_path: Path) -> Registry:
    """Two versions with a scaler, the second in production; and another model."""
    source = tmp_path / "source"
    source.mkdir()
    for version in ("1.0.0", "1.1.0"):
        (source / "clf.joblib").write_text(f"model {version}")
        (source / "scaler.pkl").write_text(f"scaler {version}")
        registry.register(
            "risk/fraud",
            source / "clf.joblib",
            companions={"scaler": source / "scaler.pkl"},
            version=version,
            metrics={"accuracy": 0.9, "auc": 0.95, "f1_score": 0.88, "data_quality_score": 0.9},
            params={"depth": 6},
            features=["amount", "hour"],
            signature={"inputs": {"amount": "float", "hour": "int"}, "outputs": {"p": "float"}},
            requirements=["xgboost==2.1.0", "numpy>=1.26"],
            framework="xgboost",
            type="classifier",
            data="transactions",
            dataset={"version": "2026-01", "rows": 1000, "digest": f"sha256:{'a' * 64}"},
            parent=None if version == "1.0.0" else "risk/fraud@1.0.0",
            experiment="xgb-1",
            increment="0042",
            description="scores payments",
            meta={"license": "Apache-2.0", "deployment_config": {"scaling_config": {"min": 2, "max": 20}}},
        )
    registry.promote("risk/fraud", "1.1.0", to="production", reason="better")
    (source / "churn.onnx").write_text("onnx")
    registry.register("churn", source / "churn.onnx")
    return registry


def tree(place: Path) -> dict[str, str]:
    return {str(path.relative_to(place)): path.read_text() for path in place.rglob("*") if path.is_file()}


def test_a_directory_a_version_with_metadata(stocked, tmp_path):
    """S0-18, S0-19."""
    stocked.export("risk/fraud", layout="devskyy", to=tmp_path / "out")
    found = tree(tmp_path / "out")
    assert found["risk/fraud/1.1.0/model.pkl"] == "model 1.1.0"
    text = found["risk/fraud/1.1.0/metadata.json"]
    metadata = json.loads(text)
    assert text == json.dumps(metadata, indent=2) + "\n"
    assert [*metadata][:9] == [
        "model_name", "version", "model_type", "framework", "metrics", "training_date", "stage", "deployed_at",
        "description",
    ]  # fmt: skip
    assert (metadata["stage"], metadata["deployed_at"] is None) == ("production", False)
    assert json.loads(found["risk/fraud/1.0.0/metadata.json"])["deployed_at"] is None


def test_the_files_of_an_increment(stocked, tmp_path):
    """S1-6, S1-34, S1-35: the signature stands in features.yaml."""
    stocked.export("risk/fraud", layout="specweave", to=tmp_path / "out")
    found = tree(tmp_path / "out")
    place = "models/risk/fraud-v1.1.0"
    assert {name for name in found if name.startswith(place)} == {
        f"{place}/{name}" for name in ("model.pkl", "scaler.pkl", "metadata.json", "requirements.txt", "features.yaml")
    }
    assert {"registry/model_catalog.yaml", "registry/lineage_graph.json", "registry/deployment_history.md"} <= {*found}
    features = yaml.safe_load(found[f"{place}/features.yaml"])
    assert features["features"] == ["amount", "hour"]
    assert "amount" in str(features["signature"]["inputs"])
    assert found[f"{place}/requirements.txt"].splitlines()[0] == "xgboost==2.1.0"
    assert json.loads(found[f"{place}/metadata.json"])["increment"] == "0042"


def test_all_in_flat_directories_with_an_index(stocked, tmp_path):
    """S2-12, S2-13: model and scaler of a version are bound by its id."""
    stocked.export(layout="flat", to=tmp_path / "out")
    found = tree(tmp_path / "out")
    assert found["models/model_risk+fraud_1.1.0.pkl"] == "model 1.1.0"
    assert found["models/scaler_risk+fraud_1.1.0.pkl"] == "scaler 1.1.0"
    assert "models/model_churn_1.0.0.onnx" in found
    index = json.loads(found["model_index.json"])
    assert index["active"] == ["risk+fraud_1.1.0"]
    assert [row["composite_score"] for row in index["models"]] == [0.911, 0.911, None]
    assert json.loads(found["registry_config.json"])["performance_weight"]["accuracy"] == 0.4
    files = json.loads(found["metadata/risk+fraud_1.0.0.json"])["files"]
    assert files["scaler"] == "models/scaler_risk+fraud_1.0.0.pkl"


def test_a_store_with_deployments(stocked, tmp_path):
    """S3-23."""
    stocked.export(layout="brixa", to=tmp_path / "out")
    found = tree(tmp_path / "out")
    assert json.loads(found["models/_meta/_registry.json"])["models"]["risk/fraud"]["stages"] == {"production": "1.1.0"}
    assert found["models/risk/fraud/1.0.0/clf.joblib"] == "model 1.0.0"
    assert json.loads(found["models/risk/fraud/1.0.0_meta.json"])["hyperparameters"] == {"depth": 6}
    assert json.loads(found["models/deployments/risk+fraud-production/config.json"])["model_version"] == "1.1.0"
    assert json.loads(found["models/deployments/risk+fraud-production/status.json"])["reason"] == "better"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_reference_is_one_version_and_again_is_the_same(stocked, tmp_path, layout):
    answer = stocked.export("risk/fraud@production", layout=layout, to=tmp_path / "out")
    first = tree(tmp_path / "out")
    assert answer.versions == ["risk/fraud@1.1.0"]
    assert {file.path for file in answer.files} == {*first}
    assert not [text for text in first.values() if text == "model 1.0.0"]
    stocked.export("risk/fraud@production", layout=layout, to=tmp_path / "out")
    assert tree(tmp_path / "out") == first


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_dry_run_writes_nothing_and_tells_the_same(stocked, tmp_path, layout):
    foretold = stocked.export(layout=layout, to=tmp_path / "out", dry_run=True)
    assert not (tmp_path / "out").exists()
    assert foretold.files == stocked.export(layout=layout, to=tmp_path / "out").files


def test_facts_are_written_anew_and_files_of_models_never_over_others(stocked, tmp_path):
    stocked.export("risk/fraud", layout="devskyy", to=tmp_path / "out")
    stocked.archive("risk/fraud", "1.1.0", force=True, reason="off")
    stocked.export("risk/fraud", layout="devskyy", to=tmp_path / "out")
    assert json.loads((tmp_path / "out/risk/fraud/1.1.0/metadata.json").read_text())["stage"] == "archived"
    (tmp_path / "out/risk/fraud/1.0.0/model.pkl").write_text("mine")
    with pytest.raises(ConflictError):
        stocked.export("risk/fraud", layout="devskyy", to=tmp_path / "out")
    assert (tmp_path / "out/risk/fraud/1.0.0/model.pkl").read_text() == "mine"


def test_nothing_is_written_through_a_link(stocked, tmp_path):
    (tmp_path / "out/metadata").parent.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out/metadata").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConflictError):
        stocked.export(layout="flat", to=tmp_path / "out")
    assert [*(tmp_path / "elsewhere").iterdir()] == []


def test_a_file_of_the_models_own_goes_before_one_about_it(registry, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m/metadata.json").write_text("{}")
    (tmp_path / "m/weights.bin").write_text("w")
    registry.register("x", tmp_path / "m")
    answer = registry.export("x", layout="devskyy", to=tmp_path / "out")
    assert (tmp_path / "out/x/1.0.0/metadata.json").read_text() == "{}"
    assert "the model's own" in answer.notes[0]


def test_a_bill_of_materials_is_one_for_cyclonedx(stocked):
    text = stocked.export("risk/fraud@1.1.0", format="cyclonedx").text
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    assert bill["metadata"]["component"]["modelCard"]["modelParameters"]["datasets"] == [
        {"ref": "mlreg:data:transactions"}
    ]
    kinds = [(one["type"], one["name"]) for one in bill["components"]]
    assert kinds == [
        ("file", "clf.joblib"), ("file", "scaler.pkl"), ("data", "transactions"),
        ("machine-learning-model", "risk/fraud"), ("library", "xgboost"), ("library", "numpy"),
    ]  # fmt: skip
    assert bill["components"][4]["purl"] == "pkg:pypi/xgboost@2.1.0"
    assert text == stocked.export("risk/fraud@1.1.0", format="cyclonedx").text


def test_a_bill_of_next_to_nothing_and_of_hostile_words_is_one_too(registry, model_file):
    registry.register("bare", model_file())
    words = '<b>"\\u0000" {{x}} ${y} é\U0001f600'
    registry.register(
        "odd", model_file("2"), type=words, data=words, experiment=words, owner=words, description=words,
        features=[words], meta={"license": words}, metrics={"auc": "nan"}, requirements=["x==1.*"],
        depends_on=["bare", "bare@1.0.0"], parent="bare",
    )  # fmt: skip
    for name in ("bare", "odd"):
        text = registry.export(name, format="cyclonedx").text
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_the_validator_would_find_a_bill_that_is_none(stocked):
    bill = json.loads(stocked.export("risk/fraud", format="cyclonedx").text)
    bill["components"][0]["hashes"][0]["content"] = "ab"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is not None


def test_the_manifest_of_a_deployment(stocked, tmp_path):
    """S4-32, S4-33."""
    stocked.export("risk/fraud@production", format="deployment", to=tmp_path / "deployment_manifest.json")
    manifest = json.loads((tmp_path / "deployment_manifest.json").read_text())
    assert (manifest["model_name"], manifest["model_version"], manifest["run_id"]) == ("risk/fraud", "1.1.0", "xgb-1")
    assert manifest["deployment_config"] == {
        "target_environment": "production",
        "resources": {"cpu": "500m", "memory": "512Mi"},
        "scaling_config": {"min": 2, "max": 20},
    }


def test_what_a_copy_of_a_model_gets_is_a_setting(model_file, mlreg, monkeypatch):
    """S3-25."""
    mlreg("init")
    mlreg("register", "fraud", str(model_file()))
    mlreg("config", "set", "deployments.memory", "2Gi")
    monkeypatch.setenv("BRXA_DEFAULT_REPLICAS", "3")
    config = json.loads(mlreg("export", "fraud", "--format", "deployment").out)["deployment_config"]
    assert (config["replicas"], config["resources"]) == (3, {"cpu": "500m", "memory": "2Gi"})
    monkeypatch.setenv("MLREG_DEPLOYMENTS_REPLICAS", "many")
    assert mlreg("export", "fraud", "--format", "deployment").code == 2


def test_what_means_nothing_is_refused(stocked, tmp_path):
    for words in (
        {},
        {"layout": "flat"},
        {"layout": "flat", "format": "cyclonedx", "to": tmp_path},
        {"format": "spdx"},
    ):
        with pytest.raises(UsageError):
            stocked.export("churn", **words)
    with pytest.raises(UsageError):
        stocked.export("churn", layout="none", to=tmp_path / "out")


def test_the_command_says_what_was_written(mlreg, model_file):
    mlreg("init")
    mlreg("register", "fraud", str(model_file()))
    answer = mlreg("export", "fraud", "--layout", "devskyy", "-o", "out")
    assert [line.split("\t")[0] for line in answer.out.splitlines()] == [
        "fraud/1.0.0/metadata.json",
        "fraud/1.0.0/model.bin",
    ]
    assert mlreg("export", "fraud", "--layout", "devskyy", "-o", "out", "-q").out == "fraud@1.0.0\n"
    assert mlreg("export", "fraud", "--format", "cyclonedx", "-o", "b.json").out.startswith("written to b.json")
    assert json.loads(mlreg("export", "fraud", "--format", "deployment").out)["model_version"] == "1.0.0"
    for line in ("export fraud", "export --format cyclonedx", "export fraud --layout flat"):
        assert mlreg(*line.split()).code == 2
