"""Owns what a subject of a test is, how one sees where things stand, and the naive programs; see also `commands.py`."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from json import dumps
from pathlib import Path
from random import Random
from typing import Any

from mlreg.adapters import load
from mlreg.errors import MlregError, NotFoundError
from mlreg.registry import Registry
from mlreg.store import layout
from mlreg.store.repository import Repository

Standing = Mapping[str, Any]
Words = tuple[str, ...]

FOUND, NOT_ALLOWED, DISK_FAILED = 1, 4, 11
STAGING_OF_CHECKOUT = ".mlreg-checkout-"
_OF_THE_MOMENT = ("at", "updated_at", "registered_at", "id", "digest", "previous", "nonce", "signed")
_BIRTH = "initialised"
_FILES = {
    "model.bin": "weights of the first version",
    "better.bin": "weights of the second version",
    "export/model.bin": "weights",
    "export/config/model.json": '{"layers": 3}',
    "export/config/words/en.txt": "yes\nno\n",
}


@dataclass(frozen=True)
class Subject:
    """A command to be put to the test.

    Attributes:
        words: The command.
        before: The commands that make the old state.
        prepare: Writes what lies in the directory before these commands.
        arrange: Does to the directory, after these commands, what no command does.
        again: What the same command answers where it has been done already.
        program: Who is asked: `mlreg`, another that `programs.py` knows, or the whole path of what is executed.
        observe: Returns where things stand; raises where that cannot be read.
        problems: Returns what the subject's own check finds wrong.
        errs: Returns what a reader who trusts derived data would get wrong; it may write such data.
        staged: Returns the files of work in progress, which a command that ends by itself takes away.
        litter: Returns those of them that are where they disturb, so that the next command must take them away.
        is_atomic: Whether no state between the old and the new one may ever be seen; else single files and events may.
        fails_with: How it ends where a disk fails, with an error; or with what it has found.
        share: The short form tries one of so many calls.
    """

    name: str
    words: Words
    before: Sequence[Words] = ()
    prepare: Callable[[Path], object] = field(default=lambda root: write_sources(root))
    arrange: Callable[[Path], object] = field(default=lambda root: None)
    again: int = 0
    program: str = "mlreg"
    observe: Callable[[Path], Standing] = field(default=lambda root: standing(root))
    problems: Callable[[Path], Sequence[str]] = field(default=lambda root: problems(root))
    errs: Callable[[Path], Sequence[str]] = field(default=lambda root: errs(root))
    staged: Callable[[Path], Sequence[str]] = field(default=lambda root: staged(root))
    litter: Callable[[Path], Sequence[str]] = field(default=lambda root: litter(root))
    is_atomic: bool = True
    fails_with: Set[int] = frozenset({DISK_FAILED, NOT_ALLOWED})
    share: int = 1

    def __str__(self) -> str:
        return self.name


def write_sources(root: Path) -> None:
    """Writes the files that are registered."""
    for name, text in _FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def write_weights(root: Path) -> None:
    """Writes two models of 24 kB beside the sources: what is kept in the coded form, and a fine-tune of it."""
    write_sources(root)
    lots = Random(1)
    values = array("f", (lots.gauss(0, 1) for _ in range(6000)))
    (root / "weights.safetensors").write_bytes(_safetensors(values))
    tuned = array("f", (value + lots.gauss(0, 1e-4) for value in values))
    (root / "tuned.safetensors").write_bytes(_safetensors(tuned))


def _safetensors(values: array[float]) -> bytes:
    size_bytes = len(values) * values.itemsize
    head = dumps({"layer": {"dtype": "F32", "shape": [len(values)], "data_offsets": [0, size_bytes]}}).encode()
    return len(head).to_bytes(8, "little") + head + values.tobytes()


def listed(root: Path) -> Sequence[Mapping[str, Any]]:
    """Returns what `mlreg list --json` should answer, without times."""
    registry = _opened(root)
    return [lasting(model) for model in registry.list().document()["models"]] if registry else []


def standing(root: Path) -> Standing:
    """Returns where everything stands, without what no two runs have in common: times and random ids.

    It is read without a cache, and nothing is written.

    Raises:
        MlregError: It cannot be read.
    """
    files = {path: data for path, data in _written(root).items() if not _is_staged(path)}
    models = _models(_opened(root))
    return {"repository": None if models is None else {**models, layout.REPOSITORY: _own_events(root)}, "files": files}


def problems(root: Path) -> Sequence[str]:
    """Returns what `mlreg verify` finds; before `init` has come to its end there is nothing to verify."""
    try:
        registry = _opened(root)
        found = registry.verify().problems if registry else []
    except MlregError as error:
        return [error.message]
    return [f"{problem.object} {problem.message}" for problem in found]


def errs(root: Path) -> Sequence[str]:
    """Returns what the cache gets wrong: it is right or absent."""
    directory = root / ".mlreg"
    if _opened(root) is None or _models(Registry.open(directory)) == _models(_opened(root)):
        return []
    return ["the cache says something else than the history"]


def staged(root: Path) -> Sequence[str]:
    """Returns what lies in `tmp/`, and what `checkout` has staged."""
    return [*litter(root), *(path.name for path in (root / ".mlreg/tmp").glob("*") if path.name != "lock")]


def litter(root: Path) -> Sequence[str]:
    """Returns what is half done among the files of the user."""
    return [path for path in _written(root) if _is_staged(path)]


def _models(registry: Registry | None) -> Mapping[str, Any] | None:
    if registry is None:
        return None
    models = [lasting(model) for model in registry.list().document()["models"]]
    return {model["name"]: {**model, **_model(registry, model["name"])} for model in models}


def _model(registry: Registry, name: str) -> Mapping[str, Any]:
    versions = [lasting(version) for version in registry.versions(name).document()["versions"]]
    events = [lasting(event) for event in registry.history(name).document()["events"]]
    return {"versions": versions, "events": events}


def _own_events(root: Path) -> Sequence[Mapping[str, Any]]:
    events = _kept(root).history.events(layout.REPOSITORY)
    return [lasting(event.document()) for event in events if event.kind != _BIRTH]


def lasting(document: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a document without what no two runs have in common."""
    return {
        name: lasting(value) if isinstance(value, Mapping) else value
        for name, value in document.items()
        if name not in _OF_THE_MOMENT
    }


