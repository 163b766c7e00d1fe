"""`mlreg run`: the command is run as it would be without us; what it left is registered if it ended well."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.preprocessing import StandardScaler

import mlreg
from mlreg.errors import NotFoundError, UsageError
from mlreg.running import CommandError, CurrentRun

ROOT = Path(__file__).parent.parent
TRAIN = """
import json, os, sys
from pathlib import Path

Path("model.joblib").write_text("weights of " + sys.argv[1])
notes = Path(os.environ["MLREG_RUN_DIR"])
(notes / "params.json").write_text(json.dumps({"C": float(sys.argv[1])}))
(notes / "metrics.json").write_text(json.dumps({"accuracy": 0.95}))
(notes / "features.txt").write_text("# in order\\nlength\\nwidth\\n")
print("trained")
"""
TRAIN_FOR_REAL = """
import json, os, sys
from pathlib import Path
import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

inputs, answers = load_iris(return_X_y=True)
model = LogisticRegression(C=float(sys.argv[1]), max_iter=500).fit(inputs, answers)
joblib.dump(model, "model.joblib")
notes = Path(os.environ["MLREG_RUN_DIR"])
(notes / "params.json").write_text(json.dumps({"C": float(sys.argv[1])}))
(notes / "metrics.json").write_text(json.dumps({"accuracy": model.score(inputs, answers)}))
(notes / "features.txt").write_text("\\n".join(load_iris().feature_names))
print("trained")
"""


@pytest.fixture
def python(tmp_path, monkeypatch, mlreg):
    """Writes a script and returns the words that run it; `mlreg` is there to be imported by it."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    mlreg("init")

    def write(code: str, *words: str) -> list[str]:
        (tmp_path / "train.py").write_text(code)
        return [sys.executable, "train.py", *words]

    return write


@pytest.fixture
def leftovers(tmp_path):
    return lambda: sorted(path.name for path in (tmp_path / "tmp").iterdir())


def info(mlreg, reference):
    return mlreg("info", reference, "--json").document


def record(tmp_path, name):
    return next((tmp_path / ".mlreg/catalog" / name).iterdir()).read_text()


class TestACommandThatTrains:
    def test_has_what_it_left_registered_with_all_that_it_noted(self, mlreg, python, tmp_path, leftovers):
        words = ("--register", "iris", "model.joblib", "--experiment", "c-1", "--increment", "0042")
        done = mlreg("run", *words, "--", *python(TRAIN_FOR_REAL, "1"))
        assert done.code == 0, done.err
        assert done.out.startswith(
            "Registered model: iris v1.0.0 (development, 991 B, major: it is the first version)\n"
        )
        document = info(mlreg, "iris")
        assert document["params"] == {"C": 1.0}
        assert document["metrics"]["accuracy"] > 0.9
        assert len(document["features"]) == 4
        assert document["lineage"] == {"experiment": "c-1", "increment": "0042"}
        assert "duration_s:" in record(tmp_path, "iris")
        assert leftovers() == []

    def test_again_finds_the_version_that_is_there(self, mlreg, python):
        words = ("run", "--register", "iris", "model.joblib", "--json", "--", *python(TRAIN, "1"))
        answers = [mlreg(*words).document for _ in range(2)]
        assert [answer["registered"][0]["created"] for answer in answers] == [True, False]
        assert answers[0]["command"] == [sys.executable, "train.py", "1"]
        assert answers[0]["duration_s"] > 0

    def test_prints_to_stderr_so_that_stdout_is_the_answer(self, mlreg, python, capfd):
        done = mlreg("run", "--register", "iris", "model.joblib", "--json", "--", *python(TRAIN, "1"))
        assert done.document["schema"] == "mlreg.run/1"
        assert capfd.readouterr() == ("", "trained\n")

    def test_gives_names_and_versions_to_scripts(self, mlreg, python):
        assert mlreg("run", "--register", "iris", "model.joblib", "-q", "--", *python(TRAIN, "1")).out == "iris@1.0.0\n"

    def test_is_run_by_a_dry_run_and_only_foreseen(self, mlreg, python, tmp_path):
        done = mlreg("run", "--dry-run", "--json", "--register", "iris", "model.joblib", "--", *python(TRAIN, "1"))
        assert (done.document["dry_run"], done.document["registered"][0]["version"]) == (True, "1.0.0")
        assert (tmp_path / "model.joblib").exists()
        assert mlreg("list").out == ""

    def test_may_note_in_yaml_and_nothing_else(self, mlreg, python, model_file):
        code = "import os; open(os.environ['MLREG_RUN_DIR'] + '/metrics.yaml', 'w').write('f1: 0.5')"
        model_file()
        assert mlreg("run", "--register", "x", "model.bin", "--", *python(code)).code == 0
        assert (info(mlreg, "x")["metrics"], info(mlreg, "x")["params"]) == ({"f1": 0.5}, {})

    def test_is_described_by_a_specification_read_when_it_has_ended(self, mlreg, python, tmp_path):
        (tmp_path / "iris.yaml").write_text(
            "name: iris\nfiles: model.joblib\nmetrics: scores.json\nframework: sklearn\n"
        )
        code = TRAIN + "Path('scores.json').write_text(json.dumps({'f1': 0.9, 'accuracy': 0.1}))"
        done = mlreg("run", "-f", "iris.yaml", "--experiment", "e", "--", *python(code, "1"))
        assert done.code == 0, done.err
        document = info(mlreg, "iris")
        assert (document["metrics"]["f1"], document["framework"]) == (0.9, "sklearn")
        assert document["metrics"]["accuracy"] > 0.9  # what a run notes covers what the specification says

    def test_that_did_not_write_the_file_is_warned_about(self, mlreg, python, model_file):
        os.utime(model_file(), (1_000_000_000, 1_000_000_000))
        done = mlreg("run", "--register", "x", "model.bin", "--", *python("pass"))
        assert "note: 'model.bin' is older than the run: did the command write it?" in done.err

    def test_with_nothing_to_register_is_only_run(self, mlreg, python):
        done = mlreg("run", "--", *python("pass"))
        assert (done.code, done.out[:16]) == (0, "the command took")
        assert "nothing was registered" in done.err

    def test_gets_its_words_as_they_are(self, mlreg, python, tmp_path):
        code = "import json, sys; json.dump(sys.argv[1:], open('words.json', 'w'))"
        words = ["--json", "-q", "--", "a b", "$HOME", "*", "", "-C"]
        assert mlreg("run", "--", *python(code, *words)).code == 0
        assert json.loads((tmp_path / "words.json").read_text()) == words


