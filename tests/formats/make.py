"""Makes a small repository that has one of everything, with whatever mlreg the interpreter that runs this has.

    python tests/formats/make.py tests/formats/2026-11-21-3ce99cb

writes `….tar.gz`, the repository, and `….json`, what that mlreg says of it. Of a line
`one | other` it is given the other where it does not know the one; lines that it does not know are left out.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

UNKNOWN = 2
RETENTION = "\n[retention]\nkeep_newest = 1\n"  # with it `gc` drops the bytes of churn 0.0.1
LINES = """
init
config set metrics.lift.direction up
register risk/fraud small.bin --metric auc=0.81 --metric latency=35ms --feature amount --feature hour --tag first
register risk/fraud base.safetensors --bump minor --metric auc=0.85 --param depth=8 --feature amount --feature hour \
--feature country --owner risk@example.org --description größer --framework xgboost --type classifier --meta team.id=7
register risk/fraud tuned.safetensors --parent risk/fraud@1.1.0 --data tx-2026 --experiment boost --increment 0042
register risk/fraud export --version 2.0.0-rc.1 --variant-of risk/fraud@1.1.1 \
| register risk/fraud export --version 2.0.0-rc.1
register risk/fraud base.safetensors --version 3.0.0 --raw --signature signature.json
register churn dropped.bin --version 0.0.1
register churn small.bin --version 0.1.0 --stage staging --depends-on risk/fraud@1.0.0 \
| register churn small.bin --version 0.1.0 --stage staging
promote risk/fraud 1.0.0 --to production --reason first
promote risk/fraud 1.1.0 --to production --reason better --expect 1.0.0
promote risk/fraud 1.1.1 --to production
rollback risk/fraud --reason slower
promote risk/fraud 1.1.1 --to staging
deprecate risk/fraud@1.0.0 --reason leaked --end-of-life 2031-06-30
deprecate churn@0.1.0 --reason wrong
deprecate churn@0.1.0 --lift
archive risk/fraud 2.0.0-rc.1
tag risk/fraud 1.1.0 reviewed eu
tag risk/fraud 1.1.0 eu --remove
set risk/fraud 1.1.0 --metric f1=0.7 --owner ann@example.org --note looked-at
alias risk/fraud 1.1.0 champion
alias risk/fraud 1.0.0 old
alias risk/fraud old --remove
hold risk/fraud@1.1.1 --reason court
signature set risk/fraud@2.0.0-rc.1 signature.json
trust add risk/fraud@1.1.0 --global team.models.Scorer --reason reviewed
gc --prune
keys add bo@example.org key.pub --key key
approve risk/fraud@1.1.1 --for production --key key --comment looked --actor bo@example.org
list
list risk/fraud
"""


def main(target: Path) -> None:
    """Makes `target`.tar.gz and `target`.json."""
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        _write_sources()
        for line in LINES.strip().split("\n"):
            if line.startswith("gc ") and _run("gc").returncode != UNKNOWN:
                Path(".mlreg/config.toml").write_text(Path(".mlreg/config.toml").read_text() + RETENTION)
            _type_first_known(line.split(" | "))
        told = _told()
        shutil.rmtree(".mlreg/tmp", ignore_errors=True)
        target.with_name(f"{target.name}.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")
        target.with_name(f"{target.name}.tar.gz").write_bytes(_packed(Path(".mlreg")))


def _write_sources() -> None:
    numbers = [((index * 2654435761) % 1009) / 1009 - 0.5 for index in range(5000)]
    _write_tensor("base.safetensors", numbers)
    _write_tensor("tuned.safetensors", [number + (index % 7) * 1e-6 for index, number in enumerate(numbers)])
    Path("small.bin").write_text("weights\n")
    Path("dropped.bin").write_text("of no use\n" * 3000)
    Path("signature.json").write_text('{"inputs": {"amount": "double"}, "outputs": {"score": "double"}}')
    Path("export", "sub").mkdir(parents=True)
    Path("export", "sub", "config.json").write_text("{}")
    Path("export", "serve.sh").write_text("#!/bin/sh\n")
    Path("export", "serve.sh").chmod(0o755)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "key"], check=True)


def _write_tensor(name: str, numbers: list[float]) -> None:
    size = 4 * len(numbers)
    header = json.dumps({"w": {"dtype": "F32", "shape": [len(numbers)], "data_offsets": [0, size]}}).encode()
    Path(name).write_bytes(struct.pack("<Q", len(header)) + header + struct.pack(f"<{len(numbers)}f", *numbers))


def _type_first_known(lines: list[str]) -> None:
    for line in lines:
        answer = _run(*line.split())
        if answer.returncode != UNKNOWN:
            break
        sys.stderr.write(f"not known: {line}: {answer.stderr}")
    if answer.returncode not in (0, UNKNOWN):
        sys.exit(f"{line}: {answer.stderr}")


def _type(*words: str) -> str:
    answer = _run(*words)
    if answer.returncode:
        sys.exit(f"{' '.join(words)}: {answer.stderr}")
    return answer.stdout


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MLREG_ACTOR": "ann@example.org", "HOME": "/nonexistent"}
    return subprocess.run(
        [sys.executable, "-m", "mlreg", *words], capture_output=True, text=True, check=False, env=environment
    )


def _told() -> dict[str, Any]:
    """Returns what the mlreg that made it says: of each model its stages, its number of events, and its versions."""
    told = {}
    for name in _type("list", "-q").split():
        versions = [line["version"] for line in json.loads(_type("list", name, "--json"))["versions"]]
        infos = {version: json.loads(_type("info", name, version, "--json")) for version in versions}
        told[name] = {
            "stages": infos[versions[0]]["model"]["stages"],
            "aliases": infos[versions[0]]["model"].get("aliases", {}),
            "events": [event["kind"] for event in json.loads(_type("history", name, "--json"))["events"]],
            "versions": {version: _said(info) for version, info in infos.items()},
        }
    return told


def _said(info: dict[str, Any]) -> dict[str, Any]:
    kept = ("stage", "digest", "content_digest", "metrics", "tags", "owner", "deprecated", "features", "registered_at")
    files = {file["path"]: file["digest"] for file in info["files"]}
    return {**{key: info[key] for key in kept}, "files": files, "dropped": info.get("dropped") is not None}


def _packed(directory: Path) -> bytes:
    """Returns an archive of `directory`: its bytes, names and modes, and nobody's name or time."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = member.mtime = 0
        member.uname = member.gname = ""
        return member

    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path in sorted(directory.rglob("*")):
            tar.add(path, recursive=False, filter=plain)
    return gzip.compress(archive.getvalue(), mtime=0)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
