"""Whatever changes in a repository is found, and the file named; what a crash leaves is no damage."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from mlreg.adapters import load
from mlreg.answers.verified import Problem
from mlreg.errors import IntegrityError, NotFoundError
from mlreg.registry import Registry
from mlreg.store import codec, layout
from mlreg.store.repository import Repository

ORPHAN = b"an orphan"
ORPHAN_RECORD = b'format: 1\nmodel: fraud\nversion: "9.9.9"\n'


@pytest.fixture(scope="session")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `.mlreg` with two models, five versions, a history, and what a crash has left."""
    root = tmp_path_factory.mktemp("grown")
    registry = Registry.init(root, actor="ann@example.org")
    for number in range(4):
        registry.register("fraud", written(root / "model.bin", f"weights {number} " * 50), metrics={"auc": number})
        registry.promote("fraud", "latest", to="production", reason=f"number {number}")
    registry.rollback("fraud")
    registry.register(
        "risk/churn", *(written(root / name, text) for name, text in [("a", "same"), ("b", "same"), ("c", "")])
    )
    repository = root / ".mlreg"
    for key in orphans():
        (repository / key).parent.mkdir(exist_ok=True)
        (repository / key).write_bytes(ORPHAN if layout.digest_of_blob(key) else ORPHAN_RECORD)
    written(repository / "tmp" / "123-abc", "torn")
    return repository


@pytest.fixture
def repository(grown: Path, tmp_path: Path) -> Path:
    """A copy of it to damage."""
    return Path(shutil.copytree(grown, tmp_path / ".mlreg", symlinks=True))


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def orphans() -> list[str]:
    """Returns the keys of a blob and a record that no event refers to."""
    return [layout.blob(codec.digest(ORPHAN)), layout.record("fraud", "9.9.9", codec.digest(ORPHAN_RECORD))]


def opened(repository: Path) -> Registry:
    # not Registry.open, which refuses a repository whose format file is damaged
    return Registry(Repository(load("backends", "local").connect(repository)), actor="ann@example.org")


def problems(repository: Path, name: str | None = None, *, quick: bool = False) -> list[Problem]:
    return list(opened(repository).verify(name, quick=quick).problems)


def named(repository: Path, name: str | None = None, *, quick: bool = False) -> set[str]:
    return {problem.object for problem in problems(repository, name, quick=quick)}


def found(repository: Path) -> list[tuple[str, str]]:
    return [(problem.code, problem.object) for problem in problems(repository)]


def guarded(repository: Path, *, but: tuple[str, ...] = ()) -> list[str]:
    """Returns the keys of all files that `verify` answers for, sorted."""
    keys = (path.relative_to(repository).as_posix() for path in repository.rglob("*") if not path.is_dir())
    return sorted(key for key in keys if key.split("/")[0] not in ("tmp", "cache", "config.toml") and key not in but)


def event(number: int, model: str = "fraud") -> str:
    return layout.event(model, number)


def blob_of(repository: Path, version: str) -> str:
    return layout.blob(opened(repository).info(f"fraud@{version}").record.files[0].digest)


def record_of(repository: Path, version: str) -> str:
    return next(key for key in guarded(repository) if key.startswith(f"catalog/fraud/{version}-"))


