"""Measures mlreg beside other ways to keep models: what is installed, and what three calls cost.

    python benchmarks/peers.py               installs each into an environment of its own (needs the network, 2 GB)
    python benchmarks/peers.py --keep DIR    the environments stay in DIR, and are found there again

Three models with three versions each, small files, everything on this machine: MLflow in SQLite, DVC with GTO in a Git
repository. Shown are megabytes on the disk, and milliseconds of CPU (user and system, with all processes that were
started) as the least of some runs.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MLFLOW = """
import sys
from mlflow import MlflowClient
client = MlflowClient("sqlite:///mlflow.db", "sqlite:///mlflow.db")
verb, name, *rest = sys.argv[1:]
if verb == "register":
    run = client.create_run("0")
    client.log_metric(run.info.run_id, "auc", 0.9)
    client.log_artifact(run.info.run_id, "model.bin")
    client.set_terminated(run.info.run_id)
    if name not in {model.name for model in client.search_registered_models()}:
        client.create_registered_model(name)
    client.create_model_version(name, f"{run.info.artifact_uri}/model.bin", run.info.run_id)
elif verb == "promote":
    client.set_registered_model_alias(name, "production", rest[0])
else:
    print(client.get_model_version_by_alias(name, "production").version)
"""


@dataclass(frozen=True, slots=True)
class Tool:
    """How a tool is installed and what is typed; `$m` is the model, `$n` counts versions from 1."""

    packages: tuple[str, ...]
    begin: str
    register: str
    promote: str
    ask: str


TOOLS = {
    "mlreg": Tool(
        (str(ROOT),),
        "mlreg init",
        "mlreg register $m model.bin --metric auc=0.9 --bump patch",
        "mlreg promote $m 1.0.$((n - 1)) --to production",
        "mlreg info $m@production -q",
    ),
    "DVC with GTO": Tool(
        ("dvc", "gto", "setuptools<81"),
        "git init -q && dvc init -q && git config user.email ann@example.org && git config user.name ann",
        "dvc add -q model.bin && git add . && git commit -qm $n && gto register $m",
        "gto assign $m --version v0.0.$n --stage production",
        "gto show $m#production",
    ),
    "MLflow": Tool(
        ("mlflow",),
        f"cat > registry.py <<'END'\n{MLFLOW}\nEND",
        "python registry.py register $m",
        "python registry.py promote $m $n",
        "python registry.py ask $m",
    ),
}


def installed(tool: Tool, place: Path) -> float:
    """Makes the environment of `tool` in `place` unless it is there, and returns its size in MB without pip's."""
    if not place.exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run([place / "bin/pip", "install", "-q", *tool.packages], check=True)
    parts = (part for part in place.glob("lib/python*/site-packages/*") if part.name.partition("-")[0] != "pip")
    return sum(size(part) for part in parts) / 1e6


def size(path: Path) -> int:
    """Returns the bytes of a file, or of all files below a directory that are not byte code."""
    files = (file for file in path.rglob("*") if file.suffix != ".pyc") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


def cpu_ms(line: str, work: Path, environment: dict[str, str]) -> float:
    """Returns the milliseconds of CPU that a line of shell takes with all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["sh", "-ec", line], cwd=work, env=environment, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{line}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def measure(tool: Tool, place: Path, runs: int) -> dict[str, float]:
    """Returns the least CPU time of each call, after the models have been made."""
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DVC_NO_ANALYTICS": "true", "MLREG_ACTOR": "ann@example.org"}
    environment = os.environ | quiet | {"PATH": f"{place}/bin:{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        cpu_ms(tool.begin, work, environment)
        spent: dict[str, list[float]] = {"register": [], "promote": [], "ask": []}
        for n in range(1, 3 + runs):
            for model in ("churn", "fraud", "price") if n < 3 else ("price",):
                (work / "model.bin").write_text(f"weights {model} {n}")
                for call, taken in spent.items():
                    taken.append(cpu_ms(f"m={model} n={n}; {getattr(tool, call)}", work, environment))
        return {call: min(taken[6:]) for call, taken in spent.items()}


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="where the environments stay")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        places = arguments.keep or Path(name)
        print(f"{'':14}{'installed':>12}{'register':>12}{'promote':>12}{'what serves':>14}")
        for tool_name, tool in TOOLS.items():
            place = places.resolve() / tool_name.split()[0].lower()
            megabytes = installed(tool, place)
            spent = measure(tool, place, arguments.runs)
            cells = (f"{spent[call]:9.0f} ms" for call in ("register", "promote", "ask"))
            print(f"{tool_name:14}{megabytes:9.0f} MB" + "".join(cells))


if __name__ == "__main__":
    main()