class TestACommandThatFails:
    @pytest.mark.parametrize("code", [1, 3, 70, 255])
    def test_passes_its_exit_code_on_and_registers_nothing(self, mlreg, python, model_file, leftovers, code):
        model_file()
        done = mlreg("run", "--register", "x", "model.bin", "--", *python(f"import sys; sys.exit({code})"))
        assert (done.code, done.out) == (code, "")
        assert f"train.py` ended with exit code {code}: nothing was registered" in done.err
        assert mlreg("list").out == ""
        assert leftovers() == []

    def test_by_a_signal_gives_the_code_that_shells_give(self, mlreg, python):
        done = mlreg("run", "--", *python("import os; os.kill(os.getpid(), 9)"))
        assert done.code == 137
        assert "was ended by SIGKILL" in done.err

    def test_says_so_in_json(self, mlreg, python):
        error = json.loads(mlreg("run", "--json", "--", *python("import sys; sys.exit(3)")).err)
        assert (error["code"], error["exit_code"], error["facts"]["signal"]) == ("command-failed", 3, None)

    def test_because_it_is_not_there_is_usage(self, mlreg, python):
        done = mlreg("run", "--", "no-such-program")
        assert (done.code, done.err.splitlines()[0]) == (2, "error: there is no command 'no-such-program'")

    def test_because_it_may_not_be_run_is_not_allowed(self, mlreg, python, tmp_path):
        (tmp_path / "train").write_text("")
        done = mlreg("run", "--", "./train")
        assert (done.code, done.err.splitlines()[0]) == (4, "error: './train' may not be run")


