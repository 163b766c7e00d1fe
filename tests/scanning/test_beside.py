"""Files of no format beside a model: the raw values of SavedModels and of ONNX models; all else stays what it was."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import pytest

from mlreg.scanning import Report, scan_stream, settled

PROGRAM = b"\x08\x01\x12\x02ab"
VERSIONS, NUMBER = b"\x32\x02\x08\x04", b"717159647747"
FINGERPRINT = b"\x08\xf3\x07\x10\xf1\x05\x18\xc8\x0d\x20\xd4\x15\x28\xe6\x20" + VERSIONS
FINGERPRINT += b"\x3a" + bytes([len(NUMBER)]) + NUMBER
INDEX = b"\0\0\x06\x08\x01\x1a\x02\x08\x01" + bytes(80) + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"
VALUES = b"\0\0\x80\x3f" * 30


class Caller:
    """What calls a function where it is unpickled."""

    def __reduce__(self):
        return (print, ("called",))


def scanned(data: bytes, path: str = "model") -> Report:
    return scan_stream(io.BytesIO(data), path)


def directory(place: str = "m@1.0.0:model/", **changed: bytes) -> dict[str, Report]:
    files = {
        "saved_model.pb": PROGRAM,
        "fingerprint.pb": FINGERPRINT,
        "variables/variables.index": INDEX,
        "variables/variables.data-00000-of-00001": VALUES,
    }
    reports = [scanned(changed.get(Path(name).stem, data), place + name) for name, data in files.items()]
    return {report.path.removeprefix(place): report for report in settled(reports)}


@pytest.mark.parametrize("place", ["", "m@1.0.0:", "out/model/"])
def test_only_the_program_needs_trust(place):
    found = directory(place)
    assert [(report.format, report.verdict) for report in found.values()] == [
        ("savedmodel", "needs-trust"),
        ("savedmodel-fingerprint", "allowed"),
        ("savedmodel-index", "allowed"),
        ("values", "allowed"),
    ]
    assert found["saved_model.pb"].to_trust == ["tensorflow.saved_model.load"]


def test_values_alone_are_of_no_format():
    assert scanned(VALUES, "variables/variables.data-00000-of-00001").verdict == "invalid"
    alone = [scanned(VALUES, "variables/variables.data-00000-of-00001"), scanned(PROGRAM, "saved_model.pb")]
    assert settled(alone) == alone


def test_values_that_a_pickle_reader_would_run_stay_refused():
    assert directory(variables=pickle.dumps(Caller()))["variables/variables.data-00000-of-00001"].verdict == "refused"


def test_another_name_or_another_program_makes_no_values():
    assert directory(saved_model=b"weights")["variables/variables.data-00000-of-00001"].verdict == "invalid"
    others = [scanned(PROGRAM, "saved_model.pb"), scanned(INDEX, "variables/variables.index"), scanned(VALUES, "x.bin")]
    assert settled(others)[2].verdict == "invalid"


@pytest.mark.parametrize(
    "data",
    [
        FINGERPRINT.replace(NUMBER, b"\x0a\x02\x22\x00" * 3),  # a graph, to who reads it as ONNX
        FINGERPRINT.replace(NUMBER, b""),
        FINGERPRINT[:-1],
        FINGERPRINT + b"\x42\x01a",
        b"\x08\x07" + VERSIONS + b"\x3a\x01" + b"7",  # no hashes
        FINGERPRINT + bytes(300),
    ],
)
def test_what_is_nearly_a_fingerprint_is_none(data):
    assert scanned(data).format != "savedmodel-fingerprint"


def test_a_program_with_the_end_of_a_table_is_no_table():
    for data in (pickle.dumps(Caller()), pickle.dumps(Caller(), protocol=0), b"print(1)\n", b"\xcb\r\r\n" + bytes(12)):
        report = scanned(data + INDEX[-8:])
        assert report.format != "savedmodel-index"
        assert not report.is_allowed


def test_the_values_of_an_onnx_model_are_those_that_it_names():
    def inside(number: int, data: bytes) -> bytes:
        return bytes([number << 3 | 2, len(data)]) + data

    entry = inside(13, inside(1, b"location") + inside(2, b"w.bin"))
    model = b"\x08\x0a" + inside(7, inside(5, entry))
    files = {"m@1.0.0:net.onnx": model, "m@1.0.0:w.bin": VALUES, "m@1.0.0:v.bin": VALUES, "w.bin": VALUES}
    found = settled([scanned(data, path) for path, data in files.items()])
    assert [report.verdict for report in found] == ["allowed", "allowed", "invalid", "invalid"]
    hostile = settled([scanned(model, "net.onnx"), scanned(pickle.dumps(Caller()), "w.bin")])
    assert hostile[1].verdict == "refused"
