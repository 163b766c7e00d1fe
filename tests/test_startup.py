"""What a command loads before it answers: start-up time without a stopwatch, which `benchmarks/startup.py` has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

import pytest

ROOT = Path(__file__).parent.parent
REPORT = """
import json, sys
from mlreg.__main__ import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
json.dump(sorted(sys.modules), sys.stderr)
"""
VERBS = {
    "list": "list",
    "list NAME": "list fraud",
    "info": "info fraud",
    "history": "history fraud",
    "promote": "promote fraud 1.0.1 --to staging",
    "rollback": "rollback fraud",
    "compare": "compare fraud 1.0.0 1.0.1",
    "why": "why fraud",
    "tag": "tag fraud 1.0.0 good",
    "set": "set fraud 1.0.0 --owner ann",
    "alias": "alias fraud 1.0.0 champion",
    "deprecate": "deprecate fraud@1.0.0 --reason old",
    "archive": "archive fraud@1.0.1",
    "register": "register fraud model.bin --metric auc=0.9",
    "checkout": "checkout fraud -o out",
    "verify": "verify",
}
# the floors and the way in are everybody's; a room is opened by those who work in it
EVERYBODYS = {
    "__main__", "adapters", "answers", "bench", "cli", "domain", "errors", "journal", "lazy", "ports", "registry",
    "store", "verbs", "version",
}  # fmt: skip
ROOMS = {
    "list": {"looking"},
    "list NAME": {"looking"},
    "info": {"looking", "resolve"},
    "history": {"looking"},
    "compare": {"looking", "resolve"},
    "why": {"explaining", "resolve"},
    "promote": {"moving", "resolve"},
    "rollback": {"moving", "resolve"},
    "tag": {"moving", "resolve"},
    "deprecate": {"moving", "resolve"},
    "archive": {"moving", "resolve"},
    "set": {"stating", "resolve", "intake"},
    "alias": {"stating", "resolve"},
    "register": {"registration", "resolve", "intake", "kinship", "objects", "spec"},
    "checkout": {"checkout", "resolve"},
    "verify": {"verify"},
}
# who writes a record or reads many loads YAML, who reads one finds it in the cache
MAY_LOAD = {
    "yaml": {"list NAME", "rollback", "compare", "register", "verify", "why"},
    "tempfile": {"checkout"},
    "decimal": set(VERBS) - {"list", "history", "promote", "tag", "deprecate", "archive"},
    "mlreg.domain.refs": set(VERBS) - {"list", "list NAME", "history", "verify"},
    "mlreg.domain.decide": set(VERBS) - {"list", "list NAME", "history", "verify"},
    "mlreg.domain.compare": {"compare", "register", "why"},
    "mlreg.domain.directions": {"compare", "register", "why"},
    "mlreg.domain.constraint": {"alias"},
}
NOBODY_LOADS = (
    "numpy", "scipy", "sklearn", "joblib", "pydantic", "click", "rich", "pygments", "markdown_it", "tomllib", "tomli_w",
    "packaging", "setuptools", "pkg_resources", "asyncio", "concurrent", "multiprocessing", "logging", "email", "http",
    "ssl", "xml", "sqlite3", "unittest", "importlib.metadata", "mlreg.adapters.backends.memory", "mlreg.cli.screen",
)  # fmt: skip

Load = Callable[[str], set[str]]


def loaded(code: str, *words: str, place: Path) -> set[str]:
    """Returns the modules that a process running `code` has loaded in the end; its stdout is a pipe."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.fixture
def load(mlreg, model_file, tmp_path: Path) -> Load:
    """Types a verb in a repository of two versions and returns what it loads."""
    mlreg("init")
    for weights in ("old", "new"):
        model_file(weights)
        mlreg("register", "fraud", "model.bin", "--metric", "auc=0.9")
    mlreg("promote", "fraud", "1.0.1", "--to", "production")
    mlreg("promote", "fraud", "1.0.0", "--to", "production")

    def load(verb: str) -> set[str]:
        return loaded(REPORT, *VERBS[verb].split(), place=tmp_path)

    return load


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_loads_only_what_it_needs(load, verb):
    seen = load(verb)
    assert {name for name in NOBODY_LOADS if name in seen} == set()
    assert {name for name, verbs in MAY_LOAD.items() if name in seen and verb not in verbs} == set()


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_opens_the_rooms_that_it_works_in(load, verb):
    inside = {name.split(".")[1] for name in load(verb) if name.startswith("mlreg.")}
    assert inside - EVERYBODYS == ROOMS[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_loads_the_module_of_no_other_command(load, verb):
    start = "mlreg.cli.commands."
    assert {name for name in load(verb) if name.startswith(start)} == {start + verb.split()[0]}


@pytest.mark.parametrize("verb", ["list", "history", "promote"])
def test_the_daily_verbs_load_nothing_of_others_but_typer(load, verb, tmp_path):
    typer = loaded("import json, sys, typer; json.dump(sorted(sys.modules), sys.stderr)", place=tmp_path)
    packages = {name.partition(".")[0] for name in load(verb) - typer} - sys.stdlib_module_names
    assert packages <= {"mlreg", "typer"}


def test_only_the_first_look_after_the_cache_was_deleted_reads_yaml(load, tmp_path):
    rmtree(tmp_path / ".mlreg/cache")
    assert ["yaml" in load("info") for _ in range(2)] == [True, False]