class TestWrongWords:
    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ((), "there is no command to run"),
            (("model.bin",), "there is no command to run"),
            (("--",), "there is no command to run"),
            (("model.bin", "--", "touch", "ran"), "which model are these files a version of?"),
            (("--register", "x", "--", "touch", "ran"), "nothing to register as x"),
            (("--register", "a b", "m", "--", "touch", "ran"), "'a b' cannot be a model's name"),
            (("--experiment", "a\tb", "--", "touch", "ran"), "'a\\tb' cannot be an experiment"),
            (("-f", "spec.yaml", "--", "touch", "ran"), "there is no file 'spec.yaml'"),
        ],
    )
    def test_are_refused_before_anything_is_run(self, mlreg, python, tmp_path, words, message):
        done = mlreg("run", *words)
        assert (done.code, done.err.splitlines()[0]) == (2, f"error: {message}")
        assert not (tmp_path / "ran").exists()

    def test_of_a_specification_are_too(self, mlreg, python, tmp_path):
        (tmp_path / "spec.yaml").write_text("name: x\nfiles: m\nstage: prodution\n")
        done = mlreg("run", "-f", "spec.yaml", "--", "touch", "ran")
        assert (done.code, "'prodution' is not a stage" in done.err) == (2, True)
        assert not (tmp_path / "ran").exists()

    def test_outside_of_a_repository_are_too(self, mlreg, tmp_path):
        assert mlreg("run", "--", "touch", "ran").code == 3
        assert not (tmp_path / "ran").exists()


def test_where_registering_fails_what_was_noted_is_kept_and_named(mlreg, python, tmp_path):
    done = mlreg("run", "--register", "iris", "model.pkl", "--", *python(TRAIN, "1"))
    assert (done.code, done.err.splitlines()[0]) == (2, "error: there is no file 'model.pkl'")
    place = Path(done.err.rstrip().rpartition("what the command noted is in ")[2])
    assert json.loads((place / "params.json").read_text()) == {"C": 1.0}


