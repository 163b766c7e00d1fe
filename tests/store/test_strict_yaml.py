"""YAML reads as it looks, hostile YAML is refused by line, and what is written reads back the same."""

from __future__ import annotations

import math
import subprocess
import sys
import time

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from mlreg.errors import UsageError
from mlreg.store import strict_yaml

WEIRD = ["", " ", "~", "null", "Null", "no", "On", "y", "TRUE", "1.10", "1e3", "0x1F", "2024-01-15", "12:30:00"]
WEIRD += ["=", "<<", "-", "- a", "? a", ": a", "a:", "a: b", "a #b", "#a", "'a'", '"', "\\", "a\\n", "[a]", "{a", "%a"]
WEIRD += ["---", "...", "--- a", "|", ">", "!a", "&a", "*a", "@a", "`a", "a ", " a", "a\t", "\ta", "a  b", "a,b", "a]"]
WEIRD += ["a\n", "a\nb", "a\n\n", "\na", "a\n b\n", "a\n\n\nb", "a \nb", "a\n ", "a\r\nb", "a\n# b", "a\n---\nb", "\n"]
WEIRD += ["a\n\tb", "a\x85b", "a\u2028b", "a\u2029", "\ufeff", "a\ufeff", "\ufffe", "\uffff", "\x00", "\x7f", "\x9f"]
WEIRD += [
    "😀",
    "é",
    "a\u200db",
    "\u202ea",
    "\xa0",
    "a\xa0",
    "\U0001fffe",
    "\U0010ffff",
    "模型: x",
    "k" * 2000,
    "é " * 900,
]

TEXTS = (
    st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(WEIRD) | st.text("a :#\n-|'\"\\\t", max_size=9)
)
INTS = st.integers(-(10**18) + 1, 10**18 - 1)
PLAIN_SCALARS = st.none() | st.booleans() | INTS | TEXTS


def values(scalars):
    return st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=30)


