"""Owns a version as a model card: the front matter that the Hugging Face Hub reads, and a text for people.

What people say about a model stands in its custom facts below `card`: `intended_use`, `limitations`, `citation` …
Only what was stated stands in the card. Source: https://huggingface.co/docs/hub/model-cards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlreg.adapters.audits.markdown import escaped, table
from mlreg.domain import living
from mlreg.domain.approvals import Approval
from mlreg.domain.handing import Handed, Stock
from mlreg.domain.metric import Metric
from mlreg.domain.record import ModelVersion
from mlreg.domain.signatures import stated
from mlreg.store import strict_yaml

CARD = "card"
_FRONT = ("language", "pipeline_tag", "base_model", "datasets", "license_link")
_LEADING = ("intended_use", "out_of_scope", "limitations", "training_data", "ethical_considerations")
_TASKS = ("task", "pipeline_tag")
_LICENCES = ("license", "licence")
_LIBRARIES = {"torch": "pytorch", "skops": "sklearn", "scikit-learn": "sklearn"}
_EXPONENT = re.compile(r"^( +value: -?\d+)(e[+-]\d+)$", re.MULTILINE)  # YAML 1.1 takes 1e-05 for a text
_WHOLE_MAX = 10**15  # a reader of YAML may take more digits for anything
# what the Hub calls the usual licences; another one is `other`, with its name beside it
_KNOWN_LICENCES = frozenset(
    {"afl-3.0", "agpl-3.0", "apache-2.0", "artistic-2.0", "bsd", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear",
     "bsl-1.0", "cc", "cc-by-4.0", "cc-by-nc-4.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-sa-4.0",
     "cc0-1.0", "creativeml-openrail-m", "ecl-2.0", "epl-2.0", "eupl-1.2", "gemma", "gpl", "gpl-2.0", "gpl-3.0", "isc",
     "lgpl", "lgpl-2.1", "lgpl-3.0", "llama2", "llama3", "mit", "mpl-2.0", "ms-pl", "ncsa", "odbl", "ofl-1.1",
     "openrail", "openrail++", "osl-3.0", "pddl", "postgresql", "unlicense", "wtfpl", "zlib"}
)  # fmt: skip


def render(stock: Stock, one: Handed) -> str:
    """Returns the card as Markdown with its front matter."""
    front = _EXPONENT.sub(r"\1.0\2", strict_yaml.dump(_front(one)).decode())
    return f"---\n{front}---\n\n" + "\n".join(_text(stock, one)) + "\n"


def _front(one: Handed) -> dict[str, Any]:
    record, said = one.record, _said(one.record)
    framework = record.framework
    facts: dict[str, Any] = {
        "license": _licence(record)[0],
        "license_name": _licence(record)[1],
        "library_name": _LIBRARIES.get(framework or "", framework),
        **{name: said[name] for name in _FRONT if _is_words(said.get(name))},
        "tags": list(one.standing.tags),
        "model-index": _results(record, said),
    }
    return {name: value for name, value in facts.items() if value not in (None, [], "")}


def _results(record: ModelVersion, said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the metrics as the Hub reads them; none where task or data are not stated, which it asks for."""
    task, data = _task(record, said), _data(record)
    metrics = [_result(name, metric) for name, metric in sorted(record.metrics.items()) if metric.is_finite]
    if not (task and data and metrics):
        return []
    kind = re.sub(r"[^\w.-]+", "-", data).strip("-") or "data"
    dataset: dict[str, Any] = {"type": kind, "name": data}
    if record.dataset.get("version"):
        dataset["revision"] = str(record.dataset["version"])
    return [{"name": record.name, "results": [{"task": {"type": task}, "dataset": dataset, "metrics": metrics}]}]


def _result(name: str, metric: Metric) -> dict[str, Any]:
    unit = {"name": f"{name} ({metric.unit})"} if metric.unit else {}
    value = metric.value if abs(metric.value) < _WHOLE_MAX else float(metric.value)
    return {"type": name, "value": value, **unit}


def _text(stock: Stock, one: Handed) -> Iterator[str]:
    record, said = one.record, _said(one.record)
    yield f"# {escaped(record.name)} {one.version}"
    yield from _paragraph(record.description)
    yield from _section("What it is", _list(_facts(stock, one)))
    for name in _LEADING:
        yield from _section(living.words(name), _paragraph(said.get(name))[1:])
    yield from _section("Data", _list(_about_data(record)))
    yield from _section("Metrics", _metrics(record))
    yield from _section("Inputs and outputs", _signature(record))
    yield from _section("Lineage", _list(_lineage(record)))
    yield from _section("Approvals", _list(_approval(approval) for approval in one.approvals))
    for name in said:
        if name not in (*_FRONT, *_LEADING, *_TASKS, *_LICENCES):
            yield from _section(escaped(living.words(name)), _paragraph(said[name])[1:])
    yield from _section("How to get it", _how(one))


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"## {title}", "", *lines)


