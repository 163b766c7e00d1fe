"""Where the repository is found, who is taken to act, what of the machine counts: signals, clocks, disks, limits."""

from __future__ import annotations

import ctypes
import importlib.util
import io
import json
import os
import random
import re
import resource
import signal
import stat
import subprocess
import sys
import time
import traceback
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from mlreg.cli import main

Type = Callable[..., Any]

HERE = Path(__file__).parent
ENDS = {signal.SIGINT: 130, signal.SIGTERM: 143}
FAKETIME = next(iter(sorted(Path("/usr/lib").glob("**/faketime/libfaketime.so.1"))), None)
STRANGER = 12345


def can(*command: str) -> bool:
    """Whether this machine lets us run `command`."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


mounting = pytest.mark.skipif(not can("unshare", "-rm", "true"), reason="mounting is not allowed here")
folding = pytest.mark.skipif(
    importlib.util.find_spec("mfusepy") is None or not os.access("/dev/fuse", os.W_OK) or not can("fusermount", "-V"),
    reason="there is no FUSE here, or no mfusepy",
)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
with_faketime = pytest.mark.skipif(FAKETIME is None, reason="there is no libfaketime here")


def actor_of_next_event(mlreg: Type, *words: str) -> str:
    """Returns who a change is written down for."""
    assert mlreg("tag", "churn", "0.1.0", "touched", *words).code == 0
    actor: str = mlreg("history", "churn", "--json").document["events"][-1]["actor"]
    mlreg("tag", "churn", "0.1.0", "touched", "--remove")
    return actor


def test_the_nearest_repository_upwards_is_taken(project: Path, mlreg: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(project / "deep" / "down")
    assert mlreg("list", "-q").out == "churn\nfraud-detector\n"
    assert mlreg("init").out == f"made the repository {project / 'deep' / 'down' / '.mlreg'}\n"
    assert mlreg("list", "-q").out == ""


@pytest.mark.parametrize("end", ["", ".mlreg"])
def test_a_repository_is_named_by_itself_or_by_what_holds_it(
    end: str, project: Path, mlreg: Type, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert mlreg("list", "-q", "-C", str(project / end)).out == "churn\nfraud-detector\n"
    monkeypatch.setenv("MLREG_DIR", str(project / end))
    assert mlreg("list", "-q").out == "churn\nfraud-detector\n"
    assert mlreg("list", "--repo", "/nowhere").code == 3


def test_a_repository_that_is_named_but_not_there_is_not_made(
    project: Path, mlreg: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLREG_DIR", str(project / "nowhere"))
    for line in ("list", "register new v100.pkl", "promote churn 0.1.0 --to prod", "verify"):
        assert mlreg(*line.split()).code == 3
    assert not (project / "nowhere").exists()


def test_who_acts_is_said_else_found(project: Path, mlreg: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=project, check=True)
    monkeypatch.setenv("GITHUB_ACTOR", "octo")
    assert actor_of_next_event(mlreg, "--actor", "cleo@example.org") == "cleo@example.org"
    assert actor_of_next_event(mlreg) == "ann@example.org"
    monkeypatch.delenv("MLREG_ACTOR")
    subprocess.run(["git", "config", "user.email", "git@example.org"], cwd=project, check=True)
    assert actor_of_next_event(mlreg) == "git@example.org"
    subprocess.run(["git", "config", "--unset", "user.email"], cwd=project, check=True)
    assert actor_of_next_event(mlreg) == "octo"
    monkeypatch.delenv("GITHUB_ACTOR")
    assert actor_of_next_event(mlreg)


def test_the_same_files_and_facts_from_somebody_else_are_the_same_version(project: Path, mlreg: Type) -> None:
    words = ["register", "new", "v100.pkl", "--metric", "f1=0.5", "--json"]
    first = mlreg(*words).document
    again = mlreg(*words, "--actor", "bo@example.org").document
    assert (again["created"], again["version"], again["digest"]) == (False, first["version"], first["digest"])
    assert len(mlreg("history", "new", "--json").document["events"]) == 1


def test_other_facts_are_another_version(project: Path, mlreg: Type) -> None:
    mlreg("register", "new", "v100.pkl", "--metric", "f1=0.5")
    assert mlreg("register", "new", "v100.pkl", "--metric", "f1=0.6", "--json").document["version"] == "1.0.1"
    assert mlreg("register", "new", "v100.pkl", "--metric", "f1=0.6", "--version", "1.0.0").code == 5


def test_bits_that_let_a_file_run_are_kept(project: Path, mlreg: Type) -> None:
    (project / "serve.sh").write_text("#!/bin/sh\n")
    (project / "serve.sh").chmod(0o755)
    mlreg("register", "new", "v100.pkl", "serve.sh")
    mlreg("checkout", "new", "-o", "out")
    kept = {path.name: bool(path.stat().st_mode & stat.S_IXUSR) for path in (project / "out").iterdir()}
    assert kept == {"serve.sh": True, "v100.pkl": False}


def test_ids_alone_are_for_scripts(project: Path, mlreg: Type) -> None:
    for line, ids in {
        "list -q": "churn\nfraud-detector\n",
        "list fraud-detector -q": "2.1.0-rc.1\n2.0.0\n1.1.0\n1.0.1\n1.0.0\n",
        "info churn -q": "churn@0.1.0\n",
        "register churn v100.pkl -q": "0.1.1\n",
        "promote churn 0.1.1 --to prod -q": "0.1.1\n",
        "rollback fraud-detector -q": "1.0.0\n",
        "checkout churn -q": "churn-0.1.1\n",
        "verify -q": "",
    }.items():
        answer = mlreg(*line.split())
        assert (answer.code, answer.out, answer.err) == (0, ids, ""), line


# signals


AFTER = 98


def typed_in_child(words: list[str], said: int) -> int:
    """Types `mlreg WORDS…` in a child, from where its own code begins; returns its process id.

    Its stdout and stderr go to the file `said`; 99 is its exit code where anything but an exit came out, and `AFTER`
    where a signal came when that had ended.
    """
    held_off = signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if child:
        signal.pthread_sigmask(signal.SIG_SETMASK, held_off)
        return child
    code = 99
    with suppress(BaseException):
        warnings.simplefilter("ignore")  # as without a test runner
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))  # as `__main__` has it
        signal.pthread_sigmask(signal.SIG_SETMASK, held_off)
        os.dup2(said, 1), os.dup2(said, 2)
        sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(number, "w"), write_through=True) for number in (1, 2))
        sys.argv[1:] = words
        code = AFTER
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:
            code = 99
            traceback.print_exc()
    os._exit(code)


def interrupt(project: Path, line: str, number: int, after_s: float) -> tuple[int, str, float]:
    """Returns how `mlreg LINE` ended that heard the signal `number` after a while, what it said, and how long it took.

    Its exit code is told as a shell tells it.
    """
    with open(project / "said", "w+b", buffering=0) as said:
        child = typed_in_child(line.split(), said.fileno())
        time.sleep(after_s)
        started = time.monotonic()
        os.kill(child, number)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return 128 - code if code < 0 else code, (project / "said").read_text(), time.monotonic() - started


def check_signals(project: Path, mlreg: Type, count: int) -> None:
    (project / "large.bin").write_bytes(random.Random(1).randbytes(300_000))
    lots = random.Random(count)
    events = len(mlreg("history", "churn", "--json").document["events"])
    taken_s = []
    for line in (
        "register churn large.bin --metric lift={}", "tag churn 0.1.0 t{}", "promote churn 0.1.0 --to staging",
        "list", "info nobody", "gc --prune", "checkout churn -o out{}",
    ):  # fmt: skip
        started = time.monotonic()
        with open(project / "said", "w+b", buffering=0) as said:
            os.waitpid(typed_in_child(line.format("-first").replace("=-first", "=0").split(), said.fileno()), 0)
        whole_s = time.monotonic() - started
        for turn in range(count):
            words, number = line.format(turn), lots.choice([*ENDS])
            code, said_, took_s = interrupt(project, words, number, lots.random() * whole_s)
            assert "Traceback" not in said_ and code != 99, (words, code, said_)
            assert code in (0, 3, AFTER, ENDS[number]), (words, code, said_)
            taken_s += [took_s] if code in ENDS.values() else []
            if code == 0 and words.startswith("tag"):
                assert f"t{turn}" in mlreg("info", "churn", "0.1.0", "--json").document["tags"]
    assert sorted(taken_s)[-2] < 1  # once, it may be the machine that was slow
    assert mlreg("verify").code == 0
    assert len(mlreg("history", "churn", "--json").document["events"]) > events
    assert {path.name for path in (project / ".mlreg" / "tmp").iterdir()} == {"lock"}


def test_a_signal_at_any_time_ends_it_in_silence_and_leaves_nothing_half_done(project: Path, mlreg: Type) -> None:
    check_signals(project, mlreg, 8)


@pytest.mark.long
def test_hundreds_of_signals_end_it_in_silence_and_leave_nothing_half_done(project: Path, mlreg: Type) -> None:
    check_signals(project, mlreg, 100)


@pytest.mark.parametrize("number", ENDS)
def test_a_signal_before_mlreg_has_begun_writes_nothing(number: int, project: Path) -> None:
    """What Python says when it is interrupted while it starts is not ours to say."""
    for turn in range(6):
        command = [sys.executable, "-m", "mlreg", "tag", "churn", "0.1.0", "early"]
        with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            time.sleep(0.006 * turn)
            child.send_signal(number)
            _, err = child.communicate(timeout=30)
        assert child.returncode in (0, 1, -number, ENDS[signal.Signals(number)])
        assert "mlreg/cli" not in err


# clocks


@with_faketime
@pytest.mark.parametrize("years", [("2026", "1999", "2049"), ("2099", "1971", "2026")])
def test_the_order_of_events_is_not_that_of_clocks(years: tuple[str, ...], project: Path, spawn: Type) -> None:
    first, second, third = years
    for year, line in (
        (first, "register new v100.pkl"), (second, "register new v110.pkl"), (third, "promote new 1.0.0 --to prod"),
        (second, "promote new 1.0.1 --to prod"), (third, "rollback new"), (first, "deprecate new@1.0.1 --reason old"),
        (second, "gc --prune"),
    ):  # fmt: skip
        faked = {**os.environ, "LD_PRELOAD": str(FAKETIME), "FAKETIME": f"{year}-06-01 00:00:00"}
        answer = spawn(*line.split(), env=faked)
        assert (answer.returncode, b"Traceback" in answer.stderr) == (0, False), answer
    assert spawn("verify").returncode == 0
    events = json.loads(spawn("history", "new", "--json").stdout)["events"]
    assert [event["at"][:4] for event in events] == [first, second, third, second, third, first]
    assert json.loads(spawn("list", "new", "--json").stdout)["versions"][1]["stage"] == "production"


# who may do what


def without_root_powers() -> None:
    """Takes from a child of root the right to read and write whatever it wants: it is as others are."""
    libc = ctypes.CDLL(None)
    for capability in (0, 1, 2, 3):  # to change owners, to write, to read, to do as an owner may
        libc.prctl(24, capability, 0, 0, 0)


def give(directory: Path, *, bits: int) -> None:
    """Gives a directory and all in it to somebody else, and takes or adds rights of others."""
    for path in [directory, *directory.rglob("*")]:
        os.chown(path, STRANGER, os.getgid())
        path.chmod(bits | 0o2000 if path.is_dir() else path.stat().st_mode)


@as_root
def test_the_repository_of_somebody_else_can_be_read_and_not_written(project: Path, spawn: Type) -> None:
    give(project / ".mlreg", bits=0o755)
    for line in ("list", "info churn", "history churn", "verify", "checkout churn -o out", "why fraud-detector", "gc"):
        answer = spawn(*line.split(), preexec_fn=without_root_powers)
        assert (answer.returncode, b"Traceback" in answer.stderr) == (0, False), (line, answer)
    for line in ("tag churn 0.1.0 a", "register new v100.pkl", "promote churn 0.1.0 --to prod"):
        answer = spawn(*line.split(), preexec_fn=without_root_powers)
        assert (answer.returncode, answer.stderr.count(b"\n")) == (4, 2), (line, answer)
    assert spawn("verify").returncode == 0


@as_root
def test_two_of_a_group_write_one_repository(project: Path, spawn: Type) -> None:
    give(project / ".mlreg", bits=0o775)
    for line in (
        "tag churn 0.1.0 a", "register churn v100.pkl", "promote churn 0.1.1 --to prod", "list", "gc --prune",
        "rollback fraud-detector", "verify",
    ):  # fmt: skip
        answer = spawn(*line.split(), preexec_fn=without_root_powers)
        assert answer.returncode == 0, (line, answer)


@as_root
def test_a_home_that_cannot_be_written_or_read_does(project: Path, spawn: Type) -> None:
    for bits in (0o555, 0o000):
        home = project / f"home-{bits:o}"
        (home / ".config" / "mlreg").mkdir(parents=True)
        home.chmod(bits)
        for line in ("list", f"tag churn 0.1.0 t{bits}", "config list", "doctor", "checkout churn"):
            answer = spawn(*line.split(), env={**os.environ, "HOME": str(home)}, preexec_fn=without_root_powers)
            assert (answer.returncode, b"Traceback" in answer.stderr) == (0, False), (line, answer)
        home.chmod(0o755)


# disks


@mounting
def test_a_repository_on_another_device_takes_models_and_gives_them_back(project: Path) -> None:
    (project / "large.bin").write_bytes(bytes(range(256)) * 400)
    script = """
    mkdir other && mount -t tmpfs tmpfs other && cp -r .mlreg other
    for line in "register churn large.bin" "register churn v100.pkl --raw" "checkout churn@0.1.1 -o out" \\
        "checkout churn@0.1.2 -o linked --link" "gc --prune" "verify"
    do "$0" -m mlreg -C other $line >&2; echo $?; done
    cmp large.bin out/large.bin && cmp v100.pkl linked/v100.pkl && echo same
    """
    command = ["unshare", "-rm", "sh", "-c", script, sys.executable]
    answer = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False)
    assert answer.stdout.split() == ["0"] * 6 + ["same"], answer


def live_on(directory: Path, disks: Sequence[str], *, mounted_by: str = "-rm") -> list[dict[str, Any]]:
    """Returns what came of the commands of a life on each of `disks`, after nothing was wrong."""
    command = ["unshare", mounted_by, sys.executable, str(HERE / "tight.py"), str(directory), *disks]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    lives = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [life["disk"] for life in lives] == [*disks], answer.stderr
    assert [life for life in lives if life["wrong"]] == []
    return lives


def fill_disks(directory: Path, disks: Sequence[str]) -> set[str]:
    """Returns the commands for which there was no room."""
    return {line.split()[0] for life in live_on(directory, disks) for line in life["ended"]}


@mounting
def test_a_disk_that_becomes_full_ends_it_with_11_and_room_lets_it_go_on(tmp_path: Path) -> None:
    disks = [f"size={size}k" for size in range(4, 132, 16)]
    assert fill_disks(tmp_path, disks) >= {"init", "register", "checkout"}


@mounting
@pytest.mark.long
def test_disks_of_64_sizes_end_it_with_11_and_room_lets_it_go_on(tmp_path: Path) -> None:
    disks = [f"size={size}k" for size in range(4, 260, 4)]
    assert fill_disks(tmp_path, disks) >= {"init", "register", "checkout"}


@mounting
def test_a_table_of_inodes_that_becomes_full_ends_it_with_11_and_room_lets_it_go_on(tmp_path: Path) -> None:
    disks = [f"nr_inodes={number}" for number in range(3, 67, 8)]
    assert fill_disks(tmp_path, disks) >= {"init", "register", "promote"}


@mounting
@pytest.mark.long
def test_tables_of_inodes_of_64_sizes_end_it_with_11_and_room_lets_it_go_on(tmp_path: Path) -> None:
    disks = [f"nr_inodes={number}" for number in range(2, 66)]
    assert fill_disks(tmp_path, disks) >= {"init", "register", "promote", "checkout"}


@as_root
@pytest.mark.parametrize("system", ["ext4", "xfs", "btrfs"])
def test_each_file_system_keeps_a_repository_also_when_it_is_full(system: str, tmp_path: Path) -> None:
    known = Path("/proc/filesystems").read_text().split()
    if system not in known or not can(f"mkfs.{system}", "-V") or not can("unshare", "-m", "losetup", "-f"):
        pytest.skip(f"{system} cannot be made here, or not mounted")
    free, *full = live_on(tmp_path, [system, f"{system}:0", f"{system}:80"], mounted_by="-m")
    assert not free["ended"] and all(life["ended"] for life in full)


@pytest.fixture
def poor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Makes a directory that lacks something, as `poor.py` says, served by one of the libraries that there are."""
    real, shown = tmp_path / "real", tmp_path / "shown"

    def make(what: str, library: str = "libfuse.so.2") -> Path:
        real.mkdir()
        shown.mkdir()
        command = [sys.executable, str(HERE / "poor.py"), what, str(real), str(shown)]
        environment = {**os.environ, "FUSE_LIBRARY_PATH": library}
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
        server = held.enter_context(subprocess.Popen(command, **options))  # type: ignore[call-overload]
        held.callback(server.terminate)
        waited = 0
        while not os.path.ismount(shown) and server.poll() is None and waited < 100:
            waited += 1
            time.sleep(0.05)
        if not os.path.ismount(shown):
            pytest.skip(f"FUSE mounts nothing here by {library}")
        held.callback(subprocess.run, ["fusermount", "-u", "-z", str(shown)], check=False)
        return shown

    monkeypatch.chdir(tmp_path)
    with ExitStack() as held:
        yield make
        os.chdir(tmp_path)


