"""The forms of a lineage for other programs: one suite over all of them, and what each has of its own."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

from mlreg.adapters import load, names
from mlreg.domain.lineage import Lineage, Origin, Registered

REGISTERED = Registered("ab" * 16, f"sha256:{'cd' * 32}", "2026-01-05T09:00:00.000000Z", "ann@example.org")
EVIL = 'a"]; b --> c <script>`\\N & #x|{}[]()'
PARENT = Origin("m", "1.0.0", data="d1", stages=["staging"])
FOCUS = Origin(
    "m", "1.1.0", parent="m@1.0.0", data=EVIL, feature_set="fs", experiment="e", increment="42", commit="ab12",
    dataset={"digest": f"sha256:{'ef' * 32}"}, stages=["production"],
)  # fmt: skip
LINEAGE = Lineage(FOCUS, [PARENT], [Origin("n", "1.0.0", depends_on=["m@1.1.0"])])

# what the specification of OpenLineage 2-0-2 asks of a RunEvent, in our words
_FACETS = {"type": "object", "additionalProperties": {"$ref": "#/$defs/facet"}}
_DATASETS = {"type": "array", "items": {"$ref": "#/$defs/dataset"}}
RUN_EVENT = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["eventTime", "producer", "schemaURL", "run", "job"],
    "properties": {
        "eventTime": {"type": "string", "format": "date-time"},
        "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "producer": {"$ref": "#/$defs/uri"},
        "schemaURL": {"$ref": "#/$defs/uri"},
        "run": {
            "type": "object",
            "required": ["runId"],
            "properties": {"runId": {"type": "string", "format": "uuid"}, "facets": _FACETS},
        },
        "job": {"$ref": "#/$defs/dataset"},
        "inputs": _DATASETS,
        "outputs": _DATASETS,
    },
    "$defs": {
        "uri": {"type": "string", "format": "uri", "pattern": "^[a-z][a-z0-9+.-]*:"},
        "facet": {
            "type": "object",
            "required": ["_producer", "_schemaURL"],
            "properties": {"_producer": {"$ref": "#/$defs/uri"}, "_schemaURL": {"$ref": "#/$defs/uri"}},
        },
        "dataset": {
            "type": "object",
            "required": ["namespace", "name"],
            "properties": {"namespace": {"type": "string"}, "name": {"type": "string"}, "facets": _FACETS},
        },
    },
}


def rendered(name: str) -> str:
    return str(load("lineages", name).render(LINEAGE, REGISTERED))


@pytest.mark.parametrize("name", names("lineages"))
def test_a_form_is_text_the_same_each_time_and_has_the_version_and_its_sources(name):
    text = rendered(name)
    assert text == rendered(name)
    assert text.strip()
    assert all(word in text for word in ("m", "1.1.0", "fs", "1.0.0"))


def test_json_is_the_document_of_the_command():
    assert json.loads(rendered("json")) == {"schema": "mlreg.lineage/1", **LINEAGE.document()}


def test_openlineage_is_a_run_event_of_the_specification():
    event = json.loads(rendered("openlineage"))
    jsonschema.Draft202012Validator(RUN_EVENT, format_checker=jsonschema.FormatChecker()).validate(event)
    assert event["eventType"] == "COMPLETE"
    assert [one["name"] for one in event["inputs"]] == [f"data:{EVIL}", "feature-engineering:fs", "model:m"]
    assert [one["facets"]["version"]["datasetVersion"] for one in event["inputs"] if one["facets"]] == [
        f"sha256:{'ef' * 32}",
        "1.0.0",
    ]
    assert [one["name"] for one in event["outputs"]] == ["model:m"]


def test_the_client_of_openlineage_takes_the_event_and_says_the_same():
    client = pytest.importorskip("openlineage.client.event_v2")
    facets = pytest.importorskip("openlineage.client.generated.dataset_version_dataset")
    serde = pytest.importorskip("openlineage.client.serde")
    event = json.loads(rendered("openlineage"))

    def taken(known):
        return {name: facets.DatasetVersionDatasetFacet(facet["datasetVersion"]) for name, facet in known.items()}

    datasets = {
        name: [kind(one["namespace"], one["name"], facets=taken(one["facets"])) for one in event[name]]
        for name, kind in (("inputs", client.InputDataset), ("outputs", client.OutputDataset))
    }
    said = client.RunEvent(
        eventType=client.RunState[event["eventType"]],
        eventTime=event["eventTime"],
        run=client.Run(event["run"]["runId"]),
        job=client.Job(event["job"]["namespace"], event["job"]["name"]),
        producer=event["producer"],
        **datasets,
    )
    told = json.loads(serde.Serde.to_json(said))
    assert told.keys() == event.keys()
    assert told["schemaURL"] == event["schemaURL"]
    own = [one["facets"]["version"]["_schemaURL"] for one in event["inputs"] if one["facets"]]
    theirs = [one["facets"]["version"]["_schemaURL"] for one in told["inputs"] if one["facets"]]
    assert own == theirs


def test_an_event_without_a_run_is_not_one():
    event = json.loads(rendered("openlineage"))
    del event["run"]["runId"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(event, RUN_EVENT)


def test_mermaid_has_a_line_for_each_node_and_edge_whatever_they_are_called():
    nodes, edges = LINEAGE.graph()
    head, *lines, style = rendered("mermaid").splitlines()
    assert head == "flowchart LR"
    node = r'  n\d+(\[\("|\["|\(\["|\(")([\w ./@:+,=;#-]*)("\)\]|"\]|"\]\)|"\))'
    assert sum(bool(re.fullmatch(node, line)) for line in lines) == len(nodes)
    assert sum(bool(re.fullmatch(r"  n\d+ -->(\|[a-z-]+\|)? n\d+", line)) for line in lines) == len(edges)
    assert len(lines) == len(nodes) + len(edges)
    assert re.fullmatch(r"  style n\d+ stroke-width:3px", style)


def test_dot_has_a_line_for_each_node_and_edge_whatever_they_are_called():
    nodes, edges = LINEAGE.graph()
    text = r'"(?:[^"\\]|\\["\\])*"'
    lines = rendered("dot").splitlines()
    assert (lines[0], lines[-1]) == ("digraph lineage {", "}")
    shapes = rf"  {text} \[label={text} shape=\w+( style=bold)?\];"
    assert sum(bool(re.fullmatch(shapes, line)) for line in lines) == len(nodes)
    assert sum(bool(re.fullmatch(rf"  {text} -> {text}( \[label={text}\])?;", line)) for line in lines) == len(edges)
    assert sum("style=bold" in line for line in lines) == 1
