"""Owns what is put to the test: every command that writes, and what must be there before it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from mlreg.registry import Registry
from mlreg.store import codec, layout

from .subjects import (
    DISK_FAILED,
    FOUND,
    NOT_ALLOWED,
    Standing,
    Subject,
    Words,
    errs,
    problems,
    staged,
    standing,
    write_sources,
    write_weights,
)

FIRST: Sequence[Words] = (("init",), ("register", "fraud", "model.bin", "--metric", "auc=0.9"))
SECOND: Sequence[Words] = (*FIRST, ("register", "fraud", "better.bin", "--version", "2.0.0"))
IN_PRODUCTION: Sequence[Words] = (*SECOND, ("promote", "fraud", "1.0.0", "--to", "production"))
REPLACED: Sequence[Words] = (*IN_PRODUCTION, ("promote", "fraud", "2.0.0", "--to", "production"))
THREE: Sequence[Words] = (
    *REPLACED,
    ("register", "fraud", "export", "--version", "3.0.0"),
    ("promote", "fraud", "3.0.0", "--to", "production"),
)

NETS = (("weights.safetensors", "1.0.0"), ("tuned.safetensors", "2.0.0"))
(WEIGHTS, _), (TUNED, _) = NETS
NET: Sequence[Words] = (("init",), ("register", "net", WEIGHTS))
TWO_NETS: Sequence[Words] = (*NET, ("register", "net", TUNED, "--version", "2.0.0", "--parent", "net@1.0.0"))
ADD_KEY = ("keys", "add")
_PAPERS = {
    "signature.yaml": "inputs: {amount: float}\noutputs: {fraud: float}\n",
    "cases.csv": "amount,country\n1.5,DE\n2.5,FR\n",
    "out/mlreg.toml": 'consumer = "shop"\n\n[models]\nfraud = ">=1,<3"\n',
    "out/models.md": "# Ours\n\n<!-- mlreg:begin fraud -->\n<!-- mlreg:end -->\n",
}


def _write_papers(root: Path) -> None:
    write_sources(root)
    (root / "out").mkdir()
    for name, text in _PAPERS.items():
        (root / name).write_text(text)


def _write_key(root: Path) -> None:
    write_sources(root)
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(root / "id")]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


def _let_one_go(root: Path) -> None:
    """Has the rules keep one version, and leaves bytes as a killed command does."""
    (root / ".mlreg/config.toml").write_text("[retention]\nkeep_newest = 1\n")
    data = b"what a killed command has left"
    orphan = root / ".mlreg" / layout.blob(codec.digest(data))
    orphan.parent.mkdir(parents=True, exist_ok=True)
    orphan.write_bytes(data)


def _garbage(root: Path) -> Sequence[str]:
    return [item.object for item in Registry.open(root).gc(now=True).garbage]


def _unsqueezed(root: Path) -> Sequence[str]:
    return [str(path) for path in (root / ".mlreg/blobs").rglob("*") if path.is_file() and path.suffix != ".mlb"]


def _damaged(root: Path) -> Path:
    """Returns the blob of the first version: the coded form where weights were registered, else the plain one."""
    if (root / WEIGHTS).exists():
        return root / ".mlreg" / layout.coded_blob(codec.digest((root / WEIGHTS).read_bytes()))
    return root / ".mlreg" / layout.blob(codec.digest((root / "model.bin").read_bytes()))


def _damage(root: Path) -> None:
    path = _damaged(root)
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _cut_off(root: Path) -> None:
    path = _damaged(root)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-9])


def _other_problems(root: Path) -> Sequence[str]:
    """Returns what is wrong but for what was damaged, and what is stored against it."""
    return [problem for problem in problems(root) if not problem.startswith("blobs/")]


def _checkpointed(root: Path) -> Standing:
    """Returns where everything stands; of a checkpoint without the moment when it was made."""
    now = standing(root)
    known = {name: json.loads(data) if name == "today" else data for name, data in now["files"].items()}
    return {**now, "files": {name: {**said, "at": ""} if name == "today" else said for name, said in known.items()}}


NEW_DIRECTORY = Path("deep/project")
REGISTER = Subject("register a file", ("register", "fraud", "model.bin", "--metric", "auc=0.9"), [("init",)])

COMMANDS = (
    Subject("init", ("init",), share=3),
    Subject(
        "init in a new directory",
        ("init", str(NEW_DIRECTORY)),
        observe=lambda root: standing(root / NEW_DIRECTORY),
        problems=lambda root: problems(root / NEW_DIRECTORY),
        errs=lambda root: errs(root / NEW_DIRECTORY),
        staged=lambda root: staged(root / NEW_DIRECTORY),
        share=6,
    ),
    REGISTER,
    Subject("register a directory", ("register", "fraud", "export"), [("init",)], share=3),
    Subject("register a second version", ("register", "fraud", "better.bin", "--tag", "new"), FIRST, share=3),
    Subject("register what is there", ("register", "fraud", "model.bin", "--metric", "auc=0.9"), FIRST, share=2),
    Subject("promote", ("promote", "fraud", "1.0.0", "--to", "staging", "--reason", "try it"), FIRST),
    Subject("promote in place of another", ("promote", "fraud", "2.0.0", "--to", "production"), IN_PRODUCTION),
    Subject("rollback", ("rollback", "fraud", "--reason", "worse"), REPLACED, again=3),
    Subject("rollback of two steps", ("rollback", "fraud"), THREE, again=0, share=2),
    Subject("rollback to a version", ("rollback", "fraud", "--to", "1.0.0"), THREE, share=2),
    Subject("tag", ("tag", "fraud", "1.0.0", "reviewed"), FIRST, share=2),
    Subject("deprecate", ("deprecate", "fraud@1.0.0", "--reason", "leaks"), FIRST, share=2),
    Subject("set", ("set", "fraud@1.0.0", "--metric", "latency=35ms"), FIRST, share=2),
    Subject("alias", ("alias", "fraud", "1.0.0", "champion"), FIRST, share=2),
    Subject(
        "config set",
        ("config", "set", "metrics.psi.direction", "down"),
        FIRST,
        observe=lambda root: {**standing(root), "config": (root / ".mlreg/config.toml").read_text()},
    ),
    Subject("archive", ("archive", "fraud", "1.0.0"), SECOND, share=2),
    Subject("checkout", ("checkout", "fraud", "1.0.0", "-o", "out"), FIRST, is_atomic=False),
    Subject(
        "checkout of a directory", ("checkout", "fraud", "3.0.0", "-o", "out/model"), THREE, is_atomic=False, share=4
    ),
    # ---- bytes that are coded, and those that go
    Subject("register weights", ("register", "net", WEIGHTS), [("init",)], write_weights, share=3),
    Subject("register a fine-tune", ("register", "net", TUNED, "--parent", "net@1.0.0"), NET, write_weights, share=4),
    Subject("register weights as they are", ("register", "net", WEIGHTS, "--raw"), [("init",)], write_weights, share=6),
    Subject(
        "register what was cut off",
        ("register", "net", WEIGHTS),
        TWO_NETS,
        write_weights,
        arrange=_cut_off,
        observe=lambda root: {**standing(root), "damage": bool(problems(root))},
        problems=_other_problems,
        share=3,
    ),
    Subject(
        "checkout of weights",
        ("checkout", "net", "2.0.0", "-o", "out"),
        TWO_NETS,
        write_weights,
        is_atomic=False,
        share=3,
    ),
    Subject(
        "checkout of links", ("checkout", "fraud", "1.0.0", "-o", "out", "--link"), FIRST, is_atomic=False, share=2
    ),
    Subject("hold", ("hold", "fraud@1.0.0", "--reason", "case 4711"), FIRST, share=2),
    Subject(
        "gc",
        ("gc", "--prune", "--now"),
        SECOND,
        arrange=_let_one_go,
        litter=_garbage,
        share=2,
    ),
    Subject(
        "gc of what others are stored against",
        ("gc", "--prune", "--now"),
        [*TWO_NETS, ("register", "net", "model.bin", "--version", "3.0.0")],
        write_weights,
        arrange=_let_one_go,
        litter=_garbage,
        is_atomic=False,
        share=3,
    ),
    Subject(
        "gc that squeezes",
        ("gc", "--prune"),
        [("init",), *(("register", "net", file, "--raw", "--version", to) for file, to in NETS)],
        write_weights,
        litter=_unsqueezed,
        share=4,
    ),
    Subject(
        "verify --repair",
        ("verify", "--repair", "--from", "model.bin"),
        SECOND,
        arrange=_damage,
        observe=lambda root: {**standing(root), "damage": len(problems(root))},
        problems=_other_problems,
        fails_with={FOUND, DISK_FAILED, NOT_ALLOWED},
        share=2,
    ),
    Subject(
        "verify --repair of coded bytes",
        ("verify", "--repair", "--from", WEIGHTS),
        TWO_NETS,
        write_weights,
        arrange=_damage,
        observe=lambda root: {**standing(root), "damage": bool(problems(root))},
        problems=_other_problems,
        fails_with={FOUND, DISK_FAILED, NOT_ALLOWED},
        share=3,
    ),
    # ---- what people say
    Subject("signature set", ("signature", "set", "fraud@1.0.0", "signature.yaml"), FIRST, _write_papers, share=3),
    Subject(
        "trust add",
        ("trust", "add", "fraud@1.0.0", "--global", "team.Scorer", "--reason", "seen"),
        FIRST,
        share=3,
    ),
    *(
        [
            Subject("keys add", (*ADD_KEY, "ann@example.org", "id.pub", "--key", "id"), FIRST, _write_key, share=4),
            Subject(
                "approve",
                ("approve", "fraud@1.0.0", "--for", "production", "--key", "id"),
                [*FIRST, (*ADD_KEY, "bo@example.org", "id.pub", "--key", "id")],
                _write_key,
                share=4,
            ),
            Subject(
                "reject",
                ("reject", "fraud@1.0.0", "--for", "production", "--reason", "drifts", "--key", "id"),
                [*FIRST, (*ADD_KEY, "bo@example.org", "id.pub", "--key", "id")],
                _write_key,
                share=4,
            ),
        ]
        if shutil.which("ssh-keygen")
        else []
    ),
    # ---- files of the user
    Subject(
        "checkpoint",
        ("checkpoint", "--unsigned", "-o", "out/today"),
        SECOND,
        _write_papers,
        again=5,
        observe=_checkpointed,
        share=2,
    ),
    Subject(
        "signature infer",
        ("signature", "infer", "cases.csv", "-o", "out/signature.yaml"),
        [("init",)],
        _write_papers,
        share=3,
    ),
    Subject("lock", ("lock", "out"), SECOND, _write_papers, share=2),
    Subject("lock --announce", ("lock", "out", "--announce"), SECOND, _write_papers, is_atomic=False, share=3),
    Subject("docs sync", ("docs", "sync", "out/models.md"), IN_PRODUCTION, _write_papers, share=2),
    Subject(
        "docs sync of several",
        ("docs", "sync", "out/models.md", "out/model_catalog.yaml", "out/lineage_graph.json"),
        IN_PRODUCTION,
        _write_papers,
        is_atomic=False,
        share=6,
    ),
    Subject(
        "export",
        ("export", "fraud", "--layout", "flat", "-o", "out/all"),
        SECOND,
        is_atomic=False,
        share=12,
    ),
    Subject(
        "export of a document",
        ("export", "fraud@production", "--format", "deployment", "-o", "out/deployed.json"),
        IN_PRODUCTION,
        _write_papers,
        share=3,
    ),
)
