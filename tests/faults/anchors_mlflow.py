"""Changes a stage in the model registry that MLflow keeps in files: what mlreg is held against.

It runs where MLflow is installed, and knows nothing of mlreg.

    anchors_mlflow.py STAGING   (promotes version 2 in the working directory)
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ALLOW_FILE_STORE": "1"}

from mlflow.store.model_registry.file_store import FileStore

_MODEL = "fraud"


def prepare(root: Path) -> None:
    """Makes the registry: one version in production, another that may come after it."""
    store = _store(root)
    store.create_registered_model(_MODEL)
    for _ in range(2):
        store.create_model_version(_MODEL, source="s3://models/fraud")
    promote(root, "1")


def promote(root: Path, version: str) -> None:
    """Brings `version` to production; who was there is archived."""
    _store(root).transition_model_version_stage(_MODEL, version, "Production", archive_existing_versions=True)


def stages(root: Path) -> dict[str, str]:
    """Returns where each version stands, as the registry's own search says; the model must be there."""
    store = _store(root)
    store.get_registered_model(_MODEL)
    found = store.search_model_versions(f"name='{_MODEL}'", max_results=100)
    return {one.version: one.current_stage for one in found}


def change(root: Path, process: int, turn: int) -> str:
    """Promotes one of the versions; nothing is written down that would tell of it later."""
    promote(root, str(1 + turn % 2))
    return f"{process} {turn}"


def run(program: str, words: Sequence[str]) -> None:
    """Does one of the above in the working directory.

    Args:
        program: Its name.
        words: Where MLflow stages its files: it takes the directory for temporary files of the machine.
    """
    tempfile.tempdir = str(Path(*words).resolve())
    shutil._USE_CP_SENDFILE = False  # type: ignore[attr-defined]  # the interposer knows read and write
    if program == "prepare":
        prepare(Path.cwd())
    elif program == "promote":
        promote(Path.cwd(), "2")
    else:
        json.dump(stages(Path.cwd()), sys.stdout)


def _store(root: Path) -> FileStore:
    return FileStore(str(root / "registry"))


if __name__ == "__main__":
    run("promote", sys.argv[1:])
