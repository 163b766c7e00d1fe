"""The harness itself: it finds out each naive program, sees every call that the kernel sees, and lies about none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from .calls import CHANGES, Call, Kind, Mode
from .campaigns import CAMPAIGNS
from .commands import COMMANDS
from .lab import SOURCES, Fault
from .life import Life
from .powercut import KEPT, Disk, read_tree
from .subjects import naive_subject
from .trial import Trial

FOUND_OUT = [
    ("writes_in_place", "kill", "BAD"),
    ("writes_in_place", "torn write", "BAD"),
    ("writes_in_place", "power cut", "BAD"),
    ("syncs_no_file", "power cut", "BAD"),
    ("syncs_no_directory", "power cut", "LIE"),
    ("syncs_no_directory", "kill", "LIE"),
    ("speaks_too_early", "power cut", "LIE"),
    ("relies_on_what_it_finds", "kill", "LIE"),
    ("writes_two_files", "kill", "OTHER"),
    ("writes_two_files", "ENOSPC once", "OTHER"),
    ("removes_first", "kill", "BAD"),
    ("leaves_a_lock", "kill", "STUCK"),
    ("leaves_a_lock", "power cut", "STUCK"),
    ("ignores_errors", "EIO once", "LIE"),
    ("ignores_errors", "ENOSPC for good", "LIE"),
    ("ignores_short_writes", "short write", "BAD"),
    ("shows_a_traceback", "EMFILE once", "LOUD"),
    ("forgets_to_tidy_up", "EDQUOT for good", "LITTER"),
    ("careful", "SIGTERM", "LITTER"),
    ("does_not_end", "SIGINT", "LOUD"),
]
CHANGES_NOTHING_THAT_IS_SEEN = ("register what is there", "gc that squeezes")
PROMOTE = next(command for command in COMMANDS if command.name == "promote in place of another")
REGISTER = next(command for command in COMMANDS if command.name == "register a directory")


@pytest.mark.parametrize(("program", "campaign", "kind"), FOUND_OUT)
def test_a_naive_program_is_found_out(trial_of, program, campaign, kind):
    assert kind in CAMPAIGNS[campaign](trial_of(naive_subject(program))).kinds


@pytest.mark.parametrize("campaign", [name for name in CAMPAIGNS if not name.startswith("SIG")])
def test_a_careful_program_is_left_in_peace(trial_of, campaign):
    tally = CAMPAIGNS[campaign](trial_of(naive_subject("careful")))
    assert tally.points and not tally.findings, tally


@pytest.mark.parametrize("command", [PROMOTE, REGISTER], ids=str)
def test_mlreg_without_its_syncs_of_directories_would_lie(trial_of, command):
    trial = trial_of(command)
    tally = trial.cut_power_without(lambda call: call.kind == Kind.FSYNC and "tmp/" not in call.path)
    assert tally.kinds["LIE"] == 1


@pytest.mark.parametrize("command", [PROMOTE, REGISTER], ids=str)
def test_mlreg_without_its_syncs_of_files_would_be_damaged(trial_of, command):
    trial = trial_of(command)
    tally = trial.cut_power_without(lambda call: call.kind == Kind.FSYNC and "tmp/" in call.path)
    assert tally.kinds["BAD"] > 0


def test_mlreg_without_the_sync_of_its_blobs_directories_would_be_damaged(trial_of):
    tally = trial_of(REGISTER).cut_power_without(lambda call: call.kind == Kind.FSYNC and "blobs" in call.path)
    assert tally.kinds["BAD"] > 0


@pytest.mark.parametrize("place", [".mlreg/history", ".mlreg/tmp/"])
def test_a_life_without_these_syncs_would_come_to_grief(lab, tmp_path, place):
    with pytest.raises(AssertionError, match=r"damage|acknowledged is gone"):
        Life(lab, tmp_path, 1, forgets=lambda call: call.kind == Kind.FSYNC and call.path.startswith(place)).live(100)


def test_a_fault_that_does_not_happen_proves_nothing(trial_of):
    trial = trial_of(PROMOTE)
    with pytest.raises(AssertionError, match="did not happen"):
        trial.kill([Fault(CHANGES, trial.number_of(CHANGES) + 1, Mode.SIGNAL_BEFORE, 9)])


def test_a_trial_without_a_fault_proves_nothing(trial_of):
    with pytest.raises(AssertionError, match="proves nothing"):
        trial_of(PROMOTE).kill([])


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_the_same_command_again_answers_what_it_should(trial_of, command):
    trial = trial_of(command)
    assert trial.code_again == command.again
    assert (trial.old == trial.new) == (command.name in CHANGES_NOTHING_THAT_IS_SEEN)


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_the_harness_sees_every_change_that_the_kernel_sees(trial_of, command):
    if not _can_trace():
        pytest.skip("needs strace and the right to trace")
    trial = trial_of(command)
    seen = [str(call) for call in trial.calls if call.kind in CHANGES and call.is_done]
    assert sorted(seen) == sorted(_seen_by_the_kernel(trial))


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_the_calls_done_again_make_what_is_on_the_disk(lab, trial_of, command):
    with trial_of(command).copy() as root:
        disk = Disk(root)
        disk.replay(lab.run("mlreg", command.words, root, Fault()).calls)
        assert disk.after_power_cut(KEPT) == read_tree(root)


_KINDS = {"open": Kind.OPEN, "openat": Kind.OPEN, "pwrite64": Kind.WRITE, "fdatasync": Kind.FSYNC, "linkat": Kind.LINK}
_KINDS |= {"renameat": Kind.RENAME, "mkdirat": Kind.MKDIR, "ftruncate": Kind.TRUNCATE}
_LOOKED_AT = (
    "open,openat,creat,write,pwrite64,writev,pwritev,fsync,fdatasync,link,linkat,rename,renameat,renameat2,mkdir,mkdirat,"
    "unlink,unlinkat,rmdir,truncate,ftruncate,fallocate,symlink,symlinkat,mknod,mknodat,sendfile,copy_file_range,splice,"
    "sync,syncfs,sync_file_range"
)


def _can_trace() -> bool:
    command = ["strace", "-o", os.devnull, "true"]
    return bool(shutil.which("strace")) and subprocess.run(command, capture_output=True).returncode == 0


def _seen_by_the_kernel(trial: Trial) -> list[str]:
    """Returns the changes that a process of its own makes, as strace tells of them."""
    with trial.copy() as root:
        trace = root.parent / "trace"
        strace = ["strace", "-f", "-y", "-qq", "-s", "0", "-o", str(trace), "-e", f"trace={_LOOKED_AT}"]
        environment = {**os.environ, "MLREG_ACTOR": "ann", "PYTHONPATH": str(SOURCES)}
        words = [*strace, sys.executable, "-m", "mlreg", *trial.subject.words]
        subprocess.run(words, cwd=root, env=environment, capture_output=True, check=True)
        return [shown for line in trace.read_text().splitlines() if (shown := _shown(line, str(root)))]


def _shown(line: str, root: str) -> str | None:
    """Returns the change below `root` that a line of strace tells of, as a `Call` shows itself; None for others."""
    match = re.match(r"\d+ +(\w+)\((.*)\) += \d+", line)
    if match is None or (match[1].startswith("open") and not re.search("O_CREAT|O_TRUNC", match[2])):
        return None
    name, arguments = match.groups()
    kind = Kind.RMDIR if "AT_REMOVEDIR" in arguments else _KINDS.get(name) or Kind[name.removesuffix("at").upper()]
    bases = re.findall(r"<([^>]*)>", arguments) or [root]
    names = [] if kind in (Kind.WRITE, Kind.FSYNC, Kind.TRUNCATE) else re.findall(r'"([^"]*)"', arguments)
    path = os.path.normpath(os.path.join(bases[0], *names[-1:]))
    if path != root and not path.startswith(f"{root}/"):
        return None
    return str(Call(kind, path.removeprefix(root).lstrip("/")))
