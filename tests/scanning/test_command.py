"""`mlreg scan` as it is typed: files, directories, versions; tables, lines, documents, exit codes."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import jsonschema

from mlreg.cli.topics import schema

from . import hostile


def test_an_allowed_file_is_exit_0_and_no_repository_is_needed(mlreg, tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps([1]))
    answer = mlreg("scan", "a.pkl")
    assert (answer.code, answer.out, answer.err) == (0, "a.pkl\tpickle\tallowed\t\t\t\n", "")


def test_a_hostile_file_is_exit_1_with_its_reasons(mlreg, tmp_path):
    (tmp_path / "a.pkl").write_bytes(hostile.system("true"))
    answer = mlreg("scan", "a.pkl")
    assert answer.code == 1
    assert [line.split("\t")[2:4] for line in answer.out.splitlines()] == [["refused", "MLR302"], ["refused", "MLR301"]]


def test_the_document_is_of_its_schema_and_has_the_command_that_trusts(mlreg, tmp_path):
    (tmp_path / "own.pkl").write_bytes(b"\x80\x02cmine.models\nModel\n)\x81.")
    document = mlreg("scan", "own.pkl", "--json").document
    jsonschema.Draft202012Validator(schema("scan")).validate(document)
    (file,) = document["files"]
    assert file["verdict"] == "needs-trust"
    assert file["trust"] == ["mlreg trust add NAME@VERSION --global mine.models.Model"]


def test_a_directory_is_all_its_files_but_not_those_of_git(mlreg, tmp_path):
    for name in ("b/two.pkl", "one.pkl", ".git/three.pkl"):
        path = tmp_path / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(1))
    document = mlreg("scan", "models", "--json").document
    assert sorted(file["path"] for file in document["files"]) == ["models/b/two.pkl", "models/one.pkl"]


def test_a_version_is_scanned_and_named_in_the_command_that_trusts(mlreg, tmp_path):
    (tmp_path / "m.pkl").write_bytes(b"\x80\x02cmine\nModel\n)\x81.")
    mlreg("init")
    assert mlreg("register", "fraud", "m.pkl").code == 0
    answer = mlreg("scan", "fraud@1.0.0", "--json")
    (file,) = answer.document["files"]
    assert (answer.code, file["path"]) == (1, "fraud@1.0.0:m.pkl")
    assert file["trust"] == ["mlreg trust add fraud@1.0.0 --global mine.Model"]


def test_what_is_neither_a_file_nor_a_version_is_not_found(mlreg):
    for word in ("none.pkl", "fraud@1.0.0"):
        answer = mlreg("scan", word, "--json")
        assert (answer.code, json.loads(answer.err)["exit_code"]) == (3, 3)


def test_a_pipe_is_no_file(mlreg, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert mlreg("scan", "pipe").code == 2


def test_names_and_contents_cannot_drive_a_terminal(mlreg, tmp_path):
    (tmp_path / "a.pkl").write_bytes(b"\x80\x02c\x1b[31mevil\nx\n.")
    answer = mlreg("scan", str(Path("a.pkl")))
    assert "\x1b" not in answer.out and answer.code == 1


class TestTrust:
    OWN = b"\x80\x02cmine\nModel\n)\x81."

    def registered(self, mlreg, tmp_path):
        (tmp_path / "m.pkl").write_bytes(self.OWN)
        mlreg("init")
        mlreg("register", "fraud", "m.pkl")

    def test_the_command_of_the_scan_makes_the_version_allowed(self, mlreg, tmp_path):
        self.registered(mlreg, tmp_path)
        (file,) = mlreg("scan", "fraud@1.0.0", "--json").document["files"]
        (command,) = file["trust"]
        assert mlreg(*command.split()[1:]).out == "mine.Model of fraud 1.0.0 is trusted\n"
        assert mlreg("scan", "fraud@1.0.0").code == 0
        assert mlreg("scan", "m.pkl").code == 1  # trust is of the version, not of whatever lies about

    def test_who_said_so_when_and_why_is_listed_and_in_the_history(self, mlreg, tmp_path):
        self.registered(mlreg, tmp_path)
        mlreg("trust", "add", "fraud@1.0.0", "--global", "mine.Model", "--reason", "reviewed")
        (told,) = mlreg("trust", "list", "fraud@1.0.0", "--json").document["globals"]
        assert (told["global"], told["actor"], told["reason"]) == ("mine.Model", "ann@example.org", "reviewed")
        events = mlreg("history", "fraud", "--kind", "trusted", "--json").document["events"]
        assert [event["trust"]["globals"] for event in events] == [{"mine.Model": True}]
        assert mlreg("history", "fraud", "--kind", "trusted").out.split("\t")[4] == "mine.Model"

    def test_twice_is_once_and_taken_back_it_is_gone(self, mlreg, tmp_path):
        self.registered(mlreg, tmp_path)
        add = ("trust", "add", "fraud", "1.0.0", "--global", "mine.Model")
        assert [mlreg(*add, "--json").document["changed"] for _ in range(2)] == [True, False]
        assert mlreg("trust", "remove", "fraud@1.0.0", "--global", "mine.Model").code == 0
        assert mlreg("trust", "list", "fraud@1.0.0").out == ""
        assert mlreg("scan", "fraud@1.0.0").code == 1

    def test_a_dry_run_trusts_nothing(self, mlreg, tmp_path):
        self.registered(mlreg, tmp_path)
        mlreg("trust", "add", "fraud@1.0.0", "--global", "mine.Model", "--dry-run")
        assert mlreg("trust", "list", "fraud@1.0.0").out == ""

    def test_what_cannot_be_trusted_is_said(self, mlreg, tmp_path):
        self.registered(mlreg, tmp_path)
        codes = {
            ("add", "fraud@1.0.0", "--global", "os.system"): 4,
            ("add", "fraud@1.0.0", "--global", "sklearn.svm._classes.SVC"): 2,
            ("add", "fraud@1.0.0", "--global", "no name"): 2,
            ("add", "fraud@1.0.0"): 2,
            ("add", "fraud", "--global", "mine.Model"): 2,
            ("add", "fraud@2.0.0", "--global", "mine.Model"): 3,
            ("ad", "fraud@1.0.0", "--global", "mine.Model"): 2,
            ("list", "fraud@1.0.0", "--reason", "x"): 2,
        }
        assert {words: mlreg("trust", *words).code for words in codes} == codes
