"""Owns raw values: files of no format, which are what a model beside them says that they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from mlreg.scanning import tensorflow
from mlreg.scanning.codes import INVALID
from mlreg.scanning.report import Report

VALUES: Final = "values"
_SAVED_VALUES = re.compile(r"(.*?)variables/variables\.data-[0-9]{5}-of-[0-9]{5}", re.DOTALL)


def settled(reports: Sequence[Report]) -> list[Report]:
    """Returns the reports of files that lie beside each other, raw values of models being allowed.

    A file that another reader would run, or that is of a format, stays what it was found to be.
    """
    formats = {report.path: report.format for report in reports}
    named = {_directory(report.path) + name for report in reports for name in report.reads}
    return [
        replace(report, format=VALUES, findings=())
        if report.verdict == INVALID and (report.path in named or _is_saved(report.path, formats))
        else report
        for report in reports
    ]


def _is_saved(path: str, formats: Mapping[str, str]) -> bool:
    """Whether `path` is where a SavedModel keeps its values, and the others of its files lie where they should."""
    found = _SAVED_VALUES.fullmatch(path)
    return found is not None and (
        formats.get(f"{found[1]}saved_model.pb") == tensorflow.PROGRAM
        and formats.get(f"{found[1]}variables/variables.index") == tensorflow.INDEX
    )


def _directory(path: str) -> str:
    """Returns the beginning of `path` that files beside it have too, as in `NAME@VERSION:DIR/`."""
    return path[: max(path.rfind("/"), path.rfind(":")) + 1]
