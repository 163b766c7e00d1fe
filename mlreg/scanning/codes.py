"""Owns the codes of what a scan finds: each with the verdict that it leads to and why, in one line.

The codes are stable: scripts match on them, and a number is never used for something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

ALLOWED: Final = "allowed"
NEEDS_TRUST: Final = "needs-trust"
INVALID: Final = "invalid"
REFUSED: Final = "refused"
VERDICTS: Final = (ALLOWED, NEEDS_TRUST, INVALID, REFUSED)  # from the best to the worst

PROGRAMS: Final = ("torch.jit.load", "tensorflow.saved_model.load")  # what runs programs that are models


class Code(NamedTuple):
    """A kind of finding: its name in one word, the verdict that it leads to, and why."""

    name: str
    verdict: str
    why: str


CODES: Final[Mapping[str, Code]] = {
    "MLR301": Code("unknown-call", REFUSED, "loading would call a function that is not on the list of harmless ones"),
    "MLR302": Code("unknown-global", REFUSED, "it names a part of Python or of a known package that no model needs"),
    "MLR303": Code("foreign-class", NEEDS_TRUST, "loading would build an object of a class that mlreg does not know"),
    "MLR304": Code("foreign-name", NEEDS_TRUST, "loading would import a module that mlreg does not know"),
    "MLR305": Code("odd-arguments", REFUSED, "a harmless function is called in a way that no saver does"),
    "MLR306": Code("extension", REFUSED, "what a number of the extension registry means is not in the file"),
    "MLR307": Code("persistent-id", REFUSED, "something outside of the file is asked for"),
    "MLR308": Code(
        "odd-state", REFUSED, "a state is set on something that is no new object, or replaces its inner parts"
    ),
    "MLR309": Code("too-large", REFUSED, "loading would ask for more memory or time than the file accounts for"),
    "MLR310": Code("hidden-pickle", REFUSED, "raw bytes of an array are a pickle to another reader"),
    "MLR311": Code("ambiguous", REFUSED, "the file is of two formats, or has bytes before or after what is read"),
    "MLR312": Code("odd-archive", REFUSED, "two readers of the archive would not see the same members"),
    "MLR313": Code("lambda-layer", REFUSED, "the configuration holds Python code or names a function to import"),
    "MLR314": Code("foreign-layer", NEEDS_TRUST, "the configuration names a class that is not one of Keras"),
    "MLR315": Code("outside-path", REFUSED, "it reads a file that does not lie beside it"),
    "MLR316": Code("hidden-content", REFUSED, "a part of the file cannot be looked into"),
    "MLR317": Code("python-source", NEEDS_TRUST, "it is a program, which importing or running it would execute"),
    "MLR318": Code("program", NEEDS_TRUST, "it holds a program for the framework's own interpreter"),
    "MLR319": Code("native-code", NEEDS_TRUST, "it is machine code, which loading it would execute"),
    "MLR320": Code("odd-node", REFUSED, "the schema of skops names something that runs on loading"),
    "MLR330": Code("malformed", INVALID, "it breaks the rules of its format"),
    "MLR331": Code("unknown-format", INVALID, "it is of no format that mlreg knows"),
    "MLR332": Code("package-missing", INVALID, "it cannot be read without a package that is not part of Python"),
    "MLR333": Code("limit", INVALID, "it could not be read to its end within the limits of a scan"),
    "MLR340": Code("padding", ALLOWED, "zeros follow the end, which every reader ignores"),
    "MLR341": Code("several-pickles", ALLOWED, "several pickles follow each other; all of them were looked at"),
    "MLR342": Code("chat-template", ALLOWED, "a chat template is a program of Jinja; render it in a sandbox only"),
    "MLR343": Code("custom-operator", ALLOWED, "an operator is not one of the standard; its library is code"),
}