def typed(value):
    """Returns `value` in a form that differs where types, orders, NaNs or signs of zero do."""
    if isinstance(value, dict):
        return [(key, typed(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [None, *map(typed, value)]
    return type(value).__name__, repr(value)


def nested(depth):
    value = "x"
    for turn in range(depth):
        value = {"a": value} if turn % 2 else [value]
    return value


def parse(text, **limits):
    return strict_yaml.parse(text if isinstance(text, bytes) else text.encode(), name="model.yaml", **limits)


@given(values(PLAIN_SCALARS | st.floats()))
@example(WEIRD)
@example(dict.fromkeys(WEIRD, 1))
@example([{text: [text, {"a": text}]} for text in WEIRD])
@example([math.nan, math.inf, -math.inf, -0.0, 1e16, 1e-5, 5e-324, [[], {}], {"": {"": []}}])
def test_what_is_written_reads_back_the_same(value):
    assert typed(parse(strict_yaml.dump(value))) == typed(value)


@given(values(PLAIN_SCALARS))
@example([{text: [text, {"a": text}]} for text in WEIRD])
@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
def test_other_readers_find_the_same(loader, value):
    assert typed(yaml.load(strict_yaml.dump(value), Loader=loader)) == typed(value)


@given(values(PLAIN_SCALARS | st.floats()))
def test_writing_again_gives_the_same_bytes(value):
    data = strict_yaml.dump(value)
    assert strict_yaml.dump(parse(data)) == data


def test_the_form_never_changes():
    value = {
        "model": "fraud-detector",
        "version": "1.4.2",
        "notes": "First line: of two\n  # indented\n\nlast",
        "ends": "with a newline\n",
        "metrics": {"auc": 0.87, "tiny": 1e-05, "nan": math.nan, "n": -3},
        "files": [{"path": "a b/é😀.bin", "digest": "sha256:58", "tags": []}, {}, [1, [None, True]], "no"],
        "": {"1": "1", "k" * 130: {"a": 1}, "q" * 130: "x"},
        "escaped": 'say "\\" \x07\u2028\ufeff\x85',
    }
    form = f"""\
model: fraud-detector
version: "1.4.2"
notes: |-
  First line: of two
    # indented

  last
ends: |
  with a newline
metrics:
  auc: 0.87
  tiny: 1e-05
  nan: .nan
  "n": -3
files:
  - path: a b/é😀.bin
    digest: sha256:58
    tags: []
  - {{}}
  - - 1
    - - null
      - true
  - "no"
"":
  "1": "1"
  ? {"k" * 130}
  :
    a: 1
  ? {"q" * 130}
  : x
escaped: "say \\"\\\\\\" \\u0007\\u2028\\ufeff\\u0085"
"""
    assert strict_yaml.dump(value).decode() == form


@pytest.mark.parametrize("text", ["1.10", "no", "2024-01-15", "0x1F", "~", "", "null", "1e3", "a: b", " a", "007"])
def test_strings_that_would_read_as_something_else_are_quoted(text):
    assert strict_yaml.dump([text]).decode() == f'- "{text}"\n'


@pytest.mark.parametrize("text", ["a\nb ", "a \nb", " a\nb", "a\n\n", "\na", "a\n\tb"])
def test_lines_with_blanks_that_nobody_sees_are_quoted(text):
    assert strict_yaml.dump([text]).startswith(b'- "')


@pytest.mark.parametrize("text", ["fraud-detector", "sha256:ab", "a/b c.bin", "_x", "it's", "C:\\x", "模型", "a, [b]"])
def test_strings_that_read_as_themselves_are_not(text):
    assert strict_yaml.dump([text]).decode() == f"- {text}\n"


class Number(float):
    """A float that is not exactly a float, as numpy has them."""


UNSAYABLE = ["\ud800", {"\udfff": 1}, {1: 1}, {None: 1}, (1,), {1}, b"x", Number(1), object(), nested(33)]
UNSAYABLE += [10**18, -(10**18)]


@pytest.mark.parametrize("value", UNSAYABLE, ids=lambda value: f"{value!r:.20}")
def test_what_could_not_be_read_back_is_not_written(value):
    with pytest.raises(ValueError):
        strict_yaml.dump(value)


def test_what_is_too_long_to_be_read_back_is_not_written():
    with pytest.raises(ValueError, match="longer than"):
        strict_yaml.dump("x" * strict_yaml.MAX_BYTES)


def test_thirty_two_levels_are_read_and_written():
    assert parse(strict_yaml.dump(nested(32))) == nested(32)
    with pytest.raises(UsageError, match="nested deeper than 32 levels"):
        parse("[" * 33 + "]" * 33)


STRINGS = """
no yes on Off y Null NULL tRUE 2024-01-15 2024-01-15T12:30:00Z 12:30:00 0x1F 0o17 0b1 017 1_000 1.10 0.90 2.50 1.0e3
1e3 1E5 1e-5 +1 +1.5 -0 .5 5. 1.4.2 1e --1 ٣ 1234567890123456789 1,5 = inf nan -inf .NaN .Inf +.inf
"""


@pytest.mark.parametrize("text", STRINGS.split())
def test_everything_else_is_a_string(text):
    assert parse(f"a: {text}\n") == {"a": text}


SCALARS = {"": None, "~": None, "null": None, "true": True, "True": True, "TRUE": True, "false": False}
SCALARS |= {"False": False, "FALSE": False, "0": 0, "12": 12, "-7": -7, "999999999999999999": 10**18 - 1}
SCALARS |= {"0.87": 0.87, "-0.5": -0.5, "1.0": 1.0, "1e-05": 1e-05, "1e+16": 1e16, "-0.0": -0.0}
SCALARS |= {".inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}


@pytest.mark.parametrize(("text", "value"), SCALARS.items())
def test_scalars_like_those_of_json_have_their_types(text, value):
    assert typed(parse(f"a: {text}\n")) == typed({"a": value})
    assert parse(f"a: '{text}'\n") == {"a": text}


@given(st.floats() | INTS)
def test_numbers_as_python_writes_them_are_numbers(number):
    text = repr(number) if math.isfinite(number) else repr(number).replace("nan", ".nan").replace("inf", ".inf")
    assert typed(parse(text)) == typed(number)


def test_keys_are_strings_as_they_are_written():
    read = parse("1: a\n1.10: b\ntrue: c\nnull: d\n~: e\n'': f\n'<<': g\n2024-01-15: h\n")
    assert list(read) == ["1", "1.10", "true", "null", "~", "", "<<", "2024-01-15"]


@pytest.mark.parametrize("data", [b"", b"\n", b"# only a comment\n", b"---\n", b"--- ~\n...\n", b"\xef\xbb\xbf"])
def test_an_empty_document_is_none(data):
    assert parse(data) is None


def test_ordinary_yaml_is_understood():
    text = """\
---
# a comment
a: {b: [1, 'x'], c: f
   g}
d: |
  l

  m
"e": "\\x41\\u00e9"
? f
: >-
  g
  h
...
"""
    assert parse("\ufeff" + text) == {"a": {"b": [1, "x"], "c": "f g"}, "d": "l\n\nm\n", "e": "Aé", "f": "g h"}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb:\n  auc: 1\n  auc: 2\n", 4, "duplicate key 'auc'"),
        ("a: 1\n'a': 2\n", 2, "duplicate key 'a'"),
        ("1: a\n'1': b\n", 2, "duplicate key '1'"),
        ("a:\n  - &x 1\n", 2, "the anchor &x is not allowed"),
        ("&x a: 1\n", 1, "the anchor &x is not allowed"),
        ("a: *x\n", 1, "the alias *x is not allowed"),
        ("a: 1\n*x : 1\n", 2, "the alias *x is not allowed"),
        ("a: 1\n<<: {b: 1}\n", 2, "a merge key is not allowed"),
        ("a: !!str 1\n", 1, "the tag tag:yaml.org,2002:str is not allowed"),
        ("a: ! 1\n", 1, "the tag ! is not allowed"),
        ("a:\n  !x {}\n", 2, "the tag !x is not allowed"),
        ("!!int 1: a\n", 1, "the tag tag:yaml.org,2002:int is not allowed"),
        (
            "- !!python/object/apply:os.system [ls]\n",
            1,
            "the tag tag:yaml.org,2002:python/object/apply:os.system is not allowed",
        ),
        ("a: 1\n---\nb: 2\n", 2, "a second document is not allowed"),
        ("%YAML 1.2\n---\na: 1\n", 1, "a directive is not allowed"),
        ("a: 1\n[b]: 2\n", 2, "a key must be a scalar"),
        ("a: 1\n? {b: 1}\n: 2\n", 2, "a key must be a scalar"),
        ("a: 1\nb: \x07\n", 2, "a control character is not allowed"),
        ("a: 1\n# \x00\n", 2, "a control character is not allowed"),
        ("a: 1\nb: \x9b\n", 2, "a control character is not allowed"),
        (b"a: 1\nb: \xff\n", 2, "it is not UTF-8"),
        ("a: 1".encode("utf-16"), 1, "it is not UTF-8"),
    ],
)
def test_the_line_and_what_is_wrong_in_it_are_told(text, line, what):
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.message == f"cannot read 'model.yaml', line {line}: {what}"
    assert (caught.value.facts["file"], caught.value.facts["line"]) == ("model.yaml", line)


@pytest.mark.parametrize(
    "text", ["a: 1\nb: c: d\n", "a: 1\n\tb: 2\n", "a: [1, 2\nb: 3\n", 'a: 1\nb: "\\ud800"\n', "a: 1\nb: @\n"]
)
def test_the_line_of_what_is_no_yaml_is_told(text):
    with pytest.raises(UsageError, match=r"^cannot read 'model\.yaml', line 2: [a-z]"):
        parse(text)


def test_too_long_a_file_is_not_looked_at():
    with pytest.raises(UsageError, match=r"cannot read 'model\.yaml': it is longer than 1,000 bytes"):
        parse(b"\xff" * 1001, max_bytes=1000)


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{this}: &{this} [{', '.join([f'*{before}'] * 9)}]\n" for before, this in zip("abcdefgh", "bcdefghi", strict=True)
)
DIRECTIVES = "".join(f"%TAG !t{number}! tag:x\n" for number in range(200_000))


HOSTILE = [LAUGHS, "[" * 100_000, "[\n" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000, "{? " * 100_000]
HOSTILE += ["".join(" " * depth + "a:\n" for depth in range(3000)), "!a " * 100_000, "!!python/name:os.system x"]
HOSTILE += [DIRECTIVES + "--- a", "a\n...\n" + DIRECTIVES + "--- b", "k" * 5_000_000 + ": 1", '"' * 1_000_000]
HOSTILE += ["&" + "a" * 5_000_000, "- 'a\n" * 200_000, "{" + "a, " * 100_000 + "a}", "9" * 17_000_000]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: f"{text[:9]}… {len(text)}")
def test_hostile_input_is_refused_within_a_second(text):
    start = time.process_time()
    with pytest.raises(UsageError, match=r"^cannot read 'model\.yaml'") as caught:
        parse(text)
    assert time.process_time() - start < 1
    assert len(caught.value.message) < 200


