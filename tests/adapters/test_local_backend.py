"""Files on a disk: permissions, links in the way, failing calls, and what is made durable in which order."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import indent

import pytest

from mlreg.adapters.backends.local import LocalBackend

REPOSITORY = Path(__file__).parents[2]
CREATE = "b.create('history/m/1', [b'x' * 100_000] * 10)"


def _can_trace():
    command = ["strace", "-o", os.devnull, "true"]
    return bool(shutil.which("strace")) and subprocess.run(command, capture_output=True).returncode == 0


needs_strace = pytest.mark.skipif(not _can_trace(), reason="needs strace and the right to trace")


@pytest.fixture
def backend(tmp_path):
    return LocalBackend(tmp_path)


def files(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def python(root, statements, *before):
    """Runs `statements`, in which `b` is the backend at `root`, behind the command `before`."""
    program = f"""
import os, resource, signal
from mlreg.adapters.backends.local import LocalBackend
b = LocalBackend({str(root)!r})
try:
{indent(statements, "    ")}
except OSError as error:
    print(error)
"""
    command = [*before, sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=60)


def strace(root, statements, *options):
    return python(root, statements, "strace", "-f", "-qq", *options, "--")


def calls(root, statements, *options):
    """Returns the calls below `root` that changed or synced something, as `call path`, in their order."""
    names = "fsync,link,linkat,unlink,unlinkat,mkdir,write"
    trace = strace(root, statements, "-y", "-e", f"trace={names}", *options).stderr
    made = [line for line in trace.splitlines() if str(root) in line and "= -1" not in line]
    shown = [re.sub(r"tmp/\d+-[0-9a-f]+", "tmp/STAGED", line.replace(str(root), "ROOT")) for line in made]
    found = [re.search(r"(\w+)\(.*?(ROOT[^\s>\",]*)", line) for line in shown]
    return [f"{match[1]} {match[2].rstrip('/')}" for match in found if match]


def test_files_are_read_only_and_tmp_is_left_clean(tmp_path, backend):
    before = os.umask(0o027)
    try:
        backend.create("a/b", [b"x"])
    finally:
        os.umask(before)
    assert (tmp_path / "a/b").stat().st_mode & 0o7777 == 0o440
    assert (tmp_path / "a/b").stat().st_nlink == 1
    assert files(tmp_path) == ["a/b"]


def test_memory_stays_small_while_much_is_written(backend):
    tracemalloc.start()
    backend.create("big", (bytes(1 << 20) for _ in range(50)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_link_in_place_of_a_file_is_not_followed(tmp_path, backend):
    (tmp_path / "secret").write_bytes(b"s")
    (tmp_path / "link").symlink_to("secret")
    (tmp_path / "dangling").symlink_to("nowhere")
    for key in ("link", "dangling"):
        with pytest.raises(OSError) as caught:
            backend.open(key)
        assert caught.value.errno == errno.ELOOP
        with pytest.raises(OSError) as caught:
            backend.create(key, [b"x"])
        assert caught.value.errno == errno.ELOOP
    assert not (tmp_path / "nowhere").exists()


def test_a_link_that_comes_meanwhile_does_not_pass_for_the_file(tmp_path, backend):
    def chunks():
        (tmp_path / "a").symlink_to("elsewhere")
        yield b"x"

    with pytest.raises(OSError) as caught:
        backend.create("a", chunks())
    assert caught.value.errno == errno.ELOOP
    assert files(tmp_path) == ["a"]


def test_what_is_no_file_is_refused_without_waiting(tmp_path, backend):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    for key in ("pipe", "directory"):
        with pytest.raises(OSError):
            backend.open(key)
        with pytest.raises(OSError):
            backend.create(key, [b"x"])
    backend.create("file", [b"x"])
    with pytest.raises(NotADirectoryError):
        backend.create("file/below", [b"x"])


def test_a_list_names_links_and_special_files_and_enters_no_link(tmp_path, backend):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file").write_bytes(b"")
    (tmp_path / "a/loop").symlink_to(".")
    (tmp_path / "b").symlink_to("a")
    os.mkfifo(tmp_path / "pipe")
    assert list(backend.list("")) == ["a/file", "a/loop", "b", "pipe"]
    assert list(backend.list("b")) == []


def test_a_list_goes_deeper_than_python_recurses(tmp_path, backend):
    depth = 1200
    directory = os.open(tmp_path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=directory)
        below = os.open("d", os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = below
    os.close(os.open("leaf", os.O_CREAT, dir_fd=directory))
    os.close(directory)
    assert list(backend.list("")) == ["d/" * depth + "leaf"]
    subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)


def test_what_stays_in_tmp_can_be_listed_and_deleted(tmp_path, backend):
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp/12-ab").write_bytes(b"left")
    assert list(backend.list("")) == []
    assert list(backend.list("tmp")) == ["tmp/12-ab"]
    backend.delete("tmp/12-ab")
    assert files(tmp_path) == []
    with pytest.raises(ValueError):
        backend.create("tmp/mine", [b"x"])


def test_a_missing_root_is_not_made(tmp_path):
    backend = LocalBackend(tmp_path / "not mounted")
    with pytest.raises(FileNotFoundError):
        backend.create("a", [b"x"])
    with pytest.raises(FileNotFoundError), backend.sharing():
        pass
    assert list(backend.list("")) == []
    assert list(tmp_path.iterdir()) == []


def test_a_root_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        LocalBackend(tmp_path / "file").create("a", [b"x"])


def test_a_directory_that_was_removed_meanwhile_is_made_again(tmp_path, backend):
    backend.create("a/b/c", [b"x"])
    shutil.rmtree(tmp_path / "a")
    shutil.rmtree(tmp_path / "tmp")
    assert backend.create("a/b/c", [b"y"]) is True


def test_a_full_disk_leaves_nothing(tmp_path):
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (250_000, 250_000))"
    assert "File too large" in python(tmp_path, f"{limit}; b.create('a/b', [b'x' * 1_000_000])").stdout
    assert files(tmp_path) == []
    assert LocalBackend(tmp_path).create("history/m/1", [b"x"]) is True


def test_a_killed_writer_leaves_only_what_is_staged(tmp_path):
    kill = "b.create('a', iter(lambda: os.kill(os.getpid(), signal.SIGKILL), 0))"
    assert python(tmp_path, kill).returncode == -signal.SIGKILL
    assert list(LocalBackend(tmp_path).list("")) == []
    assert [name.split("/")[0] for name in files(tmp_path)] == ["tmp"]
    assert LocalBackend(tmp_path).create("a", [b"x"]) is True


def test_processes_that_race_take_each_number_once(tmp_path):
    race = "print(os.getpid(), *[n for n in range(200) if b.create(f'h/{n}', [str(os.getpid()).encode()])])"
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: python(tmp_path, race).stdout.split(), range(4)))
    won = {number: pid for pid, *numbers in done for number in numbers}
    assert sum(len(numbers) for _, *numbers in done) == len(won) == 200
    assert all((tmp_path / "h" / number).read_text() == pid for number, pid in won.items())


def test_sharing_holds_off_who_wants_it_alone(tmp_path, backend):
    with backend.sharing(), open(tmp_path / "tmp/lock") as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with open(tmp_path / "tmp/lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_read_only_file_system_can_be_read_and_says_so_when_written(tmp_path):
    LocalBackend(tmp_path).create("a", [b"kept"])
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" || exit 99; exec "$@"'
    statements = "print(b.open('a').read(), b.create('a', []))\nwith b.sharing(): b.create('b', [])"
    done = python(tmp_path, statements, "unshare", "-m", "sh", "-c", mount, tmp_path)
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip("needs the right to mount")
    assert done.stdout.splitlines()[0] == "b'kept' False"
    assert "Read-only file system" in done.stdout


@needs_strace
def test_bytes_are_durable_before_the_name_and_the_name_before_the_end(tmp_path):
    made = calls(tmp_path, "b.create('a/b/c', [b'x'])")
    assert made == [
        "mkdir ROOT/tmp",
        "write ROOT/tmp/STAGED",
        "fsync ROOT/tmp/STAGED",
        "mkdir ROOT/a",
        "mkdir ROOT/a/b",
        "link ROOT/tmp/STAGED",
        "unlink ROOT/tmp/STAGED",
        "fsync ROOT/a/b",
        "fsync ROOT/a",
        "fsync ROOT",
    ]


@needs_strace
def test_the_name_of_what_is_found_is_made_durable_too(tmp_path):
    LocalBackend(tmp_path).create("a/b/c", [b"x"])
    assert calls(tmp_path, "b.create('a/b/c', [b'x'])") == ["fsync ROOT/a/b", "fsync ROOT/a", "fsync ROOT"]


@needs_strace
def test_only_the_names_above_the_last_directory_are_synced_once(tmp_path):
    LocalBackend(tmp_path).create("a/b/c", [b"x"])
    made = calls(tmp_path, "b.create('a/b/c', [b'x']); b.create('a/b/c', [b'x'])")
    assert made == ["fsync ROOT/a/b", "fsync ROOT/a", "fsync ROOT", "fsync ROOT/a/b"]


@needs_strace
def test_what_is_added_together_has_its_directories_synced_at_the_end_and_once(tmp_path):
    LocalBackend(tmp_path).create("a/b/found", [b"x"])
    add = "[b.create(key, [b'x']) for key in ('a/b/found', 'a/b/c', 'a/b/d', 'a/e')]"
    made = calls(tmp_path, f"with b.together(): {add}\nb.create('a/b/c', [])")
    at_once, last = made[: made.index("fsync ROOT/a/b")], made[made.index("fsync ROOT/a/b") :]
    assert [call for call in at_once if call.startswith("fsync")] == ["fsync ROOT/tmp/STAGED"] * 3
    assert last == ["fsync ROOT/a/b", "fsync ROOT/a", "fsync ROOT", "fsync ROOT/a", "fsync ROOT/a/b"]


@needs_strace
def test_what_was_added_together_is_durable_before_anything_is_removed(tmp_path):
    LocalBackend(tmp_path).create("a/old", [b"x"])
    made = calls(tmp_path, "with b.together(): b.create('a/new', [b'x']), b.delete('a/old')")
    assert made[-4:] == ["fsync ROOT/a", "fsync ROOT", "unlink ROOT/a/old", "fsync ROOT/a"]


@needs_strace
def test_a_removal_is_durable(tmp_path):
    LocalBackend(tmp_path).create("a/b", [b"x"])
    assert calls(tmp_path, "b.delete('a/b')") == ["unlink ROOT/a/b", "fsync ROOT/a"]


@needs_strace
@pytest.mark.parametrize("error", ["EPERM", "EOPNOTSUPP", "ENOSYS", "EMLINK"])
def test_without_hard_links_a_file_gets_its_name_by_a_rename_that_replaces_nothing(tmp_path, error):
    refused = ("-e", f"inject=link,linkat:error={error}")
    again = "print(b.create('a/b/c', [b'x'])); print(b.create(lambda: 'a/b/c', [b'other']))"
    assert strace(tmp_path, again, *refused).stdout == "True\nFalse\n"
    assert [(tmp_path / name).read_bytes() for name in files(tmp_path)] == [b"x"]


@needs_strace
@pytest.mark.parametrize("error", ["EINVAL", "ENOSYS"])
def test_without_hard_links_and_such_renames_nothing_is_added(tmp_path, error):
    done = strace(tmp_path, CREATE, "-e", "inject=link,linkat:error=EPERM", "-e", f"inject=renameat2:error={error}")
    assert "needs a file system with hard links" in done.stdout
    assert files(tmp_path) == []


@needs_strace
@pytest.mark.parametrize("call", ["link,linkat", "write", "fsync"])
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_a_failing_disk_is_never_taken_for_success(tmp_path, call, error):
    done = strace(tmp_path, CREATE, "-e", f"inject={call}:error={error}:when=1")
    assert f"Errno {getattr(errno, error)}" in done.stdout
    assert files(tmp_path) == []


@needs_strace
@pytest.mark.parametrize("number", [2, 3, 4])
def test_a_name_that_may_not_last_is_an_error_and_is_synced_again(tmp_path, number):
    again = f"try:\n    {CREATE}\nexcept OSError:\n    {CREATE}"
    made = calls(tmp_path, again, "-e", f"inject=fsync:error=EIO:when={number}")
    assert {"fsync ROOT/history/m", "fsync ROOT/history", "fsync ROOT"} <= set(made)


@needs_strace
def test_a_file_system_that_cannot_sync_directories_is_accepted(tmp_path):
    done = strace(tmp_path, f"print({CREATE})", "-e", "inject=fsync:error=EINVAL:when=2+")
    assert done.stdout == "True\n"


@needs_strace
@pytest.mark.parametrize("error", ["ENOLCK", "EOPNOTSUPP"])
def test_sharing_goes_on_without_locks(tmp_path, error):
    statements = "with b.sharing(): print('shared')"
    assert strace(tmp_path, statements, "-e", f"inject=flock:error={error}").stdout == "shared\n"


@needs_strace
def test_sharing_does_not_hide_a_failing_disk(tmp_path):
    statements = "with b.sharing(): print('shared')"
    assert "Errno 5" in strace(tmp_path, statements, "-e", "inject=flock:error=EIO").stdout


def test_links_to_directories_are_no_folders(backend, tmp_path):
    backend.create("history/a/1", [b"x"])
    (tmp_path / "history" / "link").symlink_to(tmp_path / "history" / "a")
    assert list(backend.folders("history")) == ["a"]


def test_a_file_that_lies_still_keeps_its_mark():
    backend = LocalBackend(REPOSITORY)
    assert backend.mark("pyproject.toml") == backend.mark("pyproject.toml") is not None


def test_a_file_of_a_moment_ago_has_another_mark_each_time(backend):
    backend.create("a/b", [b"one"])
    assert backend.mark("a/b") != backend.mark("a/b")


def test_a_link_in_the_way_has_a_mark_of_its_own(backend, tmp_path):
    (tmp_path / "a").symlink_to("nowhere")
    assert backend.mark("a") is not None
