"""Owns `mlreg run`: a command is run, what it leaves in the directory of the run is registered when it ended well.

The directory is named in `MLREG_RUN_DIR`. In it the command may leave, in JSON or YAML, `params` and `metrics`
(mappings) and `features` (a list, also one a line in `features.txt`), or let `mlreg.current_run()` do so, which leaves
a specification (`register-1.json`, see `mlreg.spec`) for each version that the command itself asks for.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from mlreg import intake, objects
from mlreg.adapters.surroundings import clock, environment, process
from mlreg.answers.ran import Ran
from mlreg.answers.registered import Registered
from mlreg.domain.metric import Metric
from mlreg.domain.names import checked_line, quoted
from mlreg.domain.roles import MODEL
from mlreg.domain.values import plain_mapping
from mlreg.errors import DiskError, MlregError, NotFoundError, UsageError
from mlreg.experiment import Notes, names_first, with_notes
from mlreg.spec import KEYS, covered, read_spec
from mlreg.store import codec

Register = Callable[..., Registered]
Check = Callable[..., object]
_ENVIRONMENT: Final = "environment.json"
_SUFFIXES: Final = (".json", ".yaml", ".yml")
_SHOWN_CHARACTERS: Final = 80
_CLOCKS_DIFFER_S: Final = 2.0


class CommandError(MlregError):
    """The command did not end well, so nothing was registered; the exit code is the command's."""

    code = "command-failed"
    exit_code = 1

    def __init__(self, message: str, *, exit_code: int, hint: str | None, facts: Mapping[str, Any]) -> None:
        super().__init__(message, hint=hint, facts=facts)
        self.exit_code = exit_code  # type: ignore[misc]