LIFE = (
    "init", "register fraud large.bin", "register fraud large.bin", "register fraud next.bin",
    "promote fraud 1.0.0 --to prod", "promote fraud 1.0.1 --to prod", "rollback fraud", "checkout fraud -o out",
    "checkout fraud@1.0.1 -o linked --link", "gc --prune --now", "verify", "list",
)  # fmt: skip


def lived(directory: Path, mlreg: Type) -> dict[str, tuple[int, str]]:
    """Returns how each line of `LIFE` ended in `directory`, and what it said."""
    large = random.Random(1).randbytes(40_000)
    (directory / "large.bin").write_bytes(large)
    (directory / "next.bin").write_bytes(large[:30_000] + b"next" + large[30_004:])
    os.chdir(directory)
    answers = {line: mlreg(*line.split()) for line in LIFE}
    return {line: (answer.code, answer.err) for line, answer in answers.items()}


def check_back(directory: Path) -> None:
    """The files came back byte for byte."""
    for name, registered in (("out", "large.bin"), ("linked", "next.bin")):
        assert (directory / name / registered).read_bytes() == (directory / registered).read_bytes()


@folding
def test_without_hard_links_renames_that_replace_nothing_do(poor: Type, mlreg: Type) -> None:
    place = poor("links", "libfuse3.so.3")
    assert {code for code, _ in lived(place, mlreg).values()} == {0}
    check_back(place)


