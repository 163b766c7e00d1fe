"""Owns JSON Schema, as the package `jsonschema` validates it; references never leave the document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema
from referencing import Registry as Documents
from referencing.exceptions import Unresolvable

from mlreg.domain.names import first_line
from mlreg.errors import UsageError

Found = Iterator[tuple[str, str, str]]


def validator(schema: Mapping[str, Any]) -> Callable[[Any], Found]:
    """Returns what yields the faults of a payload: where (`a.0.b`), a stable word, and a sentence.

    Raises:
        UsageError: It is no JSON Schema.
    """
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except jsonschema.SchemaError as error:
        place = ".".join(map(str, error.absolute_path))
        raise UsageError(
            f"the schema is no JSON Schema: {f'{place}: ' if place else ''}{first_line(error.message)}",
            hint="see https://json-schema.org",
            code="signature",
        ) from error
    # an empty registry: nothing is ever fetched
    known = kind(schema, registry=Documents(), format_checker=jsonschema.FormatChecker())

    def faults(payload: Any) -> Found:
        try:
            for error in known.iter_errors(payload):
                yield ".".join(map(str, error.absolute_path)), str(error.validator), first_line(error.message)
        except Unresolvable as error:
            raise UsageError(
                f"the schema has a reference that leads nowhere: {first_line(str(error))}",
                hint="put what it means under `$defs`",
                code="signature",
            ) from error

    return faults
