"""Owns what a service says of the models that it uses, `mlreg.toml`, and what was locked for it, `mlreg.lock`.

    consumer = "checkout-api"

    [models]
    fraud-detector = ">=3.1,<4"
    "risk/scorer" = "production"

What stands behind the name of a model is what stands behind the `@` of a reference.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from mlreg.domain.constraint import Constraint
from mlreg.domain.names import checked_label, checked_model_name
from mlreg.domain.refs import ByConstraint, ByVersion, Selector, parse_selector
from mlreg.domain.semver import Version
from mlreg.domain.stages import Stages
from mlreg.errors import UsageError

LOCK_FORMAT: Final = 1
_LOCK_FIELDS: Final = ("name", "wanted", "version", "digest", "content_digest")
_HEAD: Final = """\
# Written by `mlreg lock`: the exact versions of what `mlreg.toml` wants. Keep it under version control.
"""
Fail = Callable[[str, str], Exception]


class Wants(NamedTuple):
    """What a service wants: for each model the words behind the `@`; `consumer` is what it is called, or None."""

    consumer: str | None
    models: Mapping[str, str]


class Pin(NamedTuple):
    """A model as it was locked: what was wanted, the version, the digests of its record and of its list of files."""

    name: str
    wanted: str
    version: str
    digest: str
    content_digest: str


class Lock(NamedTuple):
    """What was locked, sorted by name, and the id of the repository that it is out of."""

    repository: str
    pins: Sequence[Pin]

    def pin(self, name: str) -> Pin | None:
        """Returns what was locked of a model, or None."""
        return next((pin for pin in self.pins if pin.name == name), None)

    def text(self) -> str:
        """Returns the bytes of the file as a text: the same for the same lock."""
        lines = [_HEAD, f"format = {LOCK_FORMAT}", f"repository = {_literal(self.repository)}"]
        for pin in self.pins:
            lines += ["", "[[models]]", *(f"{key} = {_literal(value)}" for key, value in pin._asdict().items())]
        return "\n".join(lines) + "\n"


def parse_wants(root: Mapping[str, Any], stages: Stages, fail: Fail) -> Wants:
    """Returns what `mlreg.toml` says.

    Args:
        fail: Makes the error that something is wrong at a key.

    Raises:
        UsageError: A key or a value means nothing.
    """
    for key in root:
        if key not in ("consumer", "models"):
            raise fail(key, f"{key!a} means nothing: known are consumer and [models]")
    consumer, models = root.get("consumer"), root.get("models", {})
    if consumer is not None and not (isinstance(consumer, str) and _is(partial(checked_label, consumer, "a consumer"))):
        raise fail("consumer", "the consumer is not one word of letters, digits, `.`, `_` and `-`")
    if not isinstance(models, dict):
        raise fail("models", "'models' is not a table")
    for name, wanted in models.items():
        if not _is(partial(checked_model_name, name)):
            raise fail(name, f"{name!a} cannot be a model's name")
        if not (isinstance(wanted, str) and _is(partial(parse_selector, wanted, stages))):
            raise fail(name, f"what is wanted of {name} is not a version, a stage, an alias or a constraint")
    return Wants(consumer, dict(sorted(models.items())))


def parse_lock(root: Mapping[str, Any], fail: Fail) -> Lock:
    """Returns what `mlreg.lock` says.

    Raises:
        UsageError: It is not what `Lock.text` writes.
    """
    if root.get("format") != LOCK_FORMAT:
        raise fail("format", f"its format is not {LOCK_FORMAT}, the one that this mlreg writes")
    pins = root.get("models", [])
    if not isinstance(root.get("repository"), str) or not isinstance(pins, list) or not all(map(_is_pin, pins)):
        raise fail("models", "it is not what `mlreg lock` writes")
    return Lock(root["repository"], [Pin(**{key: pin[key] for key in _LOCK_FIELDS}) for pin in pins])


def admits(wanted: str, version: str, stages: Stages) -> bool | None:
    """Whether `wanted` allows `version`; None where it names no versions, as a stage or an alias."""
    selector: Selector = parse_selector(wanted, stages)
    match selector:
        case ByConstraint():
            constraint: Constraint = selector.constraint
            return constraint.matches(Version.parse(version))
        case ByVersion():
            return str(selector.version) == version
        case _:
            return None


def broken(announced: Mapping[str, Mapping[str, str]], model: str, version: str, stages: Stages) -> list[str]:
    """Returns a sentence for each consumer that does not want `version` of a model.

    Args:
        announced: By consumer what it wants of each model that it uses.
    """
    wants = ((consumer, models[model]) for consumer, models in sorted(announced.items()) if model in models)
    return [
        f"{consumer} wants {model} {wanted}: {version} is not that"
        for consumer, wanted in wants
        if admits(wanted, version, stages) is False
    ]


def announced_by(effects: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Returns by consumer what it wants of which models, after all that was announced, the oldest first."""
    known: dict[str, dict[str, str]] = {}
    for effect in effects:
        known[effect["consumer"]] = dict(effect["models"])
    return {consumer: models for consumer, models in known.items() if models}


def _is(check: Callable[[], Any]) -> bool:
    try:
        check()
    except UsageError:
        return False
    return True


def _is_pin(pin: Any) -> bool:
    return isinstance(pin, dict) and all(isinstance(pin.get(key), str) for key in _LOCK_FIELDS)


def _literal(text: str) -> str:
    # a string of JSON is one of TOML but for the one character that only JSON lets through
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
