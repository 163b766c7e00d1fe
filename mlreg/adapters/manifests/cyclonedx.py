"""Owns a version as a bill of materials for machine learning: CycloneDX 1.6.

The version is the component that the bill is of, with a model card; its files, data, packages and the versions that it
comes from are the materials. Only what was stated stands there. Source: https://cyclonedx.org/docs/1.6/json/.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from mlreg.domain.handing import Handed, Stock
from mlreg.domain.record import ModelVersion
from mlreg.version import __version__

# the namespace of the serial numbers of bills: of all mlreg repositories
_BILLS = UUID("5b0c54b5-6d0f-4c0e-8f0e-0f4d5a8f5c1b")
_SHA256 = "sha256:"
Component = dict[str, Any]


def render(stock: Stock, one: Handed) -> str:
    """Returns the bill as JSON; the same version as it stands has the same bill, whoever asks and when."""
    data = _data(one.record)
    parts = [*_files(one), *data, *_kin(one.record), *_packages(one.record.requirements)]
    materials = list({part["bom-ref"]: part for part in parts}.values())
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(_BILLS, f'{stock.repository}/{one.standing.record}')}",
        "version": max(one.standing.moved.number, 1),
        "metadata": {
            "timestamp": one.standing.moved.at,
            "tools": {"components": [{"type": "application", "name": "mlreg", "version": __version__}]},
            "component": _model(one, [part["bom-ref"] for part in data]),
        },
        "components": materials,
        "dependencies": [
            {"ref": _ref(one.ref), "dependsOn": [part["bom-ref"] for part in materials]},
            *({"ref": part["bom-ref"]} for part in materials),
        ],
    }
    return json.dumps(bill, indent=2) + "\n"


def _model(one: Handed, data: Sequence[str]) -> Component:
    record, standing = one.record, one.standing
    licence = record.meta.get("license")
    stated = {
        "stage": standing.stage,
        "framework": record.framework,
        "owner": record.owner,
        "digest": standing.record,
        "content_digest": standing.content,
        "registered_by": standing.registered.actor,
        "registered_at": standing.registered.at,
        **{key: value for key, value in record.lineage.items() if isinstance(value, str)},
    }
    properties = [{"name": f"mlreg:{name}", "value": value} for name, value in stated.items() if value]
    return {
        "type": "machine-learning-model",
        "bom-ref": _ref(one.ref),
        "name": record.name,
        "version": one.version,
        **({"description": record.description} if record.description else {}),
        **({"licenses": [{"license": {"name": licence}}]} if isinstance(licence, str) and licence else {}),
        **({"tags": list(standing.tags)} if standing.tags else {}),
        "properties": properties,
        "modelCard": _card(record, data),
    }


def _card(record: ModelVersion, data: Sequence[str]) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        **({"task": record.type} if record.type else {}),
        **({"modelArchitecture": record.framework} if record.framework else {}),
        **({"datasets": [{"ref": ref} for ref in data]} if data else {}),
        **{key: shown for key in ("inputs", "outputs") if (shown := _schema(record, key))},
    }
    metrics = [{"type": name, "value": str(value)} for name, value in record.shown_metrics().items()]
    return {
        "modelParameters": parameters,
        **({"quantitativeAnalysis": {"performanceMetrics": metrics}} if metrics else {}),
    }


def _schema(record: ModelVersion, key: str) -> list[dict[str, str]]:
    """Returns what goes in or comes out, as the signature says; without one, the features go in."""
    stated = (record.signature or {}).get(key)
    if isinstance(stated, Mapping):
        return [{"format": f"{name}: {_word(kind)}"} for name, kind in stated.items()]
    if isinstance(stated, list):
        return [{"format": _word(one)} for one in stated]
    return [{"format": feature} for feature in record.features] if key == "inputs" else []


def _files(one: Handed) -> Iterator[Component]:
    for entry in one.record.files:
        role = [{"name": "mlreg:role", "value": entry.role}] if entry.role else []
        size = {"name": "mlreg:size_bytes", "value": str(entry.size_bytes)}
        yield {
            "type": "file",
            "bom-ref": _ref(f"{one.ref}/{entry.path}"),
            "name": entry.path,
            "hashes": _hashes(entry.digest),
            "properties": [*role, size],
        }


def _data(record: ModelVersion) -> list[Component]:
    dataset = record.dataset
    name = record.lineage.get("data") or dataset.get("version")
    digest = dataset.get("digest")
    if name is None and digest is None:
        return []
    component = {
        "type": "data",
        "bom-ref": _ref(f"data:{name or digest}"),
        "name": name or digest,
        **({"version": str(dataset["version"])} if dataset.get("version") else {}),
        **({"hashes": _hashes(digest)} if digest else {}),
        "data": [{"type": "dataset", "name": name or digest}],
    }
    return [component]


def _kin(record: ModelVersion) -> Iterator[Component]:
    lineage = record.lineage
    for ref in filter(None, [lineage.get("parent"), lineage.get("variant_of"), *lineage.get("depends_on", ())]):
        name, _, version = ref.partition("@")
        yield {"type": "machine-learning-model", "bom-ref": _ref(ref), "name": name, "version": version}


def _packages(requirements: Iterable[str]) -> Iterator[Component]:
    for line in requirements:
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            yield {"type": "library", "bom-ref": _ref(f"package:{line}"), "name": line}
            continue
        name = canonicalize_name(wanted.name)
        exact = [one.version for one in wanted.specifier if one.operator == "==" and not one.version.endswith("*")]
        version = exact[0] if len(exact) == 1 else None
        purl = f"pkg:pypi/{name}@{quote(version, safe='.-_~')}" if version else f"pkg:pypi/{name}"
        yield {
            "type": "library",
            "bom-ref": _ref(f"package:{line}"),
            "name": name,
            **({"version": version} if version else {}),
            "purl": purl,
            "properties": [{"name": "mlreg:requirement", "value": line}],
        }


def _hashes(digest: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": digest.removeprefix(_SHA256)}]


def _ref(text: str) -> str:
    return f"mlreg:{text}"


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
