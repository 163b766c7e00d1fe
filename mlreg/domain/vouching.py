"""Owns trust in classes that mlreg does not know: what somebody has said of a version, and what of it counts.

Trust is of bytes and of names: an event names the digest of the version's list of files, and each class by its exact
name. It never comes from the files themselves, and it ends where the version gets other ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mlreg.domain.events import TRUST_REMOVED, TRUSTED, Draft, Event
from mlreg.domain.state import Standing


class Trusted(NamedTuple):
    """A class or function, as `package.Class`, that may be built or kept; who said so, when and why."""

    name: str
    at: str
    by: str
    reason: str | None
    event: int

    def document(self) -> dict[str, str | int | None]:
        """Returns it as it stands in JSON."""
        return {"global": self.name, "at": self.at, "actor": self.by, "reason": self.reason, "event": self.event}


def trusted(events: Iterable[Event], standing: Standing) -> dict[str, Trusted]:
    """Returns what is trusted of a version, by name.

    Args:
        events: Those of the model, from the registration of the version on, the oldest first.
    """
    found: dict[str, Trusted] = {}
    for event in events:
        said = event.effects.get("trust")
        if event.version != str(standing.version) or not isinstance(said, Mapping):
            continue
        names = said.get("globals") if said.get("content") == standing.content else None
        for name, is_trusted in names.items() if isinstance(names, Mapping) else ():
            if is_trusted is True:
                found[name] = Trusted(name, event.at, event.actor, event.reason, event.number)
            else:
                found.pop(name, None)
    return dict(sorted(found.items()))


def decide_trust(
    standing: Standing, known: Mapping[str, Trusted], names: Iterable[str], reason: str | None
) -> Draft | None:
    """Returns the event after which all of `names` are trusted, or None where they are."""
    new = [name for name in names if name not in known]
    return _draft(TRUSTED, standing, dict.fromkeys(new, True), reason)


def decide_distrust(
    standing: Standing, known: Mapping[str, Trusted], names: Iterable[str], reason: str | None
) -> Draft | None:
    """Returns the event after which none of `names` is trusted, or None where none is."""
    gone = [name for name in names if name in known]
    return _draft(TRUST_REMOVED, standing, dict.fromkeys(gone, False), reason)


def _draft(kind: str, standing: Standing, said: Mapping[str, bool], reason: str | None) -> Draft | None:
    if not said:
        return None
    effects = {"version": str(standing.version), "trust": {"content": standing.content, "globals": dict(said)}}
    return Draft(kind, effects, reason)
