"""Owns which globals a model may name: exact pairs of module and name, each with what may be done with it.

The lists lie in `allowed/`, one file for each framework, sorted, made from what real models hold and read by people.
A line is `module name role`: `call` may be called by a pickle, `make` may be instantiated without its constructor
(`__new__` of a class whose state follows), `name` may only be mentioned, as a type or a function that is kept.
What may be called or made may also be mentioned.
"""

from __future__ import annotations

import _compat_pickle
import re
import sys
from collections.abc import Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Final

_LISTS = Path(__file__).parent / "allowed"
_MODULE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_RENAMED: Final[Mapping[str, str]] = {"numpy.core": "numpy._core", "pathlib._local": "pathlib"}
_SCRIPTS = frozenset({"__main__", "__mp_main__"})
# packages that run what they are told, install, or unpickle: not even their names have a place in a model
_TOOLS = frozenset(
    {
        "_pytest", "aiohttp", "boto3", "click", "cloudpickle", "dill", "django", "fabric", "flask", "fsspec", "git",
        "httpx", "invoke", "IPython", "ipykernel", "jinja2", "mlreg", "numexpr", "paramiko", "pexpect", "pip",
        "pkg_resources", "plumbum", "pytest", "requests", "setuptools", "sh", "typer", "urllib3", "wheel",
        "yaml", "_distutils_hack",
    }
)  # fmt: skip
_OFTEN = frozenset({"cpu", "latin1", "storage"})
_OLD_BUILTINS = frozenset({"__builtin__", "copy_reg"})


class Standing(Enum):
    """What mlreg knows of a global."""

    CALLED = "call"
    MADE = "make"
    NAMED = "name"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


def standing(module: str, name: str) -> Standing:
    """Returns what mlreg knows of `name` of `module`.

    `FOREIGN` is what is of neither Python nor a package on the lists: somebody's own code, which one may trust.
    `UNKNOWN` is what is of those and not on the lists, or no name that could be imported.
    """
    listed = allowed().get((current(module), name))
    if listed is not None:
        return listed
    if not _MODULE.fullmatch(module) or not _MODULE.fullmatch(name):
        return Standing.UNKNOWN
    return Standing.UNKNOWN if is_known(module) else Standing.FOREIGN


def is_known(module: str) -> bool:
    """Whether `module` is of Python, of a package on the lists, or of a tool that no model needs."""
    package = module.partition(".")[0]
    return package not in _SCRIPTS and package in _known_packages()


def current(module: str) -> str:
    """Returns what `module` is called now, where a package has renamed it."""
    for old, new in _RENAMED.items():
        if module == old or module.startswith(f"{old}."):
            return new + module[len(old) :]
    return module


def python3(module: str, name: str) -> tuple[str, str]:
    """Returns what Python 3 looks up where a pickle of protocol 0 to 2 names `name` of `module`."""
    renamed = _compat_pickle.NAME_MAPPING.get((module, name))
    if renamed is not None:
        return renamed
    return _compat_pickle.IMPORT_MAPPING.get(module, module), name


@cache
def allowed() -> Mapping[tuple[str, str], Standing]:
    """Returns all pairs of module and name on the lists, with what may be done with each."""
    pairs: dict[tuple[str, str], Standing] = {}
    for path in sorted(_LISTS.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                module, name, role = line.split()
                pairs[module, name] = Standing(role)
    return pairs


@cache
def words() -> frozenset[str]:
    """Returns all modules and names on the lists, and what the savers of numpy and torch call with again and again."""
    return frozenset(word for pair in allowed() for word in pair) | _OFTEN


@cache
def _known_packages() -> frozenset[str]:
    listed = {module.partition(".")[0] for module, _ in allowed()}
    return frozenset(listed | _TOOLS | _OLD_BUILTINS | sys.stdlib_module_names | {"test", "lib2to3", "distutils"})