def _facts(stock: Stock, one: Handed) -> Iterator[tuple[str, Any]]:
    record, standing = one.record, one.standing
    yield "Stage", f"{standing.stage}, since {living.day(standing.moved.at)}"
    if standing.deprecated is not None:
        yield "Deprecated", standing.deprecated.reason
    yield "Type", record.type
    yield "Framework", record.framework
    yield "Owner", record.owner
    licence, name = _licence(record)
    yield "Licence", name or licence
    yield "Registered", f"{living.day(standing.registered.at)} by {standing.registered.actor}"
    count = len(record.files)
    yield "Size", f"{record.size_bytes:,} bytes in {count} file{'' if count == 1 else 's'}"
    yield "Digest of the record", standing.record
    yield "Repository", stock.repository


def _about_data(record: ModelVersion) -> Iterator[tuple[str, Any]]:
    yield "Data set", record.lineage.get("data")
    for key, value in record.dataset.items():
        yield living.words(key), f"{value:,}" if isinstance(value, int) else value
    yield "Feature set", record.lineage.get("feature_set")


def _lineage(record: ModelVersion) -> Iterator[tuple[str, Any]]:
    lineage = record.lineage
    for key in ("parent", "variant_of", "experiment", "increment"):
        yield living.words(key), lineage.get(key)
    yield "Depends on", ", ".join(lineage.get("depends_on", ()))
    yield "Commit", record.captured.get("git", {}).get("commit")


def _approval(approval: Approval) -> tuple[str, str]:
    verb = "approves" if approval.decision == "approve" else "rejects"
    signed = f"signed with {approval.key}" if approval.is_signed else "unsigned"
    comment = f": {approval.comment}" if approval.comment else ""
    return approval.approver, f"{verb} it for {approval.stage}, {living.day(approval.at)}, {signed}{comment}"


def _metrics(record: ModelVersion) -> list[str]:
    rows = [(name, living.metric_value(one)) for name, one in sorted(record.metrics.items()) if one.is_finite]
    odd = [name for name, one in sorted(record.metrics.items()) if not one.is_finite]
    lines = [*table(("Metric", "Value"), rows)] if rows else []
    if odd:
        lines += [*([""] if lines else []), f"Stated, but no finite numbers: {escaped(', '.join(odd))}."]
    return lines


def _signature(record: ModelVersion) -> list[str]:
    known = {} if record.signature is None else stated.shown(record.signature)
    rows = [
        (name, side[:-1], kind if isinstance(kind, str) else json.dumps(kind, ensure_ascii=False))
        for side in ("inputs", "outputs")
        for name, kind in _fields(known.get(side))
    ]
    if rows:
        return [*table(("Name", "Which", "Type"), rows)]
    return [f"Features: {escaped(', '.join(record.features))}"] if record.features else []


def _fields(side: Any) -> list[tuple[str, Any]]:
    return [*side.items()] if isinstance(side, Mapping) else []


def _how(one: Handed) -> list[str]:
    return [
        "```sh", f"mlreg checkout {one.ref} -o model", "```", "",
        "```python", "from mlreg import Registry", "", f'model = Registry.open().load("{one.ref}")', "```",
    ]  # fmt: skip


def _list(facts: Iterator[tuple[str, Any]]) -> list[str]:
    return [f"- **{escaped(name)}**: {escaped(str(value))}" for name, value in facts if value not in (None, "")]


def _paragraph(words: Any) -> list[str]:
    """Returns an empty line and what is said, line by line; nothing where nothing is."""
    listed = "\n".join(f"- {one}" for one in _words(words))
    text = listed if isinstance(words, list | Mapping | None) else str(words)
    lines = [re.sub(r"^(?=[-=]+$)", r"\\", escaped(line)) for line in text.strip().splitlines()]  # no heading, no rule
    return ["", *lines] if lines else []


def _said(record: ModelVersion) -> dict[str, Any]:
    """Returns what the custom facts say below `card`, by name."""
    card = record.meta.get(CARD)
    named = {name.removeprefix(f"{CARD}."): value for name, value in record.meta.items() if name.startswith(f"{CARD}.")}
    return {**(card if isinstance(card, Mapping) else {"intended_use": card} if card else {}), **named}


def _task(record: ModelVersion, said: Mapping[str, Any]) -> str | None:
    stated_tasks = [*(said.get(name) for name in _TASKS), record.meta.get("task"), record.type]
    return next((task for task in stated_tasks if isinstance(task, str) and task.strip()), None)


def _data(record: ModelVersion) -> str | None:
    name = record.lineage.get("data") or record.dataset.get("version")
    return None if name is None else str(name)


def _licence(record: ModelVersion) -> tuple[str | None, str | None]:
    """Returns the licence as the Hub calls it, and its own name where that is another."""
    said = _said(record)
    named = next((where[word] for where in (record.meta, said) for word in _LICENCES if where.get(word)), None)
    if not isinstance(named, str) or not named.strip():
        return None, None
    known = named.strip().lower()
    return (known, None) if known in _KNOWN_LICENCES else ("other", named.strip())


def _is_words(value: Any) -> bool:
    return bool(value) and (isinstance(value, str) or _words(value) == value)


def _words(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