def _opened(root: Path) -> Registry | None:
    """Opens the repository without a cache; returns None before `init` has come to its end."""
    repository = _kept(root)
    try:
        repository.id()
    except NotFoundError:
        return None
    return Registry(repository, actor="an observer")


def _kept(root: Path) -> Repository:
    return Repository(load("backends", "local").connect(root / ".mlreg"))


def _written(root: Path) -> dict[str, bytes]:
    """Returns what commands have written for the user: all such commands here do that in `out`."""
    out = root / "out"
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def _is_staged(path: str) -> bool:
    return STAGING_OF_CHECKOUT in path or (Path(path).name.startswith(".") and path.endswith(".new"))


# ---- the naive programs


def _value(name: str, root: Path) -> str:
    path = root / "store" / name
    return path.read_text() if path.exists() else "nothing"


def _kept_text(root: Path) -> Standing:
    return {"value": _value("value", root)}


def _two_kept_texts(root: Path) -> Standing:
    return {"value": _value("value", root), "copy": _value("copy", root)}


def _staged_texts(root: Path) -> Sequence[str]:
    return [path.name for path in (root / "store").glob("*") if path.name not in ("value", "copy")]


def naive_subject(program: str) -> Subject:
    """Returns the function `program` of `naive.py`, asked to change the text `old` to `newer`."""
    return Subject(
        program,
        ("newer",),
        program=program,
        prepare=write_store,
        observe=_two_kept_texts if program == "writes_two_files" else _kept_text,
        problems=_torn_texts,
        errs=lambda root: [],
        staged=_staged_texts,
        litter=lambda root: [],
    )


def _torn_texts(root: Path) -> Sequence[str]:
    values = set(_two_kept_texts(root).values())
    return [f"{value!r} was never written" for value in sorted(values - {"old", "newer"})]


def write_store(root: Path) -> None:
    """Writes the store of a naive program."""
    (root / "store").mkdir()
    (root / "store/value").write_text("old")
    (root / "store/copy").write_text("old")