def rewrite(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def edit(path: Path, **changes: Any) -> None:
    """Changes fields of an event and makes its own digest right again."""
    body = {**json.loads(path.read_bytes()), **changes}
    del body["digest"]
    rewrite(path, codec.canonical_json({**body, "digest": codec.digest(codec.canonical_json(body))}))


@contextmanager
def restored(path: Path) -> Iterator[Path]:
    """Lets a file be damaged, and puts it back."""
    data = path.read_bytes()
    try:
        yield path
    finally:
        if path.is_dir():
            shutil.rmtree(path)
        rewrite(path, data)


def flip(path: Path, at: int = 0, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    rewrite(path, bytes(data))


def link(path: Path) -> None:
    """Puts a link in the place of a file, to where its bytes are now."""
    root = next(parent for parent in path.parents if parent.name == ".mlreg")
    path.symlink_to(path.rename(root / "tmp" / path.name))


def directory(path: Path, inside: str | None = None) -> None:
    path.unlink()
    path.mkdir()
    if inside:
        written(path / inside, "")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a flipped bit": flip,
    "a byte more": lambda path: rewrite(path, path.read_bytes() + b"\n"),
    "a byte before": lambda path: rewrite(path, b" " + path.read_bytes()),
    "a byte less": lambda path: rewrite(path, path.read_bytes()[:-1]),
    "half of it": lambda path: rewrite(path, path.read_bytes()[: path.stat().st_size // 2]),
    "nothing in it": lambda path: rewrite(path, b""),
    "zeros": lambda path: rewrite(path, bytes(path.stat().st_size)),
    "a link": link,
    "a directory": directory,
    "a pipe": pipe,
}


def test_a_repository_as_it_was_written_has_no_problems(repository: Path) -> None:
    answer = opened(repository).verify()
    assert answer.document()["problems"] == []
    assert answer.checked == {"models": 2, "events": 11, "records": 5, "blobs": 7, "bytes": 2013}


def test_what_a_crash_leaves_is_no_problem_there_or_gone(repository: Path) -> None:
    for key in orphans():
        (repository / key).unlink()
    assert problems(repository) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_to_any_file_is_found_and_the_file_named(repository: Path, damage: str) -> None:
    gone = tuple(orphans()) if damage == "a directory" else ()  # an orphan that is gone is no problem
    for key in guarded(repository, but=gone):
        if (repository / key).stat().st_size > 1:
            with restored(repository / key) as path:
                DAMAGES[damage](path)
                assert key in named(repository), key


def test_a_file_that_is_gone_is_named_but_for_the_newest_event(repository: Path) -> None:
    newest = (event(9), event(1, "risk/churn"))
    for key in guarded(repository, but=(*newest, *orphans())):
        with restored(repository / key) as path:
            path.unlink()
            assert key in named(repository), key


def test_a_bit_anywhere_is_found(repository: Path) -> None:
    dice = random.Random(42)
    keys = [key for key in guarded(repository) if (repository / key).stat().st_size]
    for key in dice.choices(keys, k=150):
        with restored(repository / key) as path:
            flip(path, at=dice.randrange(10**6), bit=dice.randrange(8))
            assert key in named(repository), key


def test_several_damages_at_once_are_all_named(repository: Path) -> None:
    dice = random.Random(7)
    # what the files of `init` were is known from the first event of the repository
    keys = guarded(repository, but=(event(1, layout.REPOSITORY), layout.blob(codec.digest(b""))))
    for _ in range(30):
        with ExitStack() as restoring:
            damaged = set(dice.sample(keys, 5))
            for key in damaged:
                path = restoring.enter_context(restored(repository / key))
                flip(path, at=dice.randrange(10**6), bit=dice.randrange(8))
            assert damaged <= named(repository)


def test_two_files_in_each_others_place_are_both_named(repository: Path) -> None:
    dice, keys = random.Random(3), guarded(repository)
    for _ in range(40):
        one, other = dice.sample(keys, 2)
        with restored(repository / one) as here, restored(repository / other) as there:
            data = here.read_bytes()
            rewrite(here, there.read_bytes())
            rewrite(there, data)
            assert {one, other} <= named(repository)


@pytest.mark.parametrize(
    "key",
    [
        *["notes.txt", ".DS_Store", "format.bak", "README.md~", "blobs/x", "blobs/sha256/58/5891", "catalog/x.yaml"],
        *["catalog/fraud/1.0.0.yaml", "catalog/fraud/x/y", "catalog/fraud/9.9.9-00000000.yaml", "history/fraud/notes"],
        *["history/fraud/00000000.json", "history/fraud/x/00000001.json", "history/new/00000001.json"],
        *["history/fraud/00000010.json", "history/fraud/00000042.json", "history/Fraud/00000001.json"],
        "blobs/sha256/58/" + "58" * 32,
    ],
)
def test_a_file_that_does_not_belong_there_is_named(repository: Path, key: str) -> None:
    (repository / key).parent.mkdir(exist_ok=True, parents=True)
    written(repository / key, "stray")
    assert key in named(repository)


@pytest.mark.parametrize("key", ["config.toml", "cache/x", "tmp/x", "cache/records/x.json"])
def test_what_is_yours_or_can_be_derived_is_not_looked_at(repository: Path, key: str) -> None:
    (repository / key).parent.mkdir(exist_ok=True)
    rewrite(repository / key, b"[broken")
    assert problems(repository) == []


@pytest.mark.parametrize("inside", [None, "x", "00000001.json"])
@pytest.mark.parametrize("key", [event(9), event(5), event(1, "risk/churn")])
def test_a_directory_in_the_place_of_an_event_is_named_whatever_is_in_it(
    repository: Path, key: str, inside: str | None
) -> None:
    directory(repository / key, inside)
    assert key in named(repository)


def test_a_copy_of_a_record_under_another_version_is_not_what_its_name_says(repository: Path) -> None:
    known = record_of(repository, "1.0.0")
    copy = known.replace("1.0.0-", "7.7.7-")
    shutil.copy(repository / known, repository / copy)
    assert found(repository) == [("record-damaged", copy)]


def test_a_copy_of_an_event_as_the_next_one_is_named(repository: Path) -> None:
    shutil.copy(repository / event(9), repository / event(10))
    assert found(repository) == [("event-damaged", event(10))]


def test_a_whole_directory_behind_a_link_is_named(repository: Path) -> None:
    (repository / "blobs").rename(repository / "tmp" / "blobs")
    (repository / "blobs").symlink_to("tmp/blobs")
    assert "blobs" in named(repository)


def test_bytes_that_are_not_here_are_told_from_bytes_that_are_damaged(repository: Path) -> None:
    missing, damaged = blob_of(repository, "1.0.0"), blob_of(repository, "1.0.1")
    (repository / missing).unlink()
    flip(repository / damaged)
    assert sorted(found(repository)) == [("blob-damaged", damaged), ("blob-missing", missing)]


def test_without_any_blobs_each_is_missing_and_nothing_else_is_wrong(repository: Path) -> None:
    shutil.rmtree(repository / "blobs")
    assert [code for code, _ in found(repository)] == ["blob-missing"] * 6


def test_a_blob_that_several_files_share_is_named_once(repository: Path) -> None:
    shared = layout.blob(codec.digest(b"same"))
    flip(repository / shared)
    assert found(repository) == [("blob-damaged", shared)]


def test_an_event_that_is_gone_is_named_and_what_follows_is_still_checked(repository: Path) -> None:
    for number in (3, 4):
        (repository / event(number)).unlink()
    flip(repository / event(7))
    assert found(repository) == [("event-missing", event(3)), ("event-missing", event(4)), ("event-damaged", event(7))]


def test_a_gap_after_a_damaged_event_is_found_too(repository: Path) -> None:
    flip(repository / event(3))
    (repository / event(4)).unlink()
    assert found(repository) == [("event-damaged", event(3)), ("event-missing", event(4))]


def test_an_event_that_was_edited_breaks_the_chain(repository: Path) -> None:
    edit(repository / event(4), actor="eve@example.org")
    assert found(repository) == [("chain-broken", event(5))]


def test_an_event_that_was_edited_so_that_it_does_not_fit_is_named(repository: Path) -> None:
    edit(repository / event(9), version="5.5.5")
    assert found(repository) == [("event-damaged", event(9))]


def test_a_registration_that_was_edited_does_not_fit_its_record(repository: Path) -> None:
    edit(repository / event(1, "risk/churn"), content="sha256:" + "0" * 64)
    assert [code for code, _ in found(repository)] == ["record-mismatch"]


@pytest.mark.parametrize("record", ["sha256:" + "0" * 64, "", "../../x", None, 5, []])
def test_a_registration_whose_record_is_not_there_is_found(repository: Path, record: Any) -> None:
    edit(repository / event(1, "risk/churn"), record=record)
    assert len(problems(repository)) == 1


@pytest.mark.parametrize(
    "changes",
    [{"files": None}, {"files": {"README.md": 5}}, {"repository": None}, {"files": {"x": "sha256:0"}}, {"format": "x"}],
)
def test_a_birth_that_was_edited_is_found(repository: Path, changes: dict[str, Any]) -> None:
    edit(repository / event(1, layout.REPOSITORY), **changes)
    assert problems(repository)


def rechained(repository: Path, number: int, **changes: Any) -> Iterator[None]:
    """Edits an event, and all after it so that they follow."""
    while (path := repository / event(number)).exists():
        edit(path, **changes)
        changes = {"previous": json.loads(path.read_bytes())["digest"]}
        number += 1
        yield


def test_only_who_has_seen_the_newest_events_can_know_that_they_are_gone_or_others(repository: Path) -> None:
    (repository / event(9)).unlink()
    assert problems(repository) == []
    assert len(list(rechained(repository, 4, actor="eve@example.org"))) == 5
    assert problems(repository) == []


def test_the_cache_does_not_hide_damage(repository: Path) -> None:
    Registry.open(repository).info("fraud@1.0.0")
    key = record_of(repository, "1.0.0")
    flip(repository / key, at=100)
    assert [problem.object for problem in Registry.open(repository).verify().problems] == [key]


def test_a_model_is_checked_by_itself(repository: Path) -> None:
    fraud, churn = blob_of(repository, "1.0.0"), layout.blob(codec.digest(b"same"))
    for key in (fraud, churn, "README.md", record_of(repository, "1.0.1"), event(4)):
        flip(repository / key, at=30)
    assert named(repository, "fraud") == {fraud, record_of(repository, "1.0.1"), event(4)}
    assert named(repository, "risk/churn") == {churn}


def test_a_model_that_is_not_there_is_not_found(repository: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no model frau"):
        problems(repository, "frau")


def test_quickly_everything_is_found_but_other_bytes_of_the_same_length(repository: Path) -> None:
    for key in guarded(repository, but=(layout.blob(codec.digest(b"")),)):
        with restored(repository / key) as path:
            flip(path)
            assert (key in named(repository, quick=True)) == (layout.digest_of_blob(key) is None), key


@pytest.mark.parametrize("damage", ["a byte more", "half of it", "nothing in it", "a link", "a directory"])
def test_quickly_a_blob_of_another_size_or_kind_is_found(repository: Path, damage: str) -> None:
    key = blob_of(repository, "1.0.0")
    DAMAGES[damage](repository / key)
    assert named(repository, quick=True) == named(repository, "fraud", quick=True) == {key}


def test_looking_changes_nothing(repository: Path) -> None:
    flip(repository / event(4))
    before = {key: (repository / key).read_bytes() for key in guarded(repository)}
    problems(repository)
    assert {key: (repository / key).read_bytes() for key in guarded(repository)} == before


def test_a_repository_with_a_damaged_format_file_is_not_opened_and_the_file_is_named(repository: Path) -> None:
    flip(repository / "format", at=2)
    with pytest.raises(IntegrityError, match="the file 'format' of the repository is damaged") as raised:
        Registry.open(repository)
    assert "`history/@repository/00000001.json`" in str(raised.value.hint)
    assert found(repository) == [("file-damaged", "format")]


def test_how_far_it_has_come_is_told_by_the_byte(repository: Path) -> None:
    read: list[int] = []
    answer = opened(repository).verify(progress=read.append)
    assert sum(read) == answer.checked["bytes"] == 2013


@pytest.mark.parametrize("words", [(), ("fraud",), ("--against", "kept.checkpoint")], ids=" ".join)
@pytest.mark.parametrize("damage", ["half of it", "nothing in it", "not there", "a link", "a directory"])
def test_what_says_that_this_is_a_repository_is_checked_like_the_rest(
    repository: Path, mlreg: Callable[..., Any], damage: str, words: tuple[str, ...]
) -> None:
    mlreg("checkpoint", "--unsigned", "-o", "kept.checkpoint")
    {**DAMAGES, "not there": Path.unlink}[damage](repository / "format")
    assert mlreg("list").code != 0
    answer = mlreg("verify", *words, "--json")
    assert (answer.code, answer.err) == (1, "")
    assert [problem["object"] for problem in answer.document["problems"]] == ["format"]


def test_where_the_first_event_is_damaged_too_both_are_named(repository: Path, mlreg: Callable[..., Any]) -> None:
    mlreg("checkpoint", "--unsigned", "-o", "kept.checkpoint")
    for key in ("format", event(1, layout.REPOSITORY)):
        rewrite(repository / key, b"")
    answer = mlreg("verify", "--against", "kept.checkpoint", "--json")
    assert answer.code == 1
    assert {problem["object"] for problem in answer.document["problems"]} == {"format", event(1, layout.REPOSITORY)}


def test_where_nothing_was_made_there_is_nothing_to_check(tmp_path: Path, mlreg: Callable[..., Any]) -> None:
    (tmp_path / ".mlreg").mkdir()
    assert mlreg("verify").code == NotFoundError.exit_code


def test_what_says_that_this_is_a_repository_is_made_anew_as_the_error_says(
    repository: Path, mlreg: Callable[..., Any]
) -> None:
    before = (repository / "format").read_bytes()
    rewrite(repository / "format", b"torn")
    assert "move it away and type `mlreg init`" in mlreg("list").err
    (repository / "format").unlink()
    assert mlreg("init").code == 0
    assert (repository / "format").read_bytes() == before
    assert mlreg("verify").code == 0
