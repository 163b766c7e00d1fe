"""Owns how old files are."""

from __future__ import annotations

import io
import os
import time
from typing import BinaryIO


def age_s(stream: BinaryIO) -> float:
    """Returns how many seconds ago the file behind `stream` was last written; without end where there is no file."""
    try:
        return time.time() - os.fstat(stream.fileno()).st_mtime
    except (io.UnsupportedOperation, AttributeError):
        return float("inf")
