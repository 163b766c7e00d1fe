"""Measures what a call costs: CPU time (user and system) of a process, against that of a bare interpreter.

    python benchmarks/startup.py             a table; exit 1 where `list`, `info` or `promote` is over the bar
    python benchmarks/startup.py --runs 50   steadier

Everything runs with its byte code compiled, in a repository of a few models; the runs of all candidates take turns, so
that a busy moment of the machine hits them alike. Medians are shown.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BAR = 8.0
MODELS, VERSIONS = 3, 3
HELD = ("list", "info", "promote", "promote again")
CANDIDATES = {
    "python -c pass": ["-c", "pass"],
    "import typer": ["-c", "import typer"],
    "mlreg --version": ["-m", "mlreg", "--version"],
    "list": ["-m", "mlreg", "list"],
    "list NAME": ["-m", "mlreg", "list", "model-0"],
    "info": ["-m", "mlreg", "info", "model-0"],
    "info, no cache": ["-m", "mlreg", "info", "model-0"],
    "promote": ["-m", "mlreg", "promote", "model-0", "{version}", "--to", "production"],
    "promote again": ["-m", "mlreg", "promote", "model-1", "1.0.0", "--to", "production"],
    "rollback": ["-m", "mlreg", "rollback", "model-2", "--to", "{version}"],
    "history": ["-m", "mlreg", "history", "model-1"],
    "compare": ["-m", "mlreg", "compare", "model-1", "1.0.0", "1.0.1"],
    "register again": ["-m", "mlreg", "register", "model-1", "model.bin", "--metric", "auc=0.9"],
    "verify": ["-m", "mlreg", "verify", "model-1"],
}


def environment(place: Path) -> dict[str, str]:
    """Returns the environment of every run: byte code is written and found below `place`, nothing else of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLREG_", "PYTHON"))}
    named = {"MLREG_ACTOR": "bench", "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(place / "bytecode")}
    return kept | named


def make_repository(place: Path, env: Mapping[str, str]) -> None:
    """Makes a repository of a few models and versions in `place`."""
    mlreg = [sys.executable, "-m", "mlreg"]
    subprocess.run([*mlreg, "init"], cwd=place, env=env, check=True, stdout=subprocess.DEVNULL)
    for model in range(MODELS):
        for version in range(VERSIONS):
            (place / "model.bin").write_text(f"weights {model} {version}" if version else "weights")
            words = ["register", f"model-{model}", "model.bin", "--metric", "auc=0.9", "--stage", "production"]
            subprocess.run([*mlreg, *words], cwd=place, env=env, check=True, stdout=subprocess.DEVNULL)
    (place / "model.bin").write_text("weights")


def cpu_ms(arguments: Sequence[str], place: Path, env: Mapping[str, str]) -> float:
    """Returns the milliseconds of CPU that one run takes."""
    quiet = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
    process = os.posix_spawn(sys.executable, [sys.executable, *arguments], env, file_actions=quiet)
    _, status, used = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    return (used.ru_utime + used.ru_stime) * 1000


def measure(place: Path, runs: int) -> dict[str, list[float]]:
    """Returns the times of every candidate, `runs` each after one to warm up."""
    env = environment(place)
    make_repository(place, env)
    os.chdir(place)
    times: dict[str, list[float]] = {name: [] for name in CANDIDATES}
    for run in range(runs + 1):
        for name, template in CANDIDATES.items():
            if name == "info, no cache":
                subprocess.run(["rm", "-rf", ".mlreg/cache"], check=True)
            arguments = [word.format(version=f"1.0.{run % VERSIONS}") for word in template]
            times[name].append(cpu_ms(arguments, place, env))
    return {name: taken[1:] for name, taken in times.items()}


def main() -> int:
    """Prints the table and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    with tempfile.TemporaryDirectory() as place:
        times = measure(Path(place), parser.parse_args().runs)
    bare = statistics.median(times["python -c pass"])
    print(f"{'':18} {'CPU ms':>8} {'of bare':>8} {'least':>8}")
    over = []
    for name, taken in times.items():
        ratio = statistics.median(taken) / bare
        is_over = name in HELD and ratio > BAR
        over += [name] * is_over
        print(f"{name:18} {statistics.median(taken):8.1f} {ratio:8.2f} {min(taken):8.1f}{'  over the bar' * is_over}")
    print(f"the bar for {', '.join(HELD)}: {BAR:.0f} bare interpreters; Python {sys.version.split()[0]}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
