"""Every backend, found by name, keeps the promises of `mlreg.ports.Backend`."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Barrier

import pytest

from mlreg import adapters
from mlreg.errors import UsageError

HOSTILE_KEYS = ["", "/", "/etc/x", "a//b", "a/", ".", "..", "../a", "a/../../b", "a/./b", "a\\b", "a\0b"]


@pytest.fixture(params=adapters.names("backends"))
def backend(request, tmp_path):
    return adapters.load("backends", request.param).connect(tmp_path)


def read(backend, key):
    with backend.open(key) as stream:
        return stream.read()


def interrupted(error):
    yield b"the first part"
    raise error


def untouchable():
    raise AssertionError("the chunks were consumed")
    yield b""


def test_it_gives_back_what_it_keeps(backend):
    assert backend.create("blobs/sha256/58/5891", [b"one ", b"", b"two"]) is True
    assert read(backend, "blobs/sha256/58/5891") == b"one two"


def test_nothing_at_all_can_be_kept(backend):
    assert backend.create("empty", []) is True
    assert read(backend, "empty") == b""


def test_a_stream_is_seekable(backend):
    backend.create("a", [b"0123456789"])
    with backend.open("a") as stream:
        stream.seek(-3, 2)
        assert stream.read() == b"789"
        stream.seek(2)
        assert stream.read(2) == b"23"


def test_what_is_not_there_is_not_found(backend):
    with pytest.raises(FileNotFoundError, match="history/a/1"):
        backend.open("history/a/1")


def test_what_is_there_stays_and_other_chunks_are_not_consumed(backend):
    backend.create("a/b", [b"first"])
    assert backend.create("a/b", untouchable()) is False
    assert read(backend, "a/b") == b"first"


@pytest.mark.parametrize("error", [OSError("gone"), ValueError("odd"), KeyboardInterrupt()])
def test_chunks_that_fail_leave_nothing(backend, error):
    with pytest.raises(type(error)):
        backend.create("a/b", interrupted(error))
    assert list(backend.list("")) == []
    assert backend.create("a/b", [b"again"]) is True


def race(backend, key, contents):
    """Returns who of as many threads as there are `contents` created `key`; nobody is done before all have begun."""
    start = Barrier(len(contents))

    def chunks(content):
        start.wait()
        yield content

    with ThreadPoolExecutor(len(contents)) as pool:
        return list(pool.map(lambda content: backend.create(key, chunks(content)), contents))


@pytest.mark.parametrize("turn", range(10))
def test_of_eight_who_race_for_a_key_one_wins(backend, turn):
    contents = [b"%d" % number * 10_000 for number in range(8)]
    won = race(backend, "history/m/00000001.json", contents)
    assert won.count(True) == 1
    assert read(backend, "history/m/00000001.json") == contents[won.index(True)]


def test_of_eight_who_race_with_the_same_bytes_one_wins(backend):
    assert race(backend, "blobs/a", [b"the same object"] * 8).count(True) == 1
    assert race(backend, "blobs/b", [b""] * 8).count(True) == 1


def test_fifty_megabytes_stream_through(backend):
    chunk = bytes(range(256)) * 4096
    backend.create("big", (chunk for _ in range(50)))
    hasher = sha256()
    with backend.open("big") as stream:
        while part := stream.read(1 << 20):
            hasher.update(part)
    assert hasher.hexdigest() == sha256(chunk * 50).hexdigest()


def test_a_list_is_sorted_by_the_whole_key(backend):
    keys = ["a.b", "a/z", "a/b/c", "a-b/c", "a0", "B", "é/x", "a/b.c", "zz", "ab/c", "a/b0/1"]
    for key in keys:
        backend.create(key, [b"x"])
    assert list(backend.list("")) == sorted(keys)
    assert list(backend.list("a")) == ["a/b.c", "a/b/c", "a/b0/1", "a/z"]
    assert list(backend.list("a/b")) == ["a/b/c"]


def test_a_list_of_what_is_no_directory_is_empty(backend):
    backend.create("a/b", [b"x"])
    assert [*backend.list("nothing/here"), *backend.list("a/b"), *backend.list("a/b/c")] == []


def test_folders_are_the_names_of_the_directories_directly_in_one(backend):
    for key in ["history/b/1", "history/a/1", "history/a/2/3", "history/c", "history.x/y/z", "a-b/c", "top"]:
        backend.create(key, [b"x"])
    assert list(backend.folders("history")) == ["a", "b"]
    assert list(backend.folders("history/a")) == ["2"]
    assert list(backend.folders("")) == ["a-b", "history", "history.x"]
    assert [*backend.folders("history/c"), *backend.folders("history/b"), *backend.folders("no/where")] == []


def test_other_bytes_have_another_mark(backend):
    marks = []
    for content in (b"one", b"two", b"six"):
        backend.create("a/b", [content])
        marks.append(backend.mark("a/b"))
        backend.delete("a/b")
    assert all(isinstance(mark, str) for mark in marks)
    assert len(set(marks)) == 3


def test_what_is_not_there_has_no_mark(backend):
    backend.create("a/b", [b"one"])
    assert [backend.mark(key) for key in ("a/c", "b/b", "a/b/c")] == [None] * 3


def test_locks_and_staging_are_not_listed(backend):
    with backend.sharing():
        backend.create("a", [b"x"])
        assert list(backend.list("")) == ["a"]


def test_what_is_deleted_is_gone_and_can_be_created_again(backend):
    backend.create("a/b", [b"old"])
    backend.delete("a/b")
    backend.delete("a/b")
    backend.delete("never/was")
    assert list(backend.list("")) == []
    assert backend.create("a/b", [b"new"]) is True
    assert read(backend, "a/b") == b"new"


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_keys_that_lead_elsewhere_are_refused(backend, key):
    with pytest.raises(ValueError, match="not a clean relative key"):
        backend.create(key, untouchable())
    with pytest.raises(ValueError, match="not a clean relative key"):
        backend.open(key)
    with pytest.raises(ValueError, match="not a clean relative key"):
        backend.delete(key)
    with pytest.raises(ValueError, match="not a clean relative key"):
        backend.mark(key)
    if key:
        for look in (backend.list, backend.folders):
            with pytest.raises(ValueError, match="not a clean relative key"):
                list(look(key))


def test_many_share_at_once(backend):
    with backend.sharing(), backend.sharing():
        assert backend.create("a", [b"x"]) is True


def test_settling_changes_nothing_and_may_be_asked_for_where_nothing_is(backend):
    backend.create("blobs/58/a", [b"kept"])
    backend.settle("blobs")
    backend.settle("nowhere")
    assert list(backend.list("")) == ["blobs/58/a"]


def test_sharing_lets_errors_through(backend):
    with pytest.raises(KeyError), backend.sharing():
        raise KeyError("mine")
    with backend.sharing():
        pass


def test_an_unknown_adapter_is_named_with_the_known_ones():
    with pytest.raises(UsageError, match="'floppy' is not one of the backends") as caught:
        adapters.load("backends", "floppy")
    assert "local, memory" in caught.value.hint


@pytest.mark.parametrize("name", ["_keys", "__init__", "../backends/local", "local.os", ""])
def test_what_is_no_adapter_is_not_loaded(name):
    with pytest.raises(UsageError):
        adapters.load("backends", name)


def test_names_imports_none_of_them():
    program = "import sys; from mlreg import adapters; before = {*sys.modules}; adapters.names('backends')"
    program += "; print(*({*sys.modules} - before), 'end')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "end\n"