@folding
def test_without_hard_links_and_such_renames_there_is_no_repository(poor: Type, mlreg: Type) -> None:
    """The older library passes no renames on that replace nothing."""
    place = poor("links")
    code, said = lived(place, mlreg)["init"]
    assert code == 11 and re.fullmatch(
        r"error: \S+: a repository needs a file system with hard links .*\nhint: .*\n", said
    )
    assert [path for path in (place / ".mlreg").rglob("*") if path.is_file()] == []


@folding
def test_without_locks_all_works_but_to_remove(poor: Type, mlreg: Type) -> None:
    place = poor("locks")
    ended = {line: answer for line, answer in lived(place, mlreg).items() if answer[0]}
    code, said = ended.pop("gc --prune --now")
    assert code == 11 and re.fullmatch(r"error: \S+/lock: no locks available\nhint: .*\n", said)
    assert not ended
    check_back(place)


@folding
def test_where_directories_cannot_be_synced_all_works(poor: Type, mlreg: Type) -> None:
    place = poor("syncs")
    assert {code for code, _ in lived(place, mlreg).values()} == {0}
    check_back(place)


@folding
def test_a_file_system_that_tells_no_case_keeps_a_repository(poor: Type, spawn: Type) -> None:
    folded = poor("case")
    (folded / "Model.bin").write_bytes(bytes(range(256)) * 200)
    assert (folded / "mODEL.BIN").exists()
    for code, line in (
        (0, "init"), (0, "register Fraud model.bin"), (5, "register fraud model.bin --metric auc=0.5"),
        (0, "register Fraud MODEL.bin --metric auc=0.5"), (0, "register risk/T Model.bin"),
        (0, "promote Fraud 1.0.0 --to prod"), (0, "promote Fraud 1.0.1 --to prod"), (0, "rollback Fraud"),
        (0, "checkout Fraud -o Out"), (0, "checkout Fraud -o out"), (0, "gc --prune --now"), (0, "verify"),
    ):  # fmt: skip
        answer = spawn(*line.split(), cwd=folded)
        assert (answer.returncode, b"Traceback" in answer.stderr) == (code, False), (line, answer)
    assert json.loads(spawn("list", "--json", cwd=folded).stdout)["models"][0]["stages"] == {"production": "1.0.0"}
    assert [path.name.lower() for path in (folded / "OUT").iterdir()] == ["model.bin"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_of_files_and_places_keep_their_form(form: str, project: Path, spawn: Type) -> None:
    place = project / unicodedata.normalize(form, "Größe")  # type: ignore[arg-type]
    name = unicodedata.normalize(form, "modèle.bin")  # type: ignore[arg-type]
    (place / "model").mkdir(parents=True)
    (place / "model" / name).write_bytes(b"weights")
    other = unicodedata.normalize("NFD" if form == "NFC" else "NFC", str(place))  # type: ignore[arg-type]
    for line in ("init", "register new model", "promote new 1.0.0 --to prod", "checkout new -o out", "verify"):
        assert spawn(*line.split(), cwd=place).returncode == 0, line
    assert [path.name for path in (place / "out").iterdir()] == [name]
    assert spawn("list", "-C", str(place)).returncode == 0
    assert spawn("list", "-C", other).returncode == (0 if os.path.exists(other) else 3)


# limits


def check_memory(project: Path, spawn: Type, limits_mb: range) -> None:
    (project / "large.bin").write_bytes(random.Random(1).randbytes(1_000_000))
    for limit in limits_mb:
        size = limit << 20
        for line in (f"register churn large.bin --metric lift={limit}", "verify", f"tag churn 0.1.0 t{limit}", "list"):
            answer = spawn(*line.split(), preexec_fn=lambda s=size: resource.setrlimit(resource.RLIMIT_AS, (s, s)))
            told = [said for said in answer.stderr.decode().splitlines() if not said.startswith("OpenBLAS")]
            is_told = answer.returncode == 11 and re.fullmatch(r"error: .*memory.*(\nhint: .*)?", "\n".join(told))
            # OpenBLAS ends the process by itself, and nobody is asked
            is_ended = answer.returncode != 0 and answer.stderr.startswith(b"OpenBLAS") and not told
            assert answer.returncode == 0 or is_told or is_ended, (limit, line, answer)
    assert spawn("verify").returncode == 0
    tags = json.loads(spawn("info", "churn", "0.1.0", "--json").stdout)["tags"]
    assert {f"t{limit}" for limit in limits_mb} <= {*tags}


def test_too_little_memory_is_told_and_leaves_nothing_half_done(project: Path, spawn: Type) -> None:
    check_memory(project, spawn, range(40, 400, 110))


@pytest.mark.long
def test_any_limit_of_memory_is_told_and_leaves_nothing_half_done(project: Path, spawn: Type) -> None:
    check_memory(project, spawn, range(30, 430, 10))


@pytest.mark.parametrize(("limit", "least"), [("RLIMIT_NOFILE", 6), ("RLIMIT_FSIZE", 100_000)])
def test_limits_of_files_are_told_and_leave_nothing_half_done(
    limit: str, least: int, project: Path, spawn: Type
) -> None:
    (project / "large.bin").write_bytes(random.Random(1).randbytes(1_000_000))
    number = getattr(resource, limit)
    for line in ("register churn large.bin", "checkout churn -o out", "verify"):
        answer = spawn(*line.split(), preexec_fn=lambda: resource.setrlimit(number, (least, least)))
        assert answer.returncode in (0, 11), (line, answer)
        assert b"Traceback" not in answer.stderr
    assert spawn("register", "churn", "large.bin").returncode == 0
    assert spawn("verify").returncode == 0
