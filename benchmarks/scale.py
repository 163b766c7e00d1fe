"""Measures what calls cost in repositories of any size: CPU time and memory of whole processes, cold and warm.

    python benchmarks/scale.py                  100 to 100,000 versions; exit 1 where a warm call is over the bar
    python benchmarks/scale.py --sizes 100,1000 --runs 5 --warm
    python benchmarks/scale.py --keep DIR       the repositories stay in DIR, and are found there again
    python benchmarks/scale.py --draw FILE      the curves of the warm calls, as an SVG
    python benchmarks/scale.py --page FILE      the table goes into this page too
    python benchmarks/scale.py --files          50,000 files and one of 10 GB instead; exit 1 if memory is over 300 MB
    python benchmarks/scale.py --peer gto       gto beside us, where it is installed
    python benchmarks/scale.py --beside 'NAME=SETUP=>COMMAND'
                                                any other; both are run by a shell, in a directory of their own,
                                                with {versions} and {models} filled in

A repository of N versions has one model of N / 10, `deep/model`, with two events for each, and N / 20 for the rest. It
is written through the store, by a backend that does not wait for the disk. *Cold* is without `cache/`, but with the
files in the memory of the system; *warm* is the least of some runs after that; *frozen* is warm too, on a mount that is
read-only, where the system lets anybody make one. `first info` is of the version that `register` has just made;
`first search`, `first words` and `first lineage` find all that was known of the model out of date.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from curves import Curve, picture

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mlreg.adapters.backends.local import LocalBackend  # noqa: E402
from mlreg.domain import decide  # noqa: E402
from mlreg.domain.events import Draft  # noqa: E402
from mlreg.domain.metric import Metric  # noqa: E402
from mlreg.domain.record import FileEntry, ModelVersion  # noqa: E402
from mlreg.domain.semver import Version  # noqa: E402
from mlreg.domain.stages import Stages  # noqa: E402
from mlreg.domain.state import Deprecation, ModelState, apply  # noqa: E402
from mlreg.store import layout  # noqa: E402
from mlreg.store.catalog import content_digest, facts_digest, record_bytes  # noqa: E402
from mlreg.store.codec import digest  # noqa: E402
from mlreg.store.history import Stamp, event_bytes, event_from_bytes  # noqa: E402
from mlreg.store.repository import Repository, found  # noqa: E402

SIZES = (100, 1_000, 10_000, 100_000)
BAR_MS, BAR_MB = 300, 200
FILES_BAR_MB = 300
FILES, LARGE_BYTES = 50_000, 10_000_000_000
TAB_BAR_MS = 25
DEEP = "deep/model"
STAGES = Stages()
STAMP = int(time.time())  # of the versions that this process registers, so that they are new
PEOPLE = ("ann@example.org", "bo@example.org", "risk-team@example.org")
WEIGHTS = b"weights"
SCORE = "\n[score]\nweights = { auc = 0.6, f1 = 0.3, latency = 0.1 }\n"
COMMANDS = {
    "list": "list",
    "list NAME": f"list {DEEP}",
    "info NAME": f"info {DEEP}",
    "info NAME@^1": f"info {DEEP}@^1",
    "why NAME": f"why {DEEP}",
    "history --limit": f"history {DEEP} --limit 20",
    "compare": f"compare {DEEP} production production~1",
    "register": f"register {DEEP} fresh.bin --version 900.{{run}}.{{stamp}} --metric auc=0.9{{run}} --feature amount",
    "first info": f"info {DEEP}@900.{{run}}.{{stamp}}",
    "first search": "list --where metrics.f1>0.999 --where params.lr<0.1",
    "first words": "list --search increment.0017",
    "first lineage": f"lineage {DEEP}@{{version}}",
    "promote": f"promote {DEEP} {{version}} --to staging",
    "rollback": f"rollback {DEEP} --stage staging",
    "tag": f"tag {DEEP}@{{version}} run-{{run}}",
    "list --stage": "list --stage production",
    "list --where": "list --where metrics.f1>0.999 --where params.lr<0.1",
    "list --sort": "list --where metrics.latency<12ms --sort -metrics.auc --limit 20",
    "list --search": "list --search increment.0017",
    "list NAME --where": f"list {DEEP} --where metrics.auc>0.999",
    "lineage": f"lineage {DEEP}@{{version}}",
    "impact": f"impact {DEEP}@{{version}}",
    "impact --data-set": "impact --data-set transactions@2026-01-17",
    "best": f"best {DEEP}",
    "info NAME@best": f"info {DEEP}@best",
    "TAB: models": "__complete references m -- mlreg info team-3/model-0",
    "TAB: NAME@": f"__complete references {DEEP}@ -- mlreg info {DEEP}@",
}
WRITING = ("register", "first info", "first search", "first words", "first lineage", "promote", "rollback", "tag")
FROZEN = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'


class HastyBackend(LocalBackend):
    """Writes without waiting for the disk, and without a name in between: for what can be made again."""

    def create(self, key: str, chunks: Iterable[bytes]) -> bool:
        """Keeps `chunks` under `key` unless something is there, and returns whether it did."""
        path = Path(self._root, key)
        if path.exists():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(chunks))
        return True


class Maker:
    """Makes a repository, the same one each time."""

    def __init__(self, place: Path) -> None:
        (place / ".mlreg").mkdir(parents=True)
        self._backend = HastyBackend(place / ".mlreg")
        self._random = random.Random(7)
        self._events = 0
        found(Repository(self._backend), Stamp("0" * 32, "2026-01-05T09:00:00.000000Z", PEOPLE[0]))
        self._backend.create(layout.blob(digest(WEIGHTS)), [WEIGHTS])
        with (place / ".mlreg" / layout.CONFIG).open("a") as config:
            config.write(SCORE)

    def make(self, versions: int) -> None:
        """Makes so many versions in all."""
        deep, models = versions // 10, max(1, versions // 20 - 1)
        self._model(DEEP, deep)
        for number in range(models):
            self._model(f"team-{number % 10}/model-{number:05}", (versions - deep) // models)

    def _model(self, name: str, versions: int) -> None:
        state = ModelState(spelling=name)
        for number in range(versions):
            version = version_of(number)
            record = self._record(name, version, number)
            data = record_bytes(record)
            facts = {"record": digest(data), "content": content_digest(record), "facts": facts_digest(record)}
            self._backend.create(layout.record(name, version, facts["record"]), [data])
            entrance = {"from": None, "to": "development", "replaced": None, "replaced_to": None, "paths": {}}
            tags = ["tabular", "gold"] if number % 50 == 7 else ["tabular"]
            self._add(state, Draft("registered", {"version": version, **facts, "tags": tags, **entrance}))
            if number % 40 == 39:
                self._add(state, decide.decide_deprecation(state, version, Deprecation("it leaks")))
            elif number % 10 != 8:
                stage = "production" if number % 3 else "staging"
                self._add(state, decide.decide_promotion(state, version, to=stage, stages=STAGES))

    def _record(self, name: str, version: str, number: int) -> ModelVersion:
        chance = self._random
        metrics = {"auc": round(chance.random(), 6), "f1": round(chance.random(), 6)}
        day = number // 20 % 28 + 1  # twenty versions are made one of the other, out of the data of a day
        lineage = {"increment": f"{number:04}", "data": f"transactions@2026-01-{day:02}"}
        if number % 20:
            lineage["parent"] = f"{name}@{version_of(number - 1)}"
        return ModelVersion(
            name=name,
            version=Version.parse(version),
            files=(FileEntry("model.bin", digest(WEIGHTS), len(WEIGHTS)),),
            framework="xgboost",
            type="classifier",
            owner=PEOPLE[number % 3],
            description=f"trained on increment {number:04}, gradient boosted, for {name}",
            metrics={
                **{metric: Metric.parse(metric, value) for metric, value in metrics.items()},
                "latency": Metric.parse("latency", f"{chance.randint(10, 90)}ms"),
            },
            params={"lr": chance.choice([0.1, 0.01, 0.001]), "depth": chance.randint(3, 9), "seed": number},
            features=tuple(f"feature_{place}" for place in range(12)),
            lineage=lineage,
            meta={"team": chance.choice(["risk", "core"]), "run": number},
            captured={"environment": {"python_version": "3.11.7"}},
        )

    def _add(self, state: ModelState, draft: Draft | None) -> None:
        if draft is not None:
            self._events += 1
            day, second = divmod(self._events, 86_400)
            clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
            at = f"2026-01-{day + 1:02}T{clock}.000000Z"
            stamp = Stamp(f"{self._events:032x}", at, PEOPLE[self._events % 3])
            data = event_bytes(state, state.spelling, draft, stamp)
            key = layout.event(state.spelling, state.head + 1)
            self._backend.create(key, [data])
            apply(state, event_from_bytes(data, key))


def version_of(number: int) -> str:
    """Returns how the version `number` of a model is called."""
    return f"{1 + number // 100}.{number // 10 % 10}.{number % 10}"


@dataclass
class Cost:
    """What calls of one kind cost: milliseconds of CPU, the most memory in MB."""

    bar_ms: float = BAR_MS
    cold_ms: float = 0
    frozen_ms: float = 0
    warm_ms: list[float] = field(default_factory=list)
    most_mb: float = 0
    code: int = 0

    def add(self, ms: float, mb: float, code: int) -> None:
        """Adds a warm call."""
        self.warm_ms.append(ms)
        self.most_mb, self.code = max(self.most_mb, mb), self.code or code

    @property
    def ms(self) -> float:
        """What a warm call costs."""
        return min(self.warm_ms)

    @property
    def is_over(self) -> bool:
        """Whether a warm call is over the bar."""
        return self.ms > self.bar_ms or self.most_mb > BAR_MB


def environment(place: Path) -> dict[str, str]:
    """Returns the environment of every run: byte code is written and found below `place`, nothing else of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLREG_", "PYTHON"))}
    named = {"MLREG_ACTOR": "bench", "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(place / "bytecode")}
    return kept | named


def cost(command: Sequence[str], place: Path, env: dict[str, str]) -> tuple[float, float, int]:
    """Returns the milliseconds of CPU and the megabytes that one run takes, its children included; the exit code."""
    with open(place / "out", "wb") as out:
        process = subprocess.Popen(command, cwd=place, env=env, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss / 1024, process.returncode


def words(command: str, versions: int, run: int) -> list[str]:
    """Returns the command line of a command of ours; each run is about another version."""
    version = version_of(max(0, versions // 10 - 2 - 7 * run))
    filled = command.format(version=version, run=run, stamp=STAMP)
    return [sys.executable, "-m", "mlreg", *(word.replace("increment.", "increment ") for word in filled.split())]


def measure(place: Path, versions: int, runs: int, *, is_cold: bool) -> dict[str, Cost]:
    """Returns what the commands cost in the repository in `place`; where `is_cold`, without its cache too."""
    env = environment(place)
    costs = {name: Cost(TAB_BAR_MS if name.startswith("TAB") else BAR_MS) for name in COMMANDS}
    cost([sys.executable, "-m", "mlreg", "list"], place, env)  # byte code
    for name, command in COMMANDS.items() if is_cold else ():
        if name not in WRITING:
            shutil.rmtree(place / ".mlreg/cache", ignore_errors=True)
            costs[name].cold_ms = cost(words(command, versions, 0), place, env)[0]
    cost([sys.executable, "-m", "mlreg", "list"], place, env)
    looks = [name for name in COMMANDS if name not in WRITING]
    for names in (looks, WRITING):
        for run in range(runs + 1):
            (place / "fresh.bin").write_bytes(os.urandom(10_000))
            for name in names:
                once = cost(words(COMMANDS[name], versions, run), place, env)
                if run:
                    costs[name].add(*once)
    for name in looks:
        costs[name].frozen_ms = frozen(words(COMMANDS[name], versions, 0), place, env)
    return costs


def frozen(command: Sequence[str], place: Path, env: dict[str, str]) -> float:
    """Returns the milliseconds of CPU that a run takes on a read-only mount; 0 where none can be made."""
    begin = ["unshare", "-rm", "sh", "-c", FROZEN, str(place)]
    if not shutil.which("unshare") or cost([*begin, "true"], place, env)[2]:
        return 0
    own = min(cost([*begin, "true"], place, env)[0] for _ in range(3))
    ms, _, code = cost([*begin, *command], place, env)
    return 0 if code else ms - own


def peer_commands(arguments: argparse.Namespace) -> dict[str, tuple[str, str]]:
    """Returns the set-up and the command of each peer, by its name."""
    peers = {name: PEERS[name] for name in arguments.peer}
    for text in arguments.beside:
        name, _, rest = text.partition("=")
        setup, _, command = rest.partition("=>")
        peers[name] = setup.strip(), command.strip()
    return {f"beside: {name}": peer for name, peer in peers.items()}


def gto_tags(versions: int, models: int) -> Iterator[str]:
    """Yields the input of `git fast-import` for a repository in which gto knows so many versions."""
    who = "ann <ann@example.org> 1767600000 +0000"
    yield f"commit refs/heads/main\nmark :1\ncommitter {who}\ndata 5\nfirst\nM 100644 inline a\ndata 1\na\n\n"
    for number in range(versions):
        model, version = number % models, number // models
        yield f"tag model-{model:05}@v{version // 100}.{version // 10 % 10}.{version % 10 + 1}\nfrom :1\ntagger {who}\n"
        yield "data 7\nversion\n"


PEERS = {
    "gto": (
        f"git init -q -b main . && {sys.executable} {Path(__file__).resolve()} --gto-tags {{versions}} {{models}}"
        " | git fast-import --quiet && git reset -q --hard",
        "gto show --repo .",
    )
}


def measure_peer(setup: str, command: str, versions: int, runs: int) -> Cost:
    """Returns what the command of a peer costs in a directory of its own that `setup` has filled."""
    filled = {"versions": versions, "models": max(1, versions // 20)}
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["sh", "-c", setup.format(**filled)], cwd=place, check=True, stdout=subprocess.DEVNULL)
        spent = Cost()
        for _ in range(runs):
            spent.add(*cost(["sh", "-c", f"exec {command.format(**filled)}"], Path(place), dict(os.environ)))
    return spent


def table(costs: dict[int, dict[str, Cost]]) -> str:
    """Returns the table; what is over a bar is marked by `!`."""
    names = list(dict.fromkeys(name for of_size in costs.values() for name in of_size))
    lines = [f"{'CPU ms warm':22}" + "".join(f"{f'{size:,} versions':>34}" for size in costs)]
    lines.append(" " * 22 + f"{'warm   cold frozen memory':>34}" * len(costs))
    for name in names:
        cells = (_cell(of_size.get(name)) for of_size in costs.values())
        lines.append(f"{name:22}" + "".join(f"{cell:>34}" for cell in cells))
    return "\n".join(lines) + "\n"


def put_into(page: Path, text: str) -> None:
    """Puts the table into `page`, in place of the one that stands there."""
    before, begin, rest = page.read_text().partition("```text\nCPU ms warm")
    page.write_text(f"{before}```text\n{text}```{rest.partition('```')[2]}" if begin else before)


def _cell(spent: Cost | None) -> str:
    if spent is None:
        return "-"
    cold, frozen_ms = (f"{ms:,.0f}" if ms else "-" for ms in (spent.cold_ms, spent.frozen_ms))
    failed = f" exit {spent.code}" if spent.code else ""
    return f"{'!' * spent.is_over}{spent.ms:,.0f} {cold:>6} {frozen_ms:>6} {spent.most_mb:3.0f} MB{failed}"


def drawn(costs: dict[int, dict[str, Cost]]) -> str:
    """Returns the picture of what our own commands cost, warm."""
    sizes = sorted(costs)
    curves = {
        name: Curve(
            sizes, [costs[size][name].ms for size in sizes], [costs[size][name].most_mb for size in sizes],
            costs[sizes[0]][name].bar_ms, BAR_MB,
        )
        for name in COMMANDS
    }  # fmt: skip
    return picture(f"What a call costs in a repository of {sizes[0]:,} to {sizes[-1]:,} versions", curves)


def register_many(place: Path) -> bool:
    """Registers many files, many like them, and a large one; prints what that costs, and returns whether it is over."""
    env = environment(place)
    directory, large = place / "directory", place / "large.bin"
    lots = random.Random(7)
    for number in range(FILES):
        file = directory / f"{number % 100:02}" / f"{number:05}.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(lots.randbytes(20_000 if number % 20 == 0 else 100))  # some may be stored against others
    with large.open("wb") as file:
        file.truncate(LARGE_BYTES)
    mlreg = [sys.executable, "-m", "mlreg"]
    cost([*mlreg, "init"], place, env)
    over = False
    for name, words in {
        f"register a directory of {FILES:,} files": ["register", "many", directory],
        "register it again, one file changed": ["register", "many", directory],
        "check it out": ["checkout", "many", "-o", "back"],
        f"register a file of {LARGE_BYTES / 1e9:.0f} GB (sparse)": ["register", "large", large],
        "verify all of it": ["verify"],
    }.items():
        started = time.monotonic()
        ms, mb, code = cost([*mlreg, *map(str, words)], place, env)
        took_s = time.monotonic() - started
        print(
            f"{name:42} {ms / 1000:7.1f} s CPU {took_s:7.1f} s {mb:5.0f} MB{f' exit {code}' if code else ''}",
            flush=True,
        )
        over = over or mb > FILES_BAR_MB or code != 0
        (directory / "00" / "00000.bin").write_text("changed\n")
    return over


def main() -> int:
    """Measures, prints and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of versions, with commas")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--warm", action="store_true", help="leave the cold calls out: they take minutes")
    parser.add_argument("--keep", type=Path, metavar="DIR")
    parser.add_argument("--draw", type=Path, metavar="FILE")
    parser.add_argument("--page", type=Path, metavar="FILE", help="put the table into this page too")
    parser.add_argument("--files", action="store_true", help="register many files and a large one instead")
    parser.add_argument("--peer", action="append", choices=PEERS, default=[])
    parser.add_argument("--beside", action="append", metavar="NAME=SETUP=>COMMAND", default=[])
    parser.add_argument("--gto-tags", type=int, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.gto_tags:
        sys.stdout.writelines(gto_tags(*arguments.gto_tags))
        return 0
    if arguments.files:
        with tempfile.TemporaryDirectory() as place:
            return register_many(Path(place))
    costs: dict[int, dict[str, Cost]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for size in map(int, arguments.sizes.split(",")):
            place = (arguments.keep or Path(temporary)).absolute() / str(size)
            if not place.exists():
                Maker(place).make(size)
            costs[size] = measure(place, size, arguments.runs, is_cold=not arguments.warm)
            for name, (setup, command) in peer_commands(arguments).items():
                costs[size][name] = measure_peer(setup, command, size, min(arguments.runs, 2))
            print(f"{size:,} versions measured", file=sys.stderr, flush=True)
    print(table(costs), end="")
    if arguments.page:
        put_into(arguments.page, table(costs))
    if arguments.draw:
        arguments.draw.write_text(drawn(costs))
    return any(one.is_over or one.code for costs_ in costs.values() for name, one in costs_.items() if name in COMMANDS)


if __name__ == "__main__":
    sys.exit(main())
