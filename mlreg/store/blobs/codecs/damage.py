"""Owns the two ways in which a coded segment cannot be read."""

from __future__ import annotations

from mlreg.errors import IntegrityError, MissingError


class DamagedError(IntegrityError):
    """A payload does not have the form that its codec says.

    Whoever knows the blob, file and tensor tells them; a payload does not know where it lies.
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            f"a coded segment is damaged: {what}", hint="see all damage with `mlreg verify`", code="segment-damaged"
        )


class UnknownCodecError(MissingError):
    """A segment is kept in a form of a newer mlreg."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"a segment is coded as {name!r:.80}, which this mlreg does not know",
            hint="install a newer one with `pip install --upgrade mlreg`",
            facts={"codec": name},
            code="codec-unknown",
        )
