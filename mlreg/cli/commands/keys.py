"""`mlreg keys`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from mlreg.answers.keyed import KeyChange, KeyListing
from mlreg.cli.options import DryRun
from mlreg.cli.output import View
from mlreg.domain.names import quoted, suggestion
from mlreg.errors import UsageError
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    from mlreg.cli import screen
else:
    screen = LazyModule("mlreg.cli.screen")

EXAMPLES = """\b
Examples:
  mlreg keys add ann@example.org ~/.ssh/id_ed25519.pub
  mlreg keys add bo@example.org bo.pub --group risk
  mlreg keys list
  mlreg keys trust SHA256:1H9eaG5o9BxVxVqHhKtTBsFuQGBGMm7P5WtPJxIz2Bw
  mlreg keys remove bo@example.org"""
_WORDS = {"list": (), "add": ("WHO", "FILE.pub"), "remove": ("WHO|FPR",), "trust": ("[FPR]",)}
_OWN = {
    "group": ("add", "remove"),
    "key": ("add", "remove"),
    "trust_root": ("list",),
    "dry_run": ("add", "remove", "trust"),
}
_STYLES = {"anchored": "green", "unanchored": "yellow", "refused": "bold red"}


def run(
    ctx: typer.Context,
    verb: Annotated[str, typer.Argument(metavar="list|add|remove|trust", help="What to do.")],
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORD]...", help="WHO FILE.pub; WHO or fingerprint; fingerprint.")
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="NAME", help="add: groups of the key; remove: out of these only."),
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="FILE", help="The SSH key to sign with; else MLREG_KEY, ~/.ssh.")
    ] = None,
    trust_root: Annotated[
        str | None, typer.Option("--trust-root", metavar="FPR", help="list: the root of the keys is this one.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Say whose signatures count.

    The first key is the root. It and the group `admins` may change keys; `trust` pins the root in your own settings.
    """
    session = ctx.obj
    given = _checked(verb, words or [])
    _check_options(verb, {"group": group, "key": key, "trust_root": trust_root, "dry_run": dry_run})
    if verb == "list":
        listing = session.registry().keys(trust_root=trust_root)
        session.output().show(listing, _listed(listing))
    elif verb == "trust":
        pin = session.registry().trust_root(given[0] if given else None, dry_run=dry_run)
        already = " already" if not pin.changed else ""
        sentence = f"{pin.root} is the root of the keys here,{already} by {pin.file}"
        session.output().show(pin, View(rows=[(sentence,)], ids=[pin.root]))
    else:
        registry = session.registry()
        if verb == "add":
            answer = registry.add_key(given[0], given[1], groups=group or (), key=key, dry_run=dry_run)
        else:
            answer = registry.remove_key(given[0], groups=group or (), key=key, dry_run=dry_run)
        session.output().show(answer, View(rows=[(_sentence(answer),)], ids=answer.fingerprints))


def _checked(verb: str, given: Sequence[str]) -> Sequence[str]:
    if verb not in _WORDS:
        near = suggestion(verb, _WORDS)
        raise UsageError(f"{quoted(verb)} is nothing that keys does", hint=near or "see `mlreg keys --help`")
    wanted = _WORDS[verb]
    least = sum(word[0] != "[" for word in wanted)
    if not least <= len(given) <= len(wanted):
        form = " ".join(["mlreg keys", verb, *wanted])
        raise UsageError(f"keys {verb} takes {' and '.join(wanted) or 'no other word'}", hint=f"write `{form}`")
    return given


def _check_options(verb: str, given: dict[str, object]) -> None:
    for name, value in given.items():
        if value and verb not in _OWN[name]:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"`{option}` is not for keys {verb}", hint=f"it is for `mlreg keys {_OWN[name][0]}`")


def _sentence(answer: KeyChange) -> str:
    would = "would be" if answer.dry_run else "is" if len(answer.fingerprints) == 1 else "are"
    keys, groups = ", ".join(answer.fingerprints), ", ".join(answer.groups)
    inside = f", in {groups}" if groups else ""
    if answer.change is None:
        return f"{keys} is a key of {answer.who} already{inside}"
    if answer.change == "add":
        root = ", the root of all keys" if answer.is_root else ""
        return f"{keys} {would} a key of {answer.who}{root}{inside}"
    if groups:
        return f"{keys} {would} not in {groups} any more"
    return f"{keys} {would} removed, and what it approved does not count any more"


def _listed(answer: KeyListing) -> View:
    rows: list[Sequence[object]] = [
        (key.who, key.fingerprint, ",".join(key.groups), "root" if key.fingerprint == answer.ring.root else "")
        for key in answer.ring.keys.values()
    ]
    return View(
        rows=rows, ids=[key.fingerprint for key in answer.ring.keys.values()], draw=lambda on: _draw(on, answer)
    )


def _draw(on: screen.Screen, answer: KeyListing) -> None:
    if answer.ring.root is None:
        on.line("approvals are unsigned here" if answer.unsigned else "there are no keys")
        return
    columns = (screen.Column("who", least=16), screen.Column("key", least=16), screen.Column("groups"),
               screen.Column("may"))  # fmt: skip
    rows = []
    for key in answer.ring.keys.values():
        is_root = key.fingerprint == answer.ring.root
        may = "root" if is_root else "change keys" if answer.ring.may_change(key.fingerprint) else ""
        rows.append([screen.styled(key.who, "bold"), key.fingerprint, " ".join(key.groups), may])
    on.table(columns, rows)
    on.line(answer.trust, _STYLES.get(answer.trust, ""))