@pytest.mark.parametrize("text", ["x" * 5_000_000, "9" * 5_000_000, "- 1\n" * 100_000, "#\n" * 5_000_000])
def test_long_input_is_read_within_a_second(text):
    start = time.process_time()
    parse(text)
    assert time.process_time() - start < 1


@given(st.binary() | st.text("ab01:-?[]{},#&*!|>'\"%@` \n\t.~<", max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(data):
    try:
        value = parse(data)
    except UsageError as error:
        assert error.message.startswith("cannot read 'model.yaml'")
    else:
        assert typed(parse(strict_yaml.dump(value))) == typed(value)


def test_without_the_c_parser_it_reads_the_same():
    program = """
import sys
sys.modules["yaml._yaml"] = None
import yaml
from mlreg.store import strict_yaml
assert not hasattr(yaml, "CSafeLoader")
value = {"a": [1, 0.5, None, "no", {"b": "x\\ny"}], "é": "\\u2028 😀"}
assert strict_yaml.parse(strict_yaml.dump(value), name="f") == value
for text in (b"a: 1\\na: 2", b"[" * 100_000, b"a: &b 1", b"a: !x 1", b"a: [", b"a\\n--- b"):
    try:
        strict_yaml.parse(text, name="f")
    except strict_yaml.UsageError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
    assert done.stderr == ""
    assert done.stdout.count("cannot read 'f', line ") == 6
