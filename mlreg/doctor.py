"""Owns the look at an installation and a repository for what keeps them from working, and the commands that mend it.

Whether every byte is as it was written is the question of `verify`, not of this room: it opens the newest event of each
model and the records of the versions in use.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path

from mlreg.adapters.surroundings import disk, identity, ignored, installation
from mlreg.answers.doctor import Check, Diagnosis, Finding
from mlreg.bench import Bench
from mlreg.domain.ending import days_left, end_notes
from mlreg.domain.stages import Stages
from mlreg.domain.state import ModelState, Standing
from mlreg.domain.times import timestamp
from mlreg.errors import MissingError, MlregError, NotFoundError
from mlreg.store import codec, layout, seals
from mlreg.store.repository import birth_of
from mlreg.version import __version__

_SKEW_S = 300
_OLD_S = 86_400
_LITTLE_BYTES = 200_000_000
_CACHED_MOST = 10_000
_FIND_HOME = 'export HOME="$(getent passwd "$(id -u)" | cut -d: -f6)"'
Look = Callable[[], Check]


def examine_installation(actor: str | None) -> list[Check]:
    """Looks at what is there without any repository: packages, byte code, home, identity."""
    return [
        Check("python", f"{installation.python()}, mlreg {__version__}"),
        _packages(),
        _byte_code(),
        _home(),
        _guarded("actor", lambda: _actor(actor)),
    ]


def without_repository(checks: Iterable[Check], error: NotFoundError, *, is_named: bool) -> Diagnosis:
    """Tells what was found where there is no repository: wrong only where somebody said that there is one."""
    finding = Finding("no-repository", "repository", error.message, "mlreg init")
    return Diagnosis(repository=None, checks=[*checks, Check("repository", "none here", [finding] if is_named else [])])


def examine(bench: Bench, directory: Path, checks: Iterable[Check]) -> Diagnosis:
    """Looks at the repository in `directory` and tells it with what was found before."""
    here = f"-C {shlex.quote(str(directory))}"
    birth = _guarded("format", lambda: _format(bench, here))
    found = [*checks, birth]
    if not birth.findings:
        looks: dict[str, Look] = {
            "files": lambda: _files(bench, directory, here),
            "config.toml": lambda: _config(bench, directory),
            "history": lambda: _history(bench),
        }
        found += [_guarded(name, look) for name, look in looks.items()]
        if not any(check.name == "config.toml" and check.findings for check in found):
            found.append(_guarded("models", lambda: _models(bench)))  # which stages they stand at says config.toml
    found += [
        _guarded("disk", lambda: _disk(directory)),
        _guarded("cache", lambda: _cache(directory, bench.journal.now())),
        _guarded("leftovers", lambda: _leftovers(directory, bench.journal.now())),
        _guarded("git", lambda: _git(directory)),
    ]
    return Diagnosis(repository=str(directory), checks=found)


def _guarded(name: str, look: Look) -> Check:
    """Looks, and takes what keeps it from looking for a finding."""
    try:
        return look()
    except MlregError as error:
        return Check(name, "cannot be read", [Finding(error.stable_code, name, error.message, _typed(error.hint))])
    except OSError as error:
        place = str(error.filename or name)
        what = (error.strerror or str(error)).lower()
        return Check(
            name, "cannot be read", [Finding("unreadable", place, f"{place}: {what}", f"ls -ld {_word(place)}")]
        )


def _packages() -> Check:
    needs = installation.needs()
    unmet = [need for need in needs if not need.is_met]
    if not needs:
        return Check("packages", "mlreg runs from a directory: which packages it needs is not known")
    findings = [
        Finding(
            "package",
            need.requirement,
            f"{need.requirement} is needed, {need.installed or 'nothing'} is installed",
            f"{installation.interpreter()} -m pip install {_word(need.requirement)}",
        )
        for need in unmet
    ]
    return Check("packages", f"{len(needs) - len(unmet)} of {len(needs)} as needed", findings)


def _byte_code() -> Check:
    missing = installation.uncompiled()
    if not missing:
        return Check("byte code", "is kept")
    place = str(installation.package())
    keeps = (
        "" if installation.writes_byte_code() else ", and Python does not keep it (PYTHONDONTWRITEBYTECODE, or rights)"
    )
    message = f"{_counted(len(missing), 'module')} without it{keeps}: each start compiles them again"
    fix = f"{installation.interpreter()} -m compileall -q {_word(place)}"
    # a first start leaves the modules of other commands without it, which is as it should be
    findings = [Finding("byte-code", place, message, fix, is_advice=True)] if keeps else []
    return Check("byte code", f"{_counted(len(missing), 'module')} without it yet", findings)


def _home() -> Check:
    problem = installation.home_problem()
    if problem is None:
        return Check("home", "is there")
    message = f"{problem}: what git and mlreg are told there is not found"
    return Check("home", "is not there", [Finding("home", "HOME", message, _FIND_HOME, is_advice=True)])


def _actor(given: str | None) -> Check:
    actor, source = identity.told(given)
    if source != identity.LOGIN:
        return Check("actor", f"{actor}, by {source}")
    message = f"nobody said who acts: events would name {actor}, the login name"
    fix = "git config --global user.email you@example.org"
    return Check("actor", f"{actor}, by {source}", [Finding("actor", actor, message, fix, is_advice=True)])


def _format(bench: Bench, here: str) -> Check:
    try:
        known = bench.repository.id()
    except NotFoundError:
        message = "`init` has not come to its end here: there is no format file"
        return Check("format", "half made", [Finding("half-made", layout.FORMAT, message, f"mlreg init {here}")])
    except MissingError as error:
        fix = f"{installation.interpreter()} -m pip install --upgrade mlreg"
        return Check("format", "newer than this mlreg", [Finding(error.stable_code, layout.FORMAT, error.message, fix)])
    born = birth_of(bench.repository.history)["repository"]
    if born != known:
        message = "the format file is of another repository than the first event"
        return Check("format", "mixed up", [Finding("format-damaged", layout.FORMAT, message, f"mlreg verify {here}")])
    return Check("format", f"1, repository {known[:12]}")


def _files(bench: Bench, directory: Path, here: str) -> Check:
    """Looks at the files that `init` makes: without them git would change and keep what it must not."""
    findings = []
    for key, digest in birth_of(bench.repository.history).items():
        if key == "repository":
            continue
        try:
            with bench.repository.backend.open(key) as stream:
                same = codec.digest(stream.read()) == digest
        except FileNotFoundError:
            findings.append(Finding("file-missing", key, f"{key} is missing", f"mlreg init {here}"))
            continue
        if not same:
            fix = f"rm {_word(str(directory / key))} && mlreg init {here}"
            findings.append(Finding("file-damaged", key, f"{key} is not what `init` wrote", fix))
    return Check("files", "those that `init` makes are whole" if not findings else "not as `init` made them", findings)


def _config(bench: Bench, directory: Path) -> Check:
    fix = f"${{EDITOR:-vi}} {_word(str(directory / layout.CONFIG))}"
    try:
        config = bench.config
    except MlregError as error:
        return Check("config.toml", "cannot be read", [Finding("config", layout.CONFIG, error.message, fix)])
    unknown = [Finding("config-unknown", layout.CONFIG, text, fix, is_advice=True) for text in config.warnings]
    return Check("config.toml", " < ".join(config.stages.order), unknown)


def _history(bench: Bench) -> Check:
    history, newest, findings = bench.repository.history, "", []
    last: dict[str, int] = {}
    for key in bench.repository.backend.list(layout.HISTORY):
        model, number = layout.model_of_event(key), layout.number_of_event(key)
        if model is not None and number is not None:
            last[model] = max(last.get(model, 0), number)
    for model, number in last.items():
        key = layout.event(model, number)
        try:
            newest = max(newest, history.read(key).at)
        except MlregError as error:
            findings.append(Finding(error.stable_code, key, error.message, "mlreg verify"))
    findings += _skew(newest, bench.journal.now())
    return Check("history", f"{_counted(len(last) - 1, 'model')}, {_counted(sum(last.values()), 'event')}", findings)


def _skew(newest: str, now: datetime) -> Iterator[Finding]:
    with suppress(ValueError):
        ahead_s = (datetime.fromisoformat(newest) - now).total_seconds()
        if ahead_s > _SKEW_S:
            message = f"the newest event is of {newest}, and here it is {timestamp(now)}: one of the clocks is wrong"
            yield Finding("clock", newest, message, "timedatectl set-ntp true")


def _models(bench: Bench) -> Check:
    """Looks at the versions in use: what their models need to be loaded, and whether their end is near."""
    findings: dict[str, Finding] = {}
    count = 0
    for model in bench.repository.history.models():
        state = bench.repository.history.state(model)
        for standing in _in_use(state, bench.stages):
            count += 1
            findings |= {finding.message: finding for finding in _needs_of(bench, state, standing)}
            findings |= {finding.message: finding for finding in _end_of(bench, state, standing)}
    return Check("models", f"{_counted(count, 'version')} in use", [*findings.values()])


def _in_use(state: ModelState, stages: Stages) -> Iterator[Standing]:
    for stage in stages.order[1:]:
        holder = state.holder(stage)
        if holder is not None:
            yield state.versions[holder]


def _needs_of(bench: Bench, state: ModelState, standing: Standing) -> Iterator[Finding]:
    record = bench.record(state, standing)
    captured = record.captured.get("environment", {})
    pins = captured.get("packages", []) if isinstance(captured, dict) else []
    for text in dict.fromkeys([*record.requirements, *map(str, pins)]):
        need = installation.need(text)
        if need is not None and not need.is_met:
            name = f"{state.spelling} {standing.version}"
            has = f"{need.installed} is installed" if need.installed else "it is not installed"
            message = f"{name} ({standing.stage}) was made with {need.requirement}, {has}"
            fix = f"{installation.interpreter()} -m pip install {_word(need.requirement)}"
            yield Finding("model-package", need.requirement, message, fix, is_advice=True)


def _end_of(bench: Bench, state: ModelState, standing: Standing) -> Iterator[Finding]:
    today = bench.journal.today()
    for note in end_notes(state, [standing], today):
        is_over = (days_left(standing.deprecated, today) or 0) < 0
        name = f"{state.spelling}@{standing.version}"
        yield Finding("end-of-life", name, note, f"mlreg why {name}", is_advice=not is_over)


def _disk(directory: Path) -> Check:
    staging = directory / layout.TMP
    able = disk.ability(staging if staging.is_dir() else directory)
    place = _word(str(directory))
    findings = []
    if able.write:
        message = f"nothing can be written: {_why(able.write)}; looking works"
        findings.append(Finding("not-writable", str(directory), message, f"ls -ld {place} && df -h {place}"))
    if able.link:
        message = f"the file system has no hard links ({_why(able.link)}): nothing can be registered there"
        findings.append(Finding("no-hard-links", str(directory), message, f"cp -a {place} /another/disk"))
    if able.lock:
        message = f"the file system has no locks ({_why(able.lock)}): run no `gc` while others register"
        findings.append(Finding("no-locks", str(directory), message, f"cp -a {place} /another/disk", is_advice=True))
    free = disk.free_bytes(directory)
    if free < _LITTLE_BYTES:
        message = f"{free // 1_000_000} MB are left"
        findings.append(Finding("little-room", str(directory), message, f"df -h {place}", is_advice=True))
    return Check("disk", f"{free // 1_000_000_000} GB free" if not findings else "not as it should be", findings)


def _cache(directory: Path, now: datetime) -> Check:
    place = directory / layout.CACHE
    if not place.exists():
        return Check("cache", "empty")
    fix = f"rm -rf {_word(str(place))}"
    stuck = place if not place.is_dir() else disk.unwritable(place)
    if stuck is not None:
        message = f"{stuck} cannot be written: everything works, and is slower than need be"
        return Check("cache", "cannot be written", [Finding("cache", str(stuck), message, fix, is_advice=True)])
    files = islice(disk.files(place, now_s=now.timestamp()), _CACHED_MOST)
    damaged = [file.path for file in files if file.path.suffix != ".new" and not _is_whole(file.path)]
    if damaged:
        message = f"{_counted(len(damaged), 'file')} not as written: passed over, and made anew in time"
        finding = Finding("cache-damaged", str(damaged[0]), message, fix, is_advice=True)
        return Check("cache", "damaged", [finding])
    return Check("cache", "can be written")


def _is_whole(path: Path) -> bool:
    try:
        return seals.is_whole(path.read_bytes())
    except OSError:
        return False


def _leftovers(directory: Path, now: datetime) -> Check:
    place = directory / layout.TMP
    old = [
        file for file in disk.files(place, now_s=now.timestamp()) if file.age_s > _OLD_S and file.path.name != "lock"
    ]
    if not old:
        return Check("leftovers", "none")
    size = sum(file.size_bytes for file in old)
    message = f"{_counted(len(old), 'file')} of work that was broken off over a day ago: {size / 1_000_000:.1f} MB"
    fix = f"find {_word(str(place))} -type f ! -name lock -mtime +0 -delete"
    return Check(
        "leftovers", _counted(len(old), "file"), [Finding("leftovers", layout.TMP, message, fix, is_advice=True)]
    )


def _git(directory: Path) -> Check:
    blob, record, event = layout.blob("sha256:" + "0" * 64), f"{layout.CATALOG}/m/1.yaml", layout.event("m", 1)
    given = ignored.treatment(directory, [blob, record, event, layout.BLOBS])
    if given is None:
        return Check("git", "the repository is in no working tree of git")
    place = _word(str(directory))
    findings = []
    if blob not in given.ignored:
        message = "git would take the bytes of the models into its history"
        fix = f"rm -f {place}/.gitignore && mlreg init -C {place}"
        findings.append(Finding("git-blobs", layout.BLOBS, message, fix))
    if layout.BLOBS in given.tracked:
        message = "git has bytes of models in its index"
        fix = f"git -C {place} rm -r -q --cached {layout.BLOBS}"
        findings.append(Finding("git-blobs-tracked", layout.BLOBS, message, fix))
    for key, folder in ((record, layout.CATALOG), (event, layout.HISTORY)):
        if key in given.ignored:
            message = f"git ignores {folder}/: a clone would not know the models"
            fix = f"git -C {place} check-ignore -v --no-index {key}"
            findings.append(Finding("git-ignored", folder, message, fix, is_advice=True))
        elif key in given.translated:
            message = f"git may change the line ends of files in {folder}/, which damages them"
            fix = f"rm -f {place}/.gitattributes && mlreg init -C {place}"
            findings.append(Finding("git-line-ends", folder, message, fix))
    return Check("git", f"in the working tree {given.tree}", findings)


def _typed(hint: str | None) -> str | None:
    """Returns the first command of a hint, which has its commands in backticks."""
    parts = (hint or "").split("`")
    return parts[1] if len(parts) > 2 else hint


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _word(text: str) -> str:
    return shlex.quote(text)
