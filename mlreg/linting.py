"""Owns the check of files with signatures before they are committed: each by itself, and against production.

A specification says which model it is for (`name`), and whether its major number moves (`version` or `bump`). A file
with a signature alone says neither: the specifications beside it do that name it as their `signature`. Nothing is
written, and nothing but these files and the repository is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from mlreg.answers.linted import Linted
from mlreg.answers.signatures import Held
from mlreg.bench import Bench
from mlreg.declared import SUFFIXES, parsed
from mlreg.domain.bump import breaks_promise
from mlreg.domain.findings import KINDS, Finding
from mlreg.domain.names import checked_model_name
from mlreg.domain.semver import Version
from mlreg.domain.signatures import changes
from mlreg.domain.signatures.model import Signature
from mlreg.domain.signatures.parsing import parse
from mlreg.errors import MlregError, NotFoundError, UsageError
from mlreg.findings import broken, of_damage, of_error
from mlreg.intake import find_place, read_facts
from mlreg.spec import KEYS, Spec, read_spec

_SPEC_MAX_BYTES: Final = 1 << 20
_SPEC_ONLY: Final = frozenset(KEYS) - {"features", "params"}  # these two a signature may have as well


class Promise(NamedTuple):
    """What the version of a model in production has promised: its signature, or None where it declares none."""

    reference: str
    version: Version
    signature: Signature | None


Promised = Callable[[str], Promise | None]
"""Tells what is promised of the model of a name; None where nothing is in production. Raises what a look may raise."""


def promises(bench: Bench) -> Promised:
    """Returns what tells the promises of a repository; what it asks of it leaves nothing behind in the cache."""
    still = bench.frozen()
    return lambda name: _promise(still, name)


def _promise(bench: Bench, name: str) -> Promise | None:
    try:
        state = bench.state(checked_model_name(name))
    except NotFoundError:
        return None
    holder = state.holder(bench.stages.top)
    if holder is None:
        return None
    record = bench.record(state, state.versions[holder])
    signature = None if record.signature is None else parse(record.signature)
    return Promise(f"{state.spelling}@{holder}", record.version, signature)


def lint(paths: Iterable[Path], promised: Promised) -> Linted:
    """Tells what is wrong with the specifications and signatures in the files `paths`."""
    files = list(paths)
    linter = _Linter(promised)
    findings = dict.fromkeys(finding for path in files for finding in linter.findings(path))
    return Linted(files=[str(path) for path in files], held=linter.held, findings=list(findings))


class _Linter:
    """Holds files against what their models have promised; specifications beside them are read once."""

    def __init__(self, promised: Promised) -> None:
        self.held: dict[str, list[str]] = {}
        self._promised = promised
        self._beside: dict[Path, list[tuple[Path, bytes]]] = {}

    def findings(self, path: Path) -> Iterator[Finding]:
        try:
            values = read_facts(path, "name: fraud-detector")
        except MlregError as error:
            yield _unread(error, "MLR201", path)
            return
        if isinstance(values, dict) and _SPEC_ONLY & values.keys():
            yield from self._spec(path)
        else:
            yield from self._signature(path, values)

    def _spec(self, path: Path) -> Iterator[Finding]:
        try:
            spec = read_spec(path)
        except UsageError as error:
            yield from of_error(error, "MLR205")
            return
        try:
            signature, place, inside = _declared(spec)
        except MlregError as error:
            yield _unread(error, "MLR205", path, "signature")
            return
        yield from self._compared(spec, signature, place, inside)

    def _signature(self, path: Path, values: Any) -> Iterator[Finding]:
        try:
            signature = parsed(values, path)
        except UsageError as error:
            yield from of_error(error)
            return
        claims = list(self._claims(path))
        for spec in claims:
            yield from self._compared(spec, signature, path, ())
        if not claims:
            yield Finding(
                "MLR206",
                str(path),
                "nothing says which model it is for, so it was held against no version",
                fix=KINDS["MLR206"].mend,
                severity="note",
            )

    def _compared(
        self, spec: Spec, signature: Signature | None, place: Path, inside: tuple[str, ...]
    ) -> Iterator[Finding]:
        try:
            promise = self._promised(spec.name) if spec.name else None
        except MlregError as error:
            yield of_damage(error, str(spec.path))
            return
        if promise is None:
            return
        known = self.held.setdefault(str(place), [])
        if promise.reference not in known:
            known.append(promise.reference)
        if signature is None:
            if promise.signature is not None:
                yield Finding(
                    "MLR204",
                    str(spec.path),
                    f"it declares no signature, and {promise.reference} in production does",
                    fix=f"declare it: `mlreg signature show {promise.reference} --yaml`",
                    severity="warning",
                )
            return
        found = changes.compare(promise.signature, signature)
        if changes.is_compatible(found) or _moves(spec.values, promise.version):
            return
        answer = Held(
            old=promise.reference, new=str(place), compatible=False, bump=changes.level_of(found), changes=found
        )
        major = promise.version.bump("major")
        yield from broken(
            answer,
            place,
            of=f"{promise.reference} in production",
            fix=f"take it back, or state `version: {major}` or `bump: major` in {spec.path}",
            inside=inside,
        )

    def _claims(self, path: Path) -> Iterator[Spec]:
        """Yields the specifications beside the file `path` that name it as their signature."""
        name = path.name.encode()
        for place, data in self._specs_in(path.parent):
            if name in data and place != path:
                with suppress(MlregError):  # what is wrong with it is told where it is linted itself
                    spec = read_spec(place)
                    stated = spec.values.get("signature")
                    if isinstance(stated, str) and (place.parent / stated).resolve() == path.resolve():
                        yield spec

    def _specs_in(self, directory: Path) -> list[tuple[Path, bytes]]:
        if directory not in self._beside:
            places = sorted(place for place in directory.iterdir() if place.suffix in SUFFIXES and place.is_file())
            small = [place for place in places if place.stat().st_size <= _SPEC_MAX_BYTES]
            texts = ((place, place.read_bytes()) for place in small)
            self._beside[directory] = [(place, data) for place, data in texts if b"signature" in data]
        return self._beside[directory]


def _unread(error: MlregError, code: str, path: Path, *keys: str) -> Finding:
    """Returns the finding that a file cannot be read: where it is wrong, or where `path` names it at `keys`."""
    known = [] if error.stable_code == "no-such-file" else of_error(error)
    if known:
        return known[0]
    line, column = (find_place(path, keys) if keys else None) or (None, None)
    return Finding(code, str(path), error.message, line, column, error.hint)


def _declared(spec: Spec) -> tuple[Signature | None, Path, tuple[str, ...]]:
    """Returns the signature of a specification, the file where it stands, and the keys that lead to it there."""
    stated = spec.values.get("signature")
    if isinstance(stated, str):
        place = spec.path.parent / stated
        values = read_facts(place, "inputs: {age: int}")
        inside: tuple[str, ...] = ()
        if isinstance(values, dict) and isinstance(values.get("signature"), dict):
            inside, values = ("signature",), values["signature"]
        return parsed(values, place, inside=inside), place, inside
    if stated is None:
        return None, spec.path, ()
    return parsed(stated, spec.path, inside=("signature",)), spec.path, ("signature",)


def _moves(values: Mapping[str, Any], promised: Version) -> bool:
    """Whether a specification states a number that says that callers break."""
    stated, bump = values.get("version"), values.get("bump")
    with suppress(UsageError):
        if stated is not None:
            return not breaks_promise(Version.parse(str(stated)), promised, "major")
        if bump in ("major", "minor"):
            return not breaks_promise(promised.bump(bump), promised, "major")
    return False
