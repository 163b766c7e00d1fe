"""Variants: the same model in another form, an ONNX export or a quantised one, tied to the version that it is of."""

from __future__ import annotations

import pytest

from mlreg.adapters import load
from mlreg.errors import NotFoundError


@pytest.fixture
def export(registry, model_file):
    """A model in production, its export as a model of its own, and a quantised one of that."""
    registry.register("fraud", model_file("weights"), stage="production")
    registry.register("fraud-onnx", model_file("graph"), variant_of="fraud@production")
    registry.register("fraud-onnx", model_file("eight bits"), version="1.1.0", variant_of="fraud-onnx", parent="fraud")
    return registry


def edges(registry, ref):
    return {(edge["from"], edge["to"], edge["kind"]) for edge in registry.lineage(ref).document()["edges"]}


def test_a_variant_keeps_exactly_which_version_it_is_of(export):
    assert export.info("fraud-onnx@1.0.0").document()["lineage"] == {"variant_of": "fraud@1.0.0"}
    assert export.info("fraud-onnx@1.1.0").record.lineage == {
        "parent": "fraud@1.0.0",
        "variant_of": "fraud-onnx@1.0.0",
    }


def test_lineage_tells_variants_from_what_was_made_of_a_version(export):
    found = edges(export, "fraud@1.0.0")
    assert ("model:fraud@1.0.0", "model:fraud-onnx@1.0.0", "variant-of") in found
    assert ("model:fraud-onnx@1.0.0", "model:fraud-onnx@1.1.0", "variant-of") in found
    assert ("model:fraud@1.0.0", "model:fraud-onnx@1.1.0", "parent") in found
    assert ("model:fraud@1.0.0", "model:fraud-onnx@1.0.0", "variant-of") in edges(export, "fraud-onnx@1.1.0")


def test_the_tree_names_a_variant_as_one(export):
    tree = export.lineage("fraud").lineage.tree()
    assert any(line.endswith("model:fraud-onnx-v1.0.0 (variant of it)") for line in tree)


@pytest.mark.parametrize("format", ["mermaid", "dot"])
def test_drawings_name_the_edge(export, format):
    answer = export.lineage("fraud")
    assert "variant-of" in load("lineages", format).render(answer.lineage, answer.registered)


def test_what_hits_a_version_hits_its_variants(export):
    assert [one.ref for one in export.impact("fraud").versions] == [
        "fraud@1.0.0",
        "fraud-onnx@1.0.0",
        "fraud-onnx@1.1.0",
    ]


def test_the_variants_of_a_version_can_be_listed(export):
    found = export.find(None, where=["lineage.variant_of=fraud@1.0.0"])
    assert [(one.name, one.version) for one in found.versions] == [("fraud-onnx", "1.0.0")]


def test_what_is_no_variant_has_the_digests_of_before(registry, model_file):
    plain = registry.register("m", model_file("x"), parent=None)
    again = registry.register("m", model_file("x"), variant_of=None)
    assert (again.created, again.digest) == (False, plain.digest)
    assert "lineage" not in registry.info("m").record.facts()


def test_a_variant_of_what_is_not_there_is_refused(registry, model_file):
    with pytest.raises(NotFoundError):
        registry.register("m", model_file("x"), variant_of="none@1.0.0")
    assert not registry.list().models


def test_variants_are_stated_by_an_option_and_in_a_specification(tmp_path, mlreg):
    (tmp_path / "a.bin").write_text("weights")
    (tmp_path / "b.bin").write_text("graph")
    (tmp_path / "m.yaml").write_text("name: m-onnx\nfiles: b.bin\nvariant_of: m\nversion: 2.0.0\n")
    assert mlreg("init").code == mlreg("register", "m", "a.bin").code == 0
    assert mlreg("register", "m-onnx", "b.bin", "--variant-of", "m@latest").code == 0
    assert mlreg("register", "-f", "m.yaml").code == 0
    for version in ("1.0.0", "2.0.0"):
        assert mlreg("info", "m-onnx", version, "--json").document["lineage"] == {"variant_of": "m@1.0.0"}