class TestSignals:
    WAIT = (
        "import signal, sys, time\n"
        "def end(number, frame): print('heard', number, flush=True); sys.exit({code})\n"
        "for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, end)\n"
        "print('ready', flush=True)\n"
        "time.sleep(30)\n"
    )

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    @pytest.mark.parametrize(("ends", "code"), [(5, 5), (0, None)])
    def test_are_passed_on_and_nothing_is_registered(self, mlreg, python, tmp_path, number, ends, code, model_file):
        if signal.getsignal(number) == signal.SIG_IGN:
            pytest.skip("whoever started the tests ignores it, as nohup does")
        model_file()
        words = ["run", "--register", "x", "model.bin", "--", *python(self.WAIT.format(code=ends))]
        run = subprocess.Popen(
            [sys.executable, "-m", "mlreg", *words],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert run.stderr.readline() == "ready\n"
        run.send_signal(number)
        said = run.communicate(timeout=30)[1]
        assert said.startswith(f"heard {int(number)}\n")
        assert said.count("heard") == 1
        assert run.returncode == (code or 128 + number)
        assert mlreg("list").out == ""

    def on_a_terminal(self, tmp_path, words):
        """Runs `words`, types Ctrl-C as soon as they are ready; returns what was shown and the exit code."""
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(tmp_path)
            os.execv(sys.executable, [sys.executable, "-m", "mlreg", "run", "--", *words])
        seen = b""
        while b"ready" not in seen:
            seen += os.read(terminal, 1024)
        os.write(terminal, b"\x03")
        while True:
            try:
                seen += os.read(terminal, 1024)
            except OSError:  # the way in which a terminal says that nobody writes to it any more
                break
        os.close(terminal)
        return seen.decode(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def test_of_the_terminal_reach_the_command(self, python, tmp_path):
        seen, code = self.on_a_terminal(tmp_path, python(self.WAIT.format(code=6)))
        assert (seen.count("heard 2"), code) == (1, 6)

    def test_of_the_terminal_are_not_passed_on_a_second_time(self, python, tmp_path):
        # a command that has left the foreground hears of them from us alone, if from anybody
        code = "import os; os.setpgrp()\n" + self.WAIT.format(code=6).replace("sleep(30)", "sleep(1); sys.exit(7)")
        seen, code = self.on_a_terminal(tmp_path, python(code))
        assert (seen.count("heard 2"), code) == (0, 7)


class TestFromInside:
    NOTES = (
        "import mlreg\n"
        "from sklearn.datasets import load_iris\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "from sklearn.preprocessing import StandardScaler\n"
        "inputs, answers = load_iris(return_X_y=True)\n"
        "scaler = StandardScaler().fit(inputs)\n"
        "model = LogisticRegression().fit(scaler.transform(inputs), answers)\n"
        "run = mlreg.current_run()\n"
        "run.log_params({'C': 1.0})\n"
        "run.log_metric('accuracy', model.score(scaler.transform(inputs), answers))\n"
        "run.register('iris', model, companions={'scaler': scaler}, meta={'team': {'name': 'risk'}}, tags=['x'])\n"
    )

    def test_a_script_says_itself_what_is_registered(self, mlreg, python, leftovers, tmp_path):
        done = mlreg("run", "--experiment", "e", "--", *python(self.NOTES))
        assert done.code == 0, done.err
        loaded = open_(tmp_path).load("iris@1.0.0", trust=True, companions=True)
        assert (loaded.record.params, loaded.record.meta) == ({"C": 1.0}, {"team": {"name": "risk"}})
        assert (loaded.record.framework, loaded.record.lineage) == ("sklearn", {"experiment": "e"})
        assert loaded.companions["scaler"].n_features_in_ == 4
        assert any(pin.startswith("scikit-learn==") for pin in loaded.record.captured["environment"]["packages"])
        assert leftovers() == []

    def test_nothing_is_registered_where_it_fails_afterwards(self, mlreg, python):
        code = "import mlreg\nmlreg.current_run().register('x', {'a': 1})\nraise SystemExit(4)"
        assert mlreg("run", "--", *python(code)).code == 4
        assert mlreg("list").out == ""

    def test_a_script_may_ask_for_several(self, mlreg, python):
        code = "import mlreg\nrun = mlreg.current_run()\n"
        code += "for n in range(11): run.log_param('n', n); run.register('rule', {'n': n})\n"
        done = mlreg("run", "-q", "--", *python(code))
        assert done.out.split() == [f"rule@1.0.{n}" for n in range(11)]

    def test_what_it_notes_goes_into_what_the_words_name(self, mlreg, python, model_file):
        model_file()
        code = "import mlreg\nmlreg.current_run().log_metric('auc', 0.5)\nmlreg.current_run().log_features(['a'])"
        assert mlreg("run", "--register", "x", "model.bin", "--", *python(code)).code == 0
        assert (info(mlreg, "x")["metrics"], info(mlreg, "x")["features"]) == ({"auc": 0.5}, ["a"])

    def test_another_part_of_the_script_goes_on_where_the_first_was(self, tmp_path):
        one = CurrentRun(tmp_path)
        one.log_params({"a": 1})
        one.register("x", StandardScaler())
        other = CurrentRun(tmp_path)
        other.log_params({"b": 2})
        assert json.loads((tmp_path / "params.json").read_text()) == {"a": 1, "b": 2}
        assert "scikit-learn" in (tmp_path / "environment.json").read_text()

    def test_the_data_is_found_where_the_script_was(self, mlreg, python, tmp_path):
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep/train.csv").write_text("a\n1\n")
        code = "import os, mlreg\nos.chdir('deep')\nopen('m', 'w').write('m')\n"
        code += "mlreg.current_run().register('x', 'm', dataset={'file': 'train.csv', 'rows': 1})"
        assert mlreg("run", "--", *python(code)).code == 0
        assert open_(tmp_path).info("x").record.dataset["size_bytes"] == 4

    def test_a_wrong_claim_is_warned_about(self, tmp_path):
        with pytest.warns(UserWarning, match="the framework is stated as torch, but the model is one of sklearn"):
            CurrentRun(tmp_path).register("x", StandardScaler(), framework="torch")

    def test_a_fact_that_means_nothing_is_refused_there(self, tmp_path):
        with pytest.raises(UsageError, match="'mertics' is not a fact"):
            CurrentRun(tmp_path).register("x", {"a": 1}, mertics={})

    def test_outside_of_a_run_there_is_none(self):
        with pytest.raises(NotFoundError, match="this script is not part of a run") as missing:
            mlreg.current_run()
        assert "mlreg run --" in missing.value.hint


def open_(place):
    return mlreg.Registry.open(place)


class TestInPython:
    def test_the_method_is_the_twin_of_the_command(self, mlreg, python, tmp_path, monkeypatch):
        answer = open_(tmp_path).run(python(TRAIN, "1"), register="iris", paths=["model.joblib"], experiment="e")
        assert [version.version for version in answer.registered] == ["1.0.0"]
        assert answer.document()["schema"] == "mlreg.run/1"

    def test_a_command_that_fails_raises(self, mlreg, python, tmp_path):
        with pytest.raises(CommandError, match="ended with exit code 3") as failure:
            open_(tmp_path).run(python("raise SystemExit(3)"))
        assert failure.value.exit_code == 3

    def test_without_a_command_there_is_nothing_to_run(self, registry):
        with pytest.raises(UsageError, match="there is no command to run"):
            registry.run([])
