"""Owns files of text: data, configurations, and programs among them."""

from __future__ import annotations

import codecs
import json
import re

from mlreg.scanning import keras
from mlreg.scanning.context import Scan
from mlreg.scanning.report import Halt
from mlreg.scanning.skops import nodes
from mlreg.scanning.sources import CHUNK_BYTES, Source

_JSON_MAX_BYTES = 32 << 20
_PROGRAM_MAX_BYTES = 4 << 20
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_FENCED = re.compile(r"^ {0,3}(```|~~~).*?^ {0,3}\1", re.DOTALL | re.MULTILINE)
_PYTHON = re.compile(
    r"^(?:from[ \t]+[\w.]+[ \t]+import\b|import[ \t]+\w[\w.]*(?:[ \t]+as[ \t]+\w+)?[ \t]*(?:[,;#\r]|$)"
    r"|(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(.*|class[ \t]+\w+[ \t]*(?:\(.*\))?[ \t]*:"
    r"|(?:exec|eval|__import__)[ \t]*\()",
    re.MULTILINE,
)
_TAGS = re.compile(r"!!python/[\w./]+|tag:yaml\.org,2002:python/[\w./]+")


def is_text(source: Source, scan: Scan) -> bool:
    """Whether all of `source` is UTF-8 without control characters."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = 0
    while data := source.read_at(offset, CHUNK_BYTES):
        scan.budget.check(offset)
        offset += len(data)
        try:
            if _BINARY.search(decoder.decode(data)):
                return False
        except UnicodeDecodeError:
            return False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def scan_text(source: Source, name: str, scan: Scan) -> str:
    """Looks at a text and returns which format it is.

    Args:
        name: What the file is called. A name that ends in `.py` makes any text a program; no name makes one harmless.

    Raises:
        Halt: It is too long to be looked at.
    """
    head = source.read_at(0, 64).lstrip()
    if head[:1] in (b"{", b"["):
        found = _scan_json(source, scan)
        if found:
            return found
    if head.startswith((b"tree\nversion=", b"tree\r\nversion=")):
        return "lightgbm"
    text = source.read_at(0, _PROGRAM_MAX_BYTES).decode("utf-8", "replace")
    if head.startswith(b"#!"):
        scan.add("MLR317", "it is a script", 0)
        return "script"
    if name.lower().endswith((".py", ".pyw", ".pyi")) or _PYTHON.search(_FENCED.sub("", text)):
        scan.add("MLR317", "it is a program in Python", 0)
        return "python"
    tag = _TAGS.search(text)
    if tag:
        scan.add("MLR302", f"the tag {tag[0][:80]} makes an object of Python in YAML", tag.start())
    return "text"


def _scan_json(source: Source, scan: Scan) -> str:
    data = source.read_at(0, _JSON_MAX_BYTES + 1)
    if len(data) > _JSON_MAX_BYTES:
        if b'"class_name"' in data or b"lambda" in data:
            raise Halt("MLR333", f"it is a JSON document of more than {_JSON_MAX_BYTES} bytes")
        return "json"
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    scan.budget.check()
    if keras.scan_value(value, scan):
        return "keras-json"
    if isinstance(value, dict) and "learner" in value and "version" in value:
        return "xgboost"
    if isinstance(value, dict) and any("chat_template" in node for node in nodes(value)):
        scan.add("MLR342", "chat_template is a program of Jinja")
    return "json"
