"""Owns the way between Python objects and files: finds the adapter of a model's framework, and asks it.

Saving runs the code of whoever hands over the object, who is running anyway. Loading runs what the file says. Which
adapter loads a file, its bytes decide; what a record claims only chooses among those that can.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeGuard, cast

from mlreg import adapters
from mlreg.adapters.frameworks._foreign import Bytes
from mlreg.adapters.surroundings import environment
from mlreg.domain import formats
from mlreg.domain.names import quoted
from mlreg.domain.roles import MODEL, checked_role
from mlreg.errors import MissingError, UsageError
from mlreg.lazy import LazyModule
from mlreg.ports import Framework

if TYPE_CHECKING:
    import tempfile
else:
    tempfile = LazyModule("tempfile")

PathLike = str | os.PathLike[str]
_KIND = "frameworks"
_GENERIC = "generic"
_MOST_SAID = 3


@dataclass(slots=True)
class AtHand:
    """What is to be registered, all of it files now, and what the objects among it said.

    Attributes:
        paths: The files without a role, or one directory.
        roles: The files that have one, by role.
        framework: What was stated, else what the model is of.
        features: What was stated, else what the model was trained on.
        distributions: What has to be installed to load it, as far as that is known.
        is_asked: Whether the model is an object, so that it was asked what it is.
        notes: What is worth a warning.
    """

    paths: list[Path]
    roles: dict[str, list[Path]]
    framework: str | None
    features: list[str]
    distributions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_asked: bool = False


class _Unopened:
    """A file that is open only while it is looked at: a directory may have more than a process may open."""

    def __init__(self, opened: Callable[[], BinaryIO]) -> None:
        self._opened = opened

    @property
    def size_bytes(self) -> int:
        """How many bytes there are."""
        with self._opened() as stream:
            return Bytes(stream).size_bytes

    def read_at(self, offset: int, size_bytes: int) -> bytes:
        """Returns `size_bytes` bytes from `offset` on, fewer only where the end is."""
        with self._opened() as stream:
            return Bytes(stream).read_at(offset, size_bytes)


@contextmanager
def at_hand(
    models: Sequence[object], companions: Mapping[str, object], *, framework: str | None, features: Sequence[str]
) -> Iterator[AtHand]:
    """Yields `models` (paths, or one object) and `companions` (by role a path, paths or an object) as files.

    Objects are saved to a private directory that is gone afterwards.

    Raises:
        UsageError: An object is no model or cannot be saved; a role is none; the features are not those of the model.
        MissingError: A package that saves it is not installed.
    """
    with ExitStack() as held:

        def place() -> Path:
            return Path(held.enter_context(tempfile.TemporaryDirectory(prefix="mlreg-saved-")))

        yield _at_hand(models, companions, AtHand([], {}, framework, list(features)), place)


def kept_in(
    directory: Path,
    models: Sequence[object],
    companions: Mapping[str, object],
    *,
    framework: str | None,
    features: Sequence[str],
) -> AtHand:
    """Returns `models` and `companions` as files, objects saved to `directory`, where they stay.

    Raises:
        MlregError: As `at_hand` does.
    """
    return _at_hand(models, companions, AtHand([], {}, framework, list(features)), lambda: directory)


def adapter_of(framework: str | None) -> Framework | None:
    """Returns the adapter of what people call `framework` (`sklearn`, `scikit-learn==1.5`), or None."""
    if framework is None:
        return None
    name = _name(framework)
    return next((adapter for adapter in _adapters() if name in adapter.NAMES), None)


def recognise(hand: AtHand, files: Mapping[str, Callable[[], BinaryIO]]) -> None:
    """Holds what was stated against what the files of the model are, and fills in what was not. Nothing is loaded.

    Args:
        files: How to open each of the files of the model, by the path that it has in the version.
    """
    found = None if hand.is_asked else formats.recognise({path: _Unopened(opened) for path, opened in files.items()})
    if found is None or found.framework is None:
        return
    if hand.framework is None:
        hand.framework = found.framework
        hand.distributions += _distributions_of(found.framework)
        able = [adapter for adapter in _adapters() if found.format in adapter.FORMATS]
        hand.distributions += able[0].distributions() if len(able) == 1 else ()  # skops, for models of sklearn
    elif found.contradicts(_canonical(hand.framework)):
        hand.notes.append(f"the framework is stated as {hand.framework}, but {quoted(found.path)} is {found.says}")


def load(
    files: Mapping[str, BinaryIO],
    *,
    framework: str | None,
    pins: Sequence[str],
    device: str | None = None,
    into: object = None,
    trusted: Collection[str] = (),
) -> Any:
    """Returns the object that `files` hold. **This runs what they say.**

    Args:
        files: Streams of bytes that were checked, by path; nothing else is read.
        framework: What the record calls it.
        pins: What was installed where it was saved, as requirements.
        device: Where its numbers shall lie, such as `cuda:0`.
        into: An object that its numbers shall be put into.
        trusted: The classes (`package.module.Class`) that may be made, beyond those of the framework.

    Raises:
        MissingError: A package that it needs is not installed.
        NotAllowedError: It needs a class that is not trusted.
        UsageError: It cannot be loaded, or not with these options.
    """
    adapter = _loader(files, framework)
    options: dict[str, Any] = {"trusted": trusted} if "trusted" in adapter.OPTIONS else {}
    for name, value in {"device": device, "into": into}.items():
        if value is not None and name not in adapter.OPTIONS:
            raise UsageError(f"a model of {adapter.NAMES[0]} takes no `{name}`", hint=f"leave `{name}` out")
        options |= {name: value} if value is not None else {}
    try:
        return adapter.load(files, **options)
    except ModuleNotFoundError as error:
        raise _missing(error, [adapter, *_adapters()], pins, _said(files)) from error


def _loader(files: Mapping[str, BinaryIO], framework: str | None) -> Framework:
    """Returns the adapter that loads `files`: their bytes decide, a claim only among those that can."""
    claimed = adapter_of(framework)
    found = formats.recognise({path: Bytes(stream) for path, stream in files.items()})
    for stream in files.values():
        stream.seek(0)
    if found is None:
        return claimed or _generic()
    able = [adapter for adapter in _adapters() if found.format in adapter.FORMATS]
    if not able:
        raise UsageError(
            f"{_said(files)} is {found.says}, which mlreg does not load",
            hint="take its bytes with `checkout`, and load them with what has written them",
            facts={"format": found.format},
            code="not-loaded",
        )
    named = [adapter for adapter in able if found.framework in adapter.NAMES]
    return claimed if claimed in able and claimed is not None else [*named, *able][0]


def _said(files: Mapping[str, object]) -> str:
    """Returns what messages call `files`: the first few of them."""
    return " ".join(sorted(files)[:_MOST_SAID]) + (" …" if len(files) > _MOST_SAID else "")


def _canonical(framework: str) -> str:
    """Returns how records spell what somebody calls `framework`."""
    known = adapter_of(framework)
    return known.NAMES[0] if known else _name(framework)


def _name(framework: str) -> str:
    return re.split(r"[\s=<>!~]", framework, maxsplit=1)[0].lower()


def _adapters() -> list[Framework]:
    """Returns all adapters, the generic one last."""
    names = sorted(adapters.names(_KIND), key=lambda name: name == _GENERIC)
    return [cast("Framework", adapters.load(_KIND, name)) for name in names]


def _generic() -> Framework:
    return cast("Framework", adapters.load(_KIND, _GENERIC))


def _adapter_for(model: object, role: str, framework: str | None) -> Framework:
    """Returns the adapter that saves `model`: the one that was asked for by name, if it can, else that of its class."""
    claimed = adapter_of(framework) if role == MODEL else None
    if claimed is not None and claimed.takes(model):
        return claimed
    found = next((adapter for adapter in _adapters() if adapter.detects(model)), None)
    if found is None:
        raise UsageError(
            f"{'None' if model is None else f'a {type(model).__name__}'} cannot be the {role}",
            hint="hand over a trained model, or the paths of its files one by one",
        )
    return found


def _at_hand(
    models: Sequence[object], companions: Mapping[str, object], hand: AtHand, place: Callable[[], Path]
) -> AtHand:
    hand.paths = [Path(model) for model in models if _is_path(model)]
    hand.roles, saved = _sorted_out([model for model in models if not _is_path(model)], companions)
    if saved:
        _save_all(hand, saved, place())
    else:
        hand.distributions += _distributions_of(hand.framework)
    return hand


def _sorted_out(
    objects: Sequence[object], companions: Mapping[str, object]
) -> tuple[dict[str, list[Path]], dict[str, object]]:
    """Returns by role what is there as files, and what is an object and has to be saved, the model first."""
    named = {checked_role(role): companion for role, companion in companions.items()}
    roles = {role: paths for role, companion in named.items() if (paths := _paths(companion)) is not None}
    saved = {role: companion for role, companion in named.items() if role not in roles}
    if not objects:
        return roles, saved
    if len(objects) > 1:
        raise UsageError(
            "several objects are given as the model", hint="give the others as companions={'scaler': scaler}"
        )
    if MODEL in named:
        raise UsageError("two models are given", hint="one of them is a companion: give it another role")
    return roles, {MODEL: objects[0], **saved}


def _save_all(hand: AtHand, saved: Mapping[str, object], directory: Path) -> None:
    is_all_known = not hand.roles
    asked = {role: _adapter_for(found, role, hand.framework) for role, found in saved.items()}
    hand.is_asked = MODEL in saved
    if hand.is_asked:
        _ask(hand, saved, asked, is_all_known=is_all_known)
    hand.distributions += _distributions_of(hand.framework)
    for role, found in saved.items():
        hand.roles[role] = _saved(asked[role], found, directory, role)
        hand.distributions += asked[role].distributions(found)


def _distributions_of(framework: str | None) -> Sequence[str]:
    known = adapter_of(framework)
    return known.distributions() if known else ()


def _saved(adapter: Framework, model: object, directory: Path, role: str) -> list[Path]:
    try:
        return list(adapter.save(model, directory, role))
    except ModuleNotFoundError as error:
        raise _missing(error, [adapter], (), f"the {role}") from error


def _ask(hand: AtHand, saved: Mapping[str, object], asked: Mapping[str, Framework], *, is_all_known: bool) -> None:
    """Holds what was stated against what the model says, and fills in what was not."""
    adapter, model = asked[MODEL], saved[MODEL]
    real = adapter.framework(model)
    if hand.framework is None:
        hand.framework = real
    elif real is not None and adapter_of(hand.framework) is not adapter and hand.framework.lower() != real:
        hand.notes.append(f"the framework is stated as {hand.framework}, but the model is one of {real}")
    if not hand.features:
        hand.features = list(adapter.feature_names(model) or ())
        return
    counts = [count for role in saved if (count := asked[role].feature_count(saved[role])) is not None]
    lists = [list(names) for role in saved if (names := asked[role].feature_names(saved[role])) is not None]
    _check_features(hand, counts, lists, is_all_known=is_all_known)


def _check_features(hand: AtHand, counts: list[int], lists: list[list[str]], *, is_all_known: bool) -> None:
    """Checks that the declared features are what the model takes, or a companion that stands before it."""
    declared = len(hand.features)
    if counts and declared not in counts:
        message = f"{declared} features are declared, but the model takes {counts[0]}"
        if not is_all_known:
            hand.notes.append(message)
            return
        raise UsageError(
            message,
            hint="declare the features that it was trained on, in order",
            facts={"declared": declared, "model": counts[0]},
            code="features-differ",
        )
    known = [names for names in lists if len(names) == declared]
    if known and hand.features not in known:
        _differ(hand, known[0])


def _differ(hand: AtHand, known: list[str]) -> None:
    if sorted(known) == sorted(hand.features):
        hand.notes.append("the features are declared in another order than the model was trained on")
        return
    stated, real = next(pair for pair in zip(hand.features, known, strict=True) if pair[0] != pair[1])
    raise UsageError(
        f"the feature {quoted(stated)} is declared where the model was trained on {quoted(real)}",
        hint="declare the features that it was trained on, in order, or leave them out: the model knows them",
        facts={"declared": stated, "model": real},
        code="features-differ",
    )


def _missing(error: ModuleNotFoundError, asked: Sequence[Framework], pins: Sequence[str], what: str) -> MissingError:
    module = (error.name or "").partition(".")[0]
    owner = next((adapter for adapter in asked if module in adapter.DISTRIBUTIONS), None)
    distribution = owner.DISTRIBUTIONS[module] if owner else None
    extra = f"mlreg[{owner.NAMES[0]}]" if owner and owner.NAMES[0] != _GENERIC else distribution
    pin = environment.pin_of(distribution or module, pins)
    requirement = pin.partition("+")[0] if pin else extra  # what stands behind it, as in 2.13.0+cpu, no index has
    # whoever installs what merely has the name of a module may get anything
    hint = "install the package that has it, or put the directory of the script that has it into `PYTHONPATH`"
    return MissingError(
        f"{what} needs the module {quoted(module)}, which is not there",
        hint=f"install it with `pip install '{requirement}'`" if requirement else hint,
        facts={"module": error.name, "requirement": requirement},
        code="package-missing",
    )


def _is_path(thing: object) -> TypeGuard[PathLike]:
    return isinstance(thing, str | os.PathLike)


def _paths(thing: object) -> list[Path] | None:
    """Returns the paths that `thing` is, one or several of them, or None where it is an object."""
    if _is_path(thing):
        return [Path(thing)]
    if isinstance(thing, list | tuple) and thing and all(map(_is_path, thing)):
        return [Path(path) for path in thing]
    return None