class CurrentRun(Notes):
    """The run that this script is part of, seen from inside: what it notes is registered when it has ended well.

    Args:
        directory: The directory of the run.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.directory = directory
        before = _noted(directory)
        self.params.update(before.get("params", {}))
        self.metrics.update(before.get("metrics", {}))
        self.features = before.get("features", [])
        self._keep_environment(())

    def register(self, name: Any, *models: Any, companions: Mapping[str, Any] | None = None, **facts: Any) -> None:
        """Asks for a version with all that was noted; it is registered once the script has ended well.

        Args:
            name: The name of the model.
            models: The trained model, or the paths of its files, as `Registry.register` takes them.
            companions: What belongs to it, by role, as `Registry.register` takes them.
            facts: What else `Registry.register` takes and a specification can say.

        Raises:
            UsageError: A fact means nothing, or the model cannot be saved.
        """
        for key in facts:
            if key not in KEYS:
                raise UsageError(
                    f"{quoted(key)} is not a fact that a run can state", hint=f"known are {', '.join(KEYS)}"
                )
        model, *given = names_first(name, models)
        number = 1 + sum(1 for _ in self.directory.glob("register-*.json"))
        place = self.directory / f"files-{number}"
        place.mkdir()
        hand = objects.kept_in(
            place, given, companions or {}, framework=facts.get("framework"), features=list(facts.get("features") or ())
        )
        for note in hand.notes:
            warnings.warn(note, stacklevel=2)
        self._keep_environment(hand.distributions)
        files = [{"path": _absolute(path)} for path in hand.paths]
        files += [{"path": _absolute(path), "role": role} for role, paths in hand.roles.items() for path in paths]
        stated = with_notes(self, {**facts, "framework": hand.framework, "features": hand.features})
        self._write(f"register-{number}.json", _stated({**stated, "name": model, "files": files}))

    def _keep(self) -> None:
        for name, noted in (("params", self.params), ("metrics", self.metrics), ("features", self.features)):
            if noted:
                self._write(f"{name}.json", noted)

    def _keep_environment(self, distributions: Iterable[str]) -> None:
        known = _environment(self.directory).get("environment", {})
        packages = sorted({*known.get("packages", ()), *environment.installed(distributions)})
        self._write(_ENVIRONMENT, {**environment.capture(), **({"packages": packages} if packages else {})})

    def _write(self, name: str, value: Any) -> None:
        # a training may have several processes
        staged = self.directory / f".{name}.{os.getpid()}"
        staged.write_bytes(codec.canonical_json(value))
        staged.rename(self.directory / name)


def current_run() -> CurrentRun:
    """Returns the run that this script is part of.

    Raises:
        NotFoundError: It was not started by `mlreg run`.
    """
    directory = process.run_directory()
    if directory is None:
        raise NotFoundError(
            "this script is not part of a run",
            hint="start it with `mlreg run -- python SCRIPT`, or use `with registry.experiment(NAME) as run:`",
            code="no-run",
        )
    return CurrentRun(Path(directory))


def run(
    command: Sequence[str], *, words: Mapping[str, Any], spec: Path | None, check: Check, register: Register
) -> Ran:
    """Runs `command` and registers what came of it.

    Args:
        words: Arguments of the registration; with a `name` (there or in `spec`) the files that it names are
            registered, and without one only what the command itself asks for.
        spec: A specification that stands below all that is noted and said; read again when the command has ended.
        check: Refuses a name, a version or a stage that could not be registered.
        register: Registers a version, as `Registry.register` does.

    Raises:
        UsageError: The words mean nothing: the command was not run.
        CommandError: The command did not end well.
        MlregError: What it left could not be registered; the hint says where it is.
    """
    _check_words(command, words, spec, check)
    directory = Path(tempfile.mkdtemp(prefix="mlreg-run-"))
    keeps = False
    try:
        began, at = clock.seconds(), clock.now().timestamp()
        _check_end(command, process.run(command, {process.RUN_DIRECTORY: str(directory)}))
        duration_s = round(clock.seconds() - began, 3)
        keeps = any(directory.iterdir())
        captured = {"run": {"duration_s": duration_s, "command": list(command)}, **_environment(directory)}
        requests = _requests(directory, words, spec)
        notes = [note for request in requests for note in _stale(request, at)]
        answers = [_registered(register, request, captured) for request in requests]
        keeps = False
    except MlregError as error:
        if keeps:
            _tell_place(error, directory)
        raise
    except OSError as error:
        if not keeps:
            raise
        what = (error.strerror or str(error)).lower()
        failure = DiskError(f"what came of the command could not be registered: {what}")
        _tell_place(failure, directory)
        raise failure from error
    finally:
        if not keeps:
            shutil.rmtree(directory, ignore_errors=True)
    if not answers:
        notes.append("nothing was registered: name what comes of it with `--register NAME PATH`")
    notes += [note for answer in answers for note in answer.notes]
    return Ran(
        command=command,
        duration_s=duration_s,
        registered=answers,
        notes=notes,
        dry_run=any(answer.dry_run for answer in answers),
    )


def _tell_place(error: MlregError, directory: Path) -> None:
    """Says in `error` where that is what hours of training may have noted."""
    error.hint = "; ".join(filter(None, [error.hint, f"what the command noted is in {directory}"]))
    error.facts["directory"] = str(directory)


def _check_words(command: Sequence[str], words: Mapping[str, Any], spec: Path | None, check: Check) -> None:
    """Checks before hours of training what would be wrong after them."""
    if not command:
        raise UsageError(
            "there is no command to run", hint="write it behind `--`, as in `mlreg run -- python train.py`"
        )
    stated = read_spec(spec).values if spec else {}
    for key, what in (("experiment", "an experiment"), ("increment", "an increment")):
        if words.get(key) is not None:
            checked_line(words[key], what)
    name = words.get("name") or stated.get("name")
    if name is None:
        return
    version = stated.get("version")
    check(str(name), version=None if version is None else str(version), stage=stated.get("stage"))
    if not words.get("paths") and not stated.get("files"):
        raise UsageError(
            f"nothing to register as {name}",
            hint=f"name the files that the command writes: `mlreg run --register {name} PATH -- COMMAND`",
        )


def _check_end(command: Sequence[str], ended: process.Ended) -> None:
    if ended.code == 0:
        return
    shown = shlex.join(command)
    shown = shown if len(shown) <= _SHOWN_CHARACTERS else shown[: _SHOWN_CHARACTERS - 1] + "…"
    how = f"was ended by {ended.signal}" if ended.signal else f"ended with exit code {ended.code}"
    raise CommandError(
        f"`{shown}` {how}: nothing was registered",
        exit_code=ended.code,
        hint=None if ended.signal == signal.SIGINT.name else "see above what it says, mend it, then run it again",
        facts={"command": list(command), "signal": ended.signal},
    )


def _registered(register: Register, request: Mapping[str, Any], captured: Mapping[str, Any]) -> Registered:
    arguments = dict(request)
    return register(arguments.pop("name"), *arguments.pop("paths", ()), **arguments, captured=captured)


def _requests(directory: Path, words: Mapping[str, Any], spec: Path | None) -> list[dict[str, Any]]:
    """Returns what is to be registered, as the arguments of `Registry.register` with `name` and `paths`."""
    asked = [read_spec(path).arguments() for path in sorted(directory.glob("register-*.json"), key=_number)]
    above = {key: words.get(key) for key in ("experiment", "increment", "dry_run", "progress")}
    requests = [covered(request, above) for request in asked]
    stated = covered(read_spec(spec).arguments(), {}) if spec else {}
    if words.get("name") or stated.get("name"):
        requests.append(covered(covered(stated, _noted(directory)), words))
    return requests


def _noted(directory: Path) -> dict[str, Any]:
    """Returns what the command has noted, as far as files say it."""
    found: dict[str, Any] = {}
    for name, read in (("params", intake.read_mapping), ("metrics", intake.read_mapping)):
        if path := _first(directory, name, _SUFFIXES):
            found[name] = read(path)
    if path := _first(directory, "features", (*_SUFFIXES, ".txt")):
        found["features"] = intake.read_features(path)
    return found


def _first(directory: Path, name: str, suffixes: Sequence[str]) -> Path | None:
    paths = (directory / f"{name}{suffix}" for suffix in suffixes)
    return next((path for path in paths if path.exists()), None)


def _environment(directory: Path) -> dict[str, Any]:
    """Returns what a script in Python has told of its own environment, which need not be ours."""
    path = directory / _ENVIRONMENT
    return {"environment": intake.read_mapping(path)} if path.exists() else {}


def _stale(request: Mapping[str, Any], began: float) -> list[str]:
    """Returns a warning for each file of the model that is older than the run; its companions may well be."""
    given = [*request.get("paths", ()), *request.get("companions", {}).get(MODEL, ())]
    old = [path for path in map(Path, given) if path.is_file() and path.stat().st_mtime < began - _CLOCKS_DIFFER_S]
    return [f"{quoted(str(path), 200)} is older than the run: did the command write it?" for path in old]


def _stated(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Returns `facts` as a specification in JSON has them."""
    metrics = {name: Metric.parse(name, value).stated() for name, value in facts["metrics"].items()}
    said = {key: value for key, value in facts.items() if value is not None}
    if "file" in (said.get("dataset") or {}):
        said["dataset"] = {**said["dataset"], "file": _absolute(said["dataset"]["file"])}
    lists = {key: list(said[key]) for key in ("features", "requirements", "tags") if key in said}
    return plain_mapping({**said, **lists, "metrics": metrics}, "what is registered")


def _absolute(path: str | os.PathLike[str]) -> str:
    return os.path.abspath(path)


def _number(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])
