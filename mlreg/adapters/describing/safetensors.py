"""Owns what a safetensors file says: the weights by name, and nothing of inputs or outputs."""

from __future__ import annotations

from typing import BinaryIO

from mlreg.domain.names import quoted
from mlreg.domain.signatures.model import Signature
from mlreg.errors import UsageError


def described(stream: BinaryIO, name: str) -> Signature:
    """Refuses: the tensors of such a file are weights.

    Raises:
        UsageError: Always.
    """
    raise UsageError(
        f"{quoted(name, 200)} holds weights: it says nothing of inputs and outputs",
        hint="infer them from data: `mlreg signature infer data.csv --target COLUMN`",
        facts={"file": name},
        code="no-signature",
    )
