"""Signatures of real files and objects: inferred, validated, kept with versions, and what they refuse."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mlreg
from mlreg.domain.signatures.inferring import Column
from mlreg.errors import BlockedError, MissingError, NotFoundError, UsageError
from mlreg.inferring import infer_files
from mlreg.registry import Registry

Put = Callable[..., Any]


@pytest.fixture
def put(registry: Registry, model_file: Callable[..., Path]) -> Put:
    """Registers a version of `fraud` with a signature: `put({"a": "int"}, version="1.0.1")`."""

    def put(inputs: Any = None, weights: str = "same", **facts: Any) -> Any:
        signature = None if inputs is None else {"inputs": inputs, "outputs": {"p": "float"}}
        return registry.register("fraud", model_file(weights), signature=signature, **facts)

    return put


def inferred(path: Path, **words: Any) -> Any:
    return infer_files([path], **words).signature.written()


class TestRegistering:
    @pytest.mark.parametrize(
        ("inputs", "version", "level"),
        [
            ({"a": "int", "b": "str"}, "2.0.0", "major"),
            ({"a": {"type": "int", "min": 0}}, "2.0.0", "major"),
            ({"a": "int", "b": {"type": "str", "optional": True}}, "1.1.0", "minor"),
            ({"a": "float"}, "1.1.0", "minor"),
            ({"a": {"type": "int", "description": "age"}}, "1.0.1", "patch"),
            (None, "2.0.0", "major"),
        ],
    )
    def test_raises_the_version_by_what_changed(self, put: Put, inputs: Any, version: str, level: str) -> None:
        put({"a": "int"})
        answer = put(inputs, "new")
        assert (answer.version, answer.level) == (version, level)

    def test_refuses_a_version_that_says_less(self, put: Put, registry: Registry) -> None:
        put({"a": "int"})
        for words in ({"version": "1.1.0"}, {"bump": "patch"}, {"version": "1.0.1", "dry_run": True}):
            with pytest.raises(BlockedError) as caught:
                put({"b": "str"}, "new", **words)
            error = caught.value
            assert error.stable_code == "signature-breaking"
            assert "input 'a' was removed" in error.message
            assert "`--version 2.0.0`" in str(error.hint)
            assert error.facts["needs"] == "2.0.0"
            assert [change["path"] for change in error.facts["changes"]] == ["inputs.a", "inputs.b"]
        assert len(registry.history("fraud").events) == 1
        assert put({"b": "str"}, "new", version="2.0.0").created

    def test_refuses_a_patch_that_adds(self, put: Put) -> None:
        put({"a": "int"})
        with pytest.raises(BlockedError, match=r"says less than what changed since 1\.0\.0") as caught:
            put({"a": "float"}, "new", version="1.0.1")
        assert caught.value.stable_code == "signature-understated"
        assert put({"a": "float"}, "new", version="1.1.0").created

    def test_refuses_no_version_for_a_signature_that_is_declared_for_the_first_time(self, put: Put) -> None:
        put(None, version="1.0.0")
        answer = put({"a": "int"}, "new", version="1.0.1")
        assert (answer.created, list(answer.notes)) == (True, [])

    def test_takes_a_signature_that_is_declared_for_the_first_time_as_a_patch(self, put: Put) -> None:
        put(None)
        answer = put({"a": "int"}, "new")
        assert (answer.version, answer.reasons) == ("1.0.1", ["a signature is declared for the first time"])

    def test_refuses_no_version_for_outputs_that_are_declared_for_the_first_time(
        self, put: Put, registry: Registry, model_file: Callable[[str], Path]
    ) -> None:
        registry.register("fraud", model_file("weights"), signature={"inputs": {"a": "int"}}, version="1.0.0")
        assert put({"a": "int"}, "new", version="1.0.1").created
        with pytest.raises(BlockedError):
            put({"b": "int"}, "newer", version="1.0.2")

    def test_holds_it_against_the_greatest_release_below(self, put: Put) -> None:
        put({"a": "int"}, "one", version="1.0.0")
        put({"b": "int"}, "two", version="2.0.0")
        assert put({"a": "int"}, "three", version="1.0.1").created
        with pytest.raises(BlockedError):
            put({"a": "int"}, "four", version="2.0.1")

    def test_lets_a_minor_step_break_before_the_first_release(self, put: Put) -> None:
        put({"a": "int"}, version="0.3.0")
        assert put({"b": "str"}, "new", version="0.4.0").created
        with pytest.raises(BlockedError):
            put({"c": "bool"}, "newer", version="0.4.1")

    def test_warns_where_a_promise_is_taken_back_and_refuses_nothing(self, put: Put) -> None:
        put({"a": "int"})
        answer = put(None, "new", version="1.0.1")
        assert answer.created
        assert answer.notes == ["1.0.0 declares a signature and this version none: a promise is taken back (major)"]

    def test_keeps_the_order_and_shows_it_as_it_was_written(self, put: Put, registry: Registry) -> None:
        inputs = {"z": "int", "a": {"type": "str", "enum": ["y", "x"]}}
        put(inputs)
        assert list(registry.info("fraud").document()["signature"]["inputs"].items()) == list(inputs.items())
        assert put({"a": inputs["a"], "z": "int"}).version == "1.0.1"  # another order is another version


class TestDeclaringLate:
    def test_covers_the_signature_of_the_record_and_is_an_event(self, put: Put, registry: Registry) -> None:
        put({"a": "int"})
        answer = registry.set_signature("fraud@1.0.0", signature={"inputs": ["b"]})
        assert (answer.changed, answer.event) == (True, 2)
        assert registry.info("fraud").document()["signature"] == {"inputs": ["b"]}
        event = registry.history("fraud").events[-1]
        assert (event.kind, event.effects["set"]["signature"]["outputs"]) == ("signature-set", None)
        assert put({"b": {"type": "any", "optional": True}}, "new").level == "minor"

    def test_again_changes_nothing(self, put: Put, registry: Registry) -> None:
        put({"a": "int"})
        same = {"inputs": {"a": "int"}, "outputs": {"p": "float"}}
        assert not registry.set_signature("fraud@1.0.0", signature=same).changed
        assert registry.set_signature("fraud@1.0.0", signature={"inputs": ["b"]}, dry_run=True).changed
        assert registry.set_signature("fraud@1.0.0", signature={"inputs": ["b"]}).changed
        assert not registry.set_signature("fraud@1.0.0", signature={"inputs": ["b"]}).changed
        assert registry.set_signature("fraud@1.0.0", signature=same).changed

    def test_is_held_against_the_release_below_as_a_registration_is(self, put: Put, registry: Registry) -> None:
        put({"a": "int"})
        put({"a": "int"}, "new")
        with pytest.raises(BlockedError, match=r"1\.0\.1 would break who relies on 1\.0\.0"):
            registry.set_signature("fraud@1.0.1", signature={"inputs": {"b": "str"}, "outputs": {"p": "float"}})
        assert registry.set_signature("fraud@1.0.0", signature={"inputs": ["b"]}).changed

    @pytest.mark.parametrize("stage", ["staging", "production"])
    def test_is_refused_once_the_version_was_promoted(self, put: Put, registry: Registry, stage: str) -> None:
        put({"a": "int"})
        put({"a": "int"}, "new")
        registry.promote("fraud", "1.0.0", to=stage)
        registry.promote("fraud", "1.0.1", to=stage)
        with pytest.raises(BlockedError, match="was promoted before"):
            registry.set_signature("fraud@1.0.0", signature={"inputs": ["b"]})
        assert not registry.set_signature(
            "fraud@1.0.0", signature={"inputs": {"a": "int"}, "outputs": {"p": "float"}}
        ).changed


class TestInferring:
    def test_reads_the_types_of_a_csv(self, tmp_path: Path) -> None:
        path = tmp_path / "t.csv"
        path.write_text(
            "int,gap,float,text,zip,flag,day,time,none,big,mixed,7\n"
            '1,1,1.5,"a, b",007,true,2026-01-05,2026-01-05T10:00:00,,9223372036854775808,1,x\n'
            "-2,,2,,010,False,2026-01-06,2026-01-06 10:00,NaN,1,x,y\n"
        )
        found = infer_files([path], targets=["flag"])
        assert found.signature.written() == {
            "inputs": {
                "int": "int",
                "gap": {"type": "int", "nullable": True},
                "float": "float",
                "text": {"type": "str", "nullable": True},
                "zip": "str",
                "day": "date",
                "time": "datetime64",
                "none": {"type": "any", "nullable": True},
                "big": "uint64",
                "mixed": "str",
                "7": "str",
            },
            "outputs": {"flag": "bool"},
        }
        assert found.notes == ("the column 'none' has no value: its type is not known",)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("a,b,a\n", "columns 1 and 3 of .* are both called 'a'"),
            ("a,,b\n", "column 2 of .* has no name"),
            ("", "has no columns"),
            ("a,b\n1\n", "row 1 does not have the columns"),
            ('a\n"x\n', "line 2: unexpected end of data"),
        ],
    )
    def test_a_csv_that_is_none_is_named(self, tmp_path: Path, text: str, message: str) -> None:
        (tmp_path / "t.csv").write_text(text)
        with pytest.raises(UsageError, match=message):
            inferred(tmp_path / "t.csv")

    def test_another_encoding_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "t.csv").write_bytes(b"a\n\xe9\n")
        with pytest.raises(UsageError, match="it is not UTF-8"):
            inferred(tmp_path / "t.csv")

    def test_separators_and_a_byte_order_mark_are_no_trouble(self, tmp_path: Path) -> None:
        (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfa;b\r\n1;x,y\r\n")
        assert inferred(tmp_path / "t.csv") == {"inputs": {"a": "int", "b": "str"}}

    def test_reads_records(self, tmp_path: Path) -> None:
        (tmp_path / "t.json").write_text('[{"a": 1, "v": [1.5, 2]}, {"a": null, "b": true, "v": [0, 1]}]')
        expected = {
            "inputs": {
                "a": {"type": "int", "nullable": True},
                "v": {"type": "float", "shape": [2]},
                "b": {"type": "bool", "optional": True},
            }
        }
        assert inferred(tmp_path / "t.json") == expected
        (tmp_path / "t.jsonl").write_text('{"a": 1, "v": [1.5, 2]}\n\n{"a": null, "b": true, "v": [0, 1]}\n')
        assert inferred(tmp_path / "t.jsonl") == expected

    def test_reads_parquet(self, tmp_path: Path) -> None:
        frame = pd.DataFrame(
            {"a": np.array([1, 2], np.int32), "b": ["x", None], "c": pd.to_datetime(["2026-01-05"] * 2)}
        )
        frame["d"] = pd.array([1, None], dtype="Int64")
        frame.to_parquet(tmp_path / "t.parquet")
        assert inferred(tmp_path / "t.parquet", targets=["d"]) == {
            "inputs": {"a": "int32", "b": {"type": "str", "nullable": True}, "c": "datetime64"},
            "outputs": {"d": {"type": "int64", "nullable": True}},
        }

    def test_reads_arrays_and_opens_no_pickle(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "t.npz", x=np.zeros((5, 3), np.float32), y=np.zeros(5, np.int8))
        assert inferred(tmp_path / "t.npz", targets=["y"]) == {
            "inputs": {"x": {"type": "float32", "shape": [-1, 3]}},
            "outputs": {"y": {"type": "int8", "shape": [-1]}},
        }
        np.savez(tmp_path / "o.npz", x=np.array([{}], object))
        with pytest.raises(UsageError, match="only a pickle can"):
            inferred(tmp_path / "o.npz")

    def test_reads_what_an_onnx_model_says(self, tmp_path: Path) -> None:
        onnx = pytest.importorskip("onnx")
        make = onnx.helper.make_tensor_value_info
        kinds = onnx.TensorProto
        weights = onnx.numpy_helper.from_array(np.ones((4, 2), np.float32), "w")
        inputs = [
            make("x", kinds.FLOAT, ["batch", 4]),
            make("w", kinds.FLOAT, [4, 2]),
            make("s", kinds.STRING, [None, 1]),
        ]
        node = onnx.helper.make_node("MatMul", ["x", "w"], ["p"])
        graph = onnx.helper.make_graph([node], "g", inputs, [make("p", kinds.FLOAT, ["batch", 2])], [weights])
        onnx.save(onnx.helper.make_model(graph), tmp_path / "m.onnx")
        assert inferred(tmp_path / "m.onnx") == {
            "inputs": {"x": {"type": "float32", "shape": ["batch", 4]}, "s": {"type": "str", "shape": [-1, 1]}},
            "outputs": {"p": {"type": "float32", "shape": ["batch", 2]}},
        }

    @pytest.mark.parametrize("data", [b"", b"\x00", b"not a model", b"\x3a\xff\xff\xff\xff\x0f", bytes(range(256)) * 4])
    def test_what_is_no_onnx_model_is_named(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "m.onnx").write_bytes(data)
        with pytest.raises(UsageError, match="not an ONNX model"):
            inferred(tmp_path / "m.onnx")

    def test_weights_say_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "m.safetensors").write_bytes(b"")
        with pytest.raises(UsageError, match="holds weights"):
            inferred(tmp_path / "m.safetensors")

    def test_files_of_one_table_come_together(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text("x,y\n1,1\n")
        (tmp_path / "b.csv").write_text("x,z\n1.5,\n")
        assert infer_files([tmp_path / "a.csv", tmp_path / "b.csv"]).signature.written() == {
            "inputs": {
                "x": "float",
                "y": {"type": "int", "optional": True},
                "z": {"type": "any", "nullable": True, "optional": True},
            }
        }

    def test_what_is_not_installed_is_said_with_the_line_to_type(self, tmp_path: Path) -> None:
        (tmp_path / "t.parquet").write_bytes(b"PAR1")
        code = "import sys; sys.modules['pyarrow'] = None; from mlreg.__main__ import main; main()"
        words = ["signature", "infer", "t.parquet"]
        done = subprocess.run([sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, "pip install 'mlreg[parquet]'" in done.stderr) == (MissingError.exit_code, True)

    @pytest.mark.parametrize(
        ("cells", "type_"),
        [
            (["1", "2.0"], "float"), (["1", "00"], "str"), (["-0.5", ".5", "1e3"], "float"), (["0", "1"], "int"),
            (["true", "0"], "str"), (["1_000"], "str"), (["2026-01-05", "2026-01-05T01:00:00"], "datetime64"),
            (["2026-02-30"], "str"), (["NA", "x"], "str"), (["NA", "1"], "int"), (["９"], "str"), (["9" * 50], "str"),
        ],
    )  # fmt: skip
    def test_a_column_is_what_all_of_its_cells_are(self, cells: list[str], type_: str) -> None:
        column = Column("a")
        for cell in cells:
            column.see_text(cell)
        assert column.field().fields[0].type == type_


class TestLiveObjects:
    def test_a_data_frame_and_its_target(self) -> None:
        frame = pd.DataFrame({0: [1.0, np.nan], "b": ["x", "y"], "c": pd.Categorical(["k", None])})
        assert mlreg.infer_signature(frame, pd.Series([True, False], name="fraud")) == {
            "inputs": {
                "0": {"type": "int", "nullable": True},
                "b": "str",
                "c": {"type": "str", "nullable": True},
            },
            "outputs": {"fraud": "bool"},
        }

    def test_arrays(self) -> None:
        assert mlreg.infer_signature(np.zeros((5, 3), np.float32), np.zeros(5, np.int64)) == {
            "inputs": [{"type": "float32", "shape": [-1, 3]}],
            "outputs": [{"type": "int64", "shape": [-1]}],
        }
        assert mlreg.infer_signature({"x": np.zeros((2, 2))})["inputs"] == {"x": {"type": "float64", "shape": [-1, 2]}}

    def test_an_estimator_knows_names_at_most(self) -> None:
        tree = pytest.importorskip("sklearn.tree").DecisionTreeClassifier()
        tree.fit(pd.DataFrame({"a": [0, 1], "b": [1, 0]}), [0, 1])
        assert mlreg.infer_signature(tree) == {"inputs": ["a", "b"]}
        tree.fit(np.eye(2), [0, 1])
        assert mlreg.infer_signature(tree) == {"inputs": [{"type": "float", "shape": [-1, 2]}]}

    def test_what_it_returns_is_registered(self, registry: Registry, model_file: Callable[..., Path]) -> None:
        frame = pd.DataFrame({"a": [1, 2], "b": [0.5, None]})
        registry.register("fraud", model_file("w"), signature=mlreg.infer_signature(frame))
        assert registry.validate("fraud@1.0.0", frame).ok
        assert not registry.validate("fraud@1.0.0", [{"a": "x", "b": 1}]).ok


class TestValidating:
    def look(
        self, tmp_path: Path, registry: Registry, signature: Any, name: str, data: str | bytes, **words: Any
    ) -> Any:
        (tmp_path / "s.json").write_text(json.dumps(signature))
        (tmp_path / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        answer = registry.validate(str(tmp_path / "s.json"), str(tmp_path / name), **words)
        return [(one.row, one.line, one.column, one.code) for one in answer.checked.findings]

    def test_a_table_is_told_with_row_line_and_column(self, tmp_path: Path, registry: Registry) -> None:
        signature = {
            "inputs": {"age": {"type": "int", "min": 0}, "city": {"type": "str", "enum": ["rome"]}, "day": "date"}
        }
        text = 'age,city,day\n3,rome,2026-01-05\n-1,oslo,x\n"4",rome,\n1,"ro\nme",2026-01-05\nx,rome\n'
        assert self.look(tmp_path, registry, signature, "t.csv", text) == [
            (2, 3, "age", "too-small"),
            (2, 3, "city", "not-in-enum"),
            (2, 3, "day", "wrong-type"),
            (3, 4, "day", "missing-value"),
            (4, 5, "city", "not-in-enum"),
            (5, 7, "", "wrong-cells"),
        ]

    def test_columns_as_a_whole_are_told_once(self, tmp_path: Path, registry: Registry) -> None:
        signature = {"inputs": {"age": "int", "b": {"type": "int", "optional": True}}, "outputs": {"p": "bool"}}
        text = "agee,p\n1,true\n2,maybe\n"
        assert self.look(tmp_path, registry, signature, "t.csv", text) == [
            (None, None, "age", "missing-column"),
            (None, None, "agee", "unknown-column"),
            (2, 3, "p", "wrong-type"),
        ]
        assert len(self.look(tmp_path, registry, signature, "t.csv", text, extra=True)) == 2

    def test_records(self, tmp_path: Path, registry: Registry) -> None:
        signature = {"inputs": {"a": "int"}}
        found = self.look(tmp_path, registry, signature, "t.jsonl", '{"a": 1}\n{"a": "1"}\n{"b": 1}\n5\n')
        assert found == [
            (2, 2, "a", "wrong-type"),
            (3, 3, "a", "missing-column"),
            (3, 3, "b", "unknown-column"),
            (4, 4, "", "no-record"),
        ]
        assert self.look(tmp_path, registry, signature, "t.json", '{"a": 1}') == []

    def test_rows_without_names(self, tmp_path: Path, registry: Registry) -> None:
        signature = {"inputs": [{"type": "int"}, {"type": "str", "optional": True}]}
        found = self.look(tmp_path, registry, signature, "t.json", '[[1, "x"], [1], ["x", "y"], [1, "x", 2]]')
        assert [(row, code) for row, _, _, code in found] == [(3, "wrong-type"), (4, "wrong-cells")]

    def test_arrays(self, tmp_path: Path, registry: Registry) -> None:
        signature = {"inputs": {"x": {"type": "float32", "shape": [-1, 2]}, "n": {"type": "int8", "max": 3}}}
        stream = io.BytesIO()
        np.savez(stream, x=np.zeros((3, 2), np.float32), n=np.array([1, 200, 5]))
        found = self.look(tmp_path, registry, signature, "t.npz", stream.getvalue())
        assert found == [(2, None, "n", "out-of-range"), (3, None, "n", "too-great")]
        stream = io.BytesIO()
        np.savez(stream, x=np.zeros((3, 3), np.float32))
        assert [code for *_, code in self.look(tmp_path, registry, signature, "t.npz", stream.getvalue())] == [
            "wrong-shape", "missing-column"
        ]  # fmt: skip

    def test_parquet(self, tmp_path: Path, registry: Registry) -> None:
        stream = io.BytesIO()
        pd.DataFrame({"a": [1.5, 2.0]}).to_parquet(stream)
        assert self.look(tmp_path, registry, {"inputs": {"a": "int"}}, "t.parquet", stream.getvalue()) == [
            (1, None, "a", "wrong-type")
        ]

    def test_a_json_schema(self, tmp_path: Path, registry: Registry) -> None:
        schema = {"type": "object", "properties": {"a": {"type": "integer", "minimum": 0}}, "required": ["a"]}
        found = self.look(tmp_path, registry, {"input_schema": schema}, "t.csv", "a,b\n1,x\n-1,y\nz,\n")
        assert found == [(2, 3, "a", "schema-minimum"), (3, 4, "a", "schema-type")]

    def test_of_many_findings_the_first_are_told_and_all_counted(self, tmp_path: Path, registry: Registry) -> None:
        (tmp_path / "s.yaml").write_text("inputs: {a: int}")
        (tmp_path / "t.csv").write_text("a\n" + "x\n" * 1000)
        answer = registry.validate(tmp_path / "s.yaml", tmp_path / "t.csv", limit=3)
        document = answer.document()
        assert (len(document["errors"]), document["error_count"], document["rows"]) == (3, 1000, 1000)

    def test_a_version_without_a_signature_says_so(self, put: Put, registry: Registry) -> None:
        put(None)
        with pytest.raises(NotFoundError, match="declares no signature"):
            registry.validate("fraud@1.0.0", [{}])


def test_a_large_table_is_read_in_little_memory(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("inputs: {a: int, b: float, c: str}")
    with (tmp_path / "t.csv").open("w") as file:
        file.write("a,b,c\n")
        file.writelines(f"{number},{number}.5,text-{number}\n" for number in range(200_000))
    code = (
        "from mlreg.signatures import validate\n"
        "answer = validate(None, 's.yaml', 't.csv'); assert answer.ok, answer.checked.findings\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 100_000  # kB


def test_sixty_files_are_read_and_compared_in_a_third_of_a_second(tmp_path: Path) -> None:
    from_ = "inputs:\n" + "".join(f"  f{n}: {{type: float, min: 0, nullable: true}}\n" for n in range(15))
    for number in range(60):
        (tmp_path / f"{number}.yaml").write_text(from_ + "  last: int\noutputs: {p: float}\n")
    code = (
        "import time; from pathlib import Path; from mlreg.declared import read_signature\n"
        "from mlreg.domain.signatures.changes import compare\n"
        "start = time.process_time(); found = [read_signature(Path(f'{n}.yaml')) for n in range(60)]\n"
        "[compare(found[0], one) for one in found]; print(time.process_time() - start)"
    )
    spent = [
        float(
            subprocess.run(
                [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
            ).stdout
        )
        for _ in range(2)
    ]
    assert min(spent) < 0.3


def test_reading_a_signature_imports_no_numbers(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("inputs: {a: int}")
    code = (
        "import sys; from pathlib import Path; from mlreg.declared import read_signature\n"
        "read_signature(Path('s.yaml'))\n"
        "print([name for name in ('numpy', 'pandas', 'pyarrow', 'jsonschema', 'typer') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(mlreg.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout == "[]\n"


def test_a_schema_without_the_package_that_knows_schemas_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"input_schema": {"type": "object"}}')
    code = "import sys; sys.modules['jsonschema'] = None; from mlreg.__main__ import main; main()"
    words = ["validate", "s.json", "s.json"]
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, "pip install 'mlreg[schema]'" in done.stderr) == (MissingError.exit_code, True)
