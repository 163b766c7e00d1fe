"""Measures what the hook `mlreg-signature` costs: CPU time of one process for many signatures, each held against one
version in production.

    python benchmarks/hooks.py               a line; exit 1 where 60 files take more than the bar
    python benchmarks/hooks.py --files 600   more of them
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from mlreg.registry import Registry

ROOT = Path(__file__).resolve().parent.parent
FILES, FIELDS, RUNS = 60, 20, 15
BAR_MS = 300.0


def make_project(place: Path, files: int) -> list[str]:
    """Makes models in production below `place`, each with its specification, and returns their signatures."""
    registry = Registry.init(place, actor="bench")
    fields = {f"feature_{number}": {"type": "float", "min": 0, "nullable": True} for number in range(FIELDS)}
    text = "inputs:\n" + "".join(f"  {name}: {{type: float, min: 0, nullable: true}}\n" for name in fields)
    for number in range(files):
        directory = place / f"model-{number}"
        directory.mkdir()
        (directory / "model.bin").write_text(f"weights {number}")
        (directory / "signature.yaml").write_text(f"{text}  new: {{type: str, optional: true}}\n")
        (directory / "mlreg.yaml").write_text(f"name: model-{number}\nsignature: signature.yaml\n")
        signature = {"inputs": fields}
        registry.register(f"model-{number}", directory / "model.bin", signature=signature, stage="production")
    return [f"model-{number}/signature.yaml" for number in range(files)]


def cpu_ms(command: list[str], place: Path) -> float:
    """Returns what one run of `command` takes of the CPU, user and system."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLREG_", "PYTHON"))}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(place / ".bytecode")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=place, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def main() -> int:
    """Prints the median of some runs and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=FILES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        files = make_project(place, options.files)
        command = [sys.executable, "-m", "mlreg", "signature", "lint", "--output-format", "concise", *files]
        cpu_ms(command, place)  # the byte code
        median = statistics.median(cpu_ms(command, place) for _ in range(RUNS))
    print(f"{len(files)} signatures: {median:.0f} ms of CPU")
    return int(options.files == FILES and median > BAR_MS)


if __name__ == "__main__":
    sys.exit(main())
