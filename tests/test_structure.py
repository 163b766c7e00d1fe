"""The shape of the code: what would make it tangled, hidden or nameless is found before anybody has to feel it."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlreg import Registry, errors
from mlreg.cli import COMMANDS, load_command
from mlreg.errors import MlregError

ROOT = Path(__file__).parent.parent
MODULES = {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / "mlreg").rglob("*.py"))}
TREES = {name: ast.parse(text) for name, text in MODULES.items()}
LONGEST_MODULE_LINES = 600
ABOUT_MLREG = {"demo", "completion", "help", "explain"}  # no verb of a repository, so no method of its registry
Function = ast.FunctionDef | ast.AsyncFunctionDef


def lines_with(pattern: str, names: Callable[[str], bool], texts: dict[str, str] = MODULES) -> list[str]:
    """Returns the lines with `pattern` in the files whose name `names` accepts."""
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts.items()
        if names(name)
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_imports_keep_every_contract():
    done = run("-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache")
    assert done.returncode == 0, done.stdout
    names = ("Imports point down", "The domain knows the standard library only", "Commands do not know each other")
    assert [name for name in names if f"{name} KEPT" not in done.stdout] == []


def hidden_imports(tree: ast.Module) -> list[str]:
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    nodes = [node for function in functions for node in ast.walk(function)]
    return [ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def test_no_import_is_hidden_in_a_function():
    assert {name: found for name, tree in TREES.items() if (found := hidden_imports(tree))} == {}


def lazy_but_untyped(tree: ast.Module) -> set[str]:
    """Returns the names that are lazy at run time and not imported for type checkers and import contracts."""
    parts = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imports = [node for part in parts for node in ast.walk(part) if isinstance(node, ast.Import | ast.ImportFrom)]
    typed = {(name.asname or name.name).split(".")[0] for node in imports for name in node.names}
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Assign) and "LazyModule(" in ast.unparse(node.value)
    ]
    return {ast.unparse(target) for node in calls for target in node.targets} - typed


def test_what_is_lazy_is_an_import_for_whoever_reads():
    assert {name: found for name, tree in TREES.items() if (found := lazy_but_untyped(tree))} == {}


def test_only_the_doors_see_the_terminal_the_environment_and_the_clock():
    pattern = r"\b(print|echo)\(|sys\.exit|os\.environ|datetime\.now|time\.time\(|Path\.home"
    assert lines_with(pattern, lambda name: not name.startswith(("mlreg/cli/", "mlreg/adapters/"))) == []


def test_keys_are_spelled_in_one_module():
    pattern = r"[\"'](blobs|catalog|history|observations)/"
    assert lines_with(pattern, lambda name: name != "mlreg/store/layout.py") == []


def test_yaml_is_imported_by_one_module():
    assert {line.split(":")[0] for line in lines_with(r"^\s*(from|import) yaml\b", lambda name: True)} == {
        "mlreg/store/strict_yaml.py"
    }


def test_no_module_is_a_drawer():
    drawers = ("util", "helper", "common", "misc", "manager")
    assert [name for name in MODULES if Path(name).stem.strip("_").startswith(drawers)] == []


def test_the_page_of_the_architecture_names_every_module_and_nothing_that_is_not_there():
    page = (ROOT / "docs/architecture.md").read_text()
    named = set(re.findall(r"`([a-z_/]+(?:\.py|/))(?:X\.py)?`", page))
    places = [*(ROOT / "mlreg").glob("*.py"), *(ROOT / "mlreg").glob("[a-z]*/")]
    assert {place.name + "/" * place.is_dir() for place in places} - named == set()
    assert [name for name in named if not (any((ROOT / "mlreg").rglob(name)) or (ROOT / name).exists())] == []


def test_no_module_is_longer_than_one_can_hold_in_mind():
    assert {name: length for name, text in MODULES.items() if (length := text.count("\n")) > LONGEST_MODULE_LINES} == {}


def test_no_function_is_a_ladder():
    select = ("--isolated", "--ignore-noqa", "--select", "C901,PLR0912,PLR0915", "--output-format", "concise")
    done = run("-m", "ruff", "check", "mlreg", "-q", *select)
    assert done.stdout == ""


def test_no_test_patches_our_own_modules():
    tests = {path.name: path.read_text() for path in (ROOT / "tests").rglob("*.py")}
    assert lines_with(r"(patch|setattr)\(.{0,3}mlreg\b", lambda name: name != Path(__file__).name, tests) == []


def nameless(node: ast.Module | ast.ClassDef | Function, thing: object, name: str) -> Iterator[str]:
    """Yields what is public in `node` and has nothing said of it, there or where it was inherited from."""
    said = inspect.getdoc(thing) if isinstance(node, Function) else ast.get_docstring(node)
    if not said:
        yield name
    if not isinstance(node, Function):
        for child in node.body:
            if isinstance(child, ast.ClassDef | Function) and not child.name.startswith("_"):
                yield from nameless(child, getattr(thing, child.name), f"{name}.{child.name}")


def test_what_is_public_says_what_it_is():
    names = {module: module.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for module in MODULES}
    modules = {module: importlib.import_module(name) for module, name in names.items()}
    assert [name for module in MODULES for name in nameless(TREES[module], modules[module], names[module])] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_one_module_and_one_method(command):
    assert f"mlreg/cli/commands/{command}.py" in MODULES
    assert command in ABOUT_MLREG or callable(getattr(Registry, command))


@pytest.mark.parametrize(
    ("command", "words"),
    {
        "list": {"name"},
        "info": {"name", "version"},
        "promote": {"name", "version", "--to", "--from", "--expect", "--reason", "--dry-run"},
        "rollback": {"name", "--to", "--stage", "--expect", "--reason", "--dry-run"},
        "compare": {"words"},
    }.items(),
)
def test_the_five_commands_take_the_words_that_scripts_rely_on(command, words):
    known = {option for param in load_command(command).params for option in param.opts}
    assert words <= known


def test_every_kind_of_error_has_an_exit_code_of_its_own():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__base__ is MlregError]
    assert sorted(kind.exit_code for kind in kinds) == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert len({kind.code for kind in kinds}) == len(kinds)
