"""Files of torch are cut at their storages, which are called as the keys say that lead to their tensors."""

from __future__ import annotations

import io
import zipfile
from collections import OrderedDict
from typing import Any

import pytest
from model_files import Bytes, saved

from mlreg.store.blobs.cutting import look

torch: Any = pytest.importorskip("torch")


def found(data: bytes) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """Returns type, shape and bytes of each tensor in `data`."""
    outline = look(Bytes(data))
    assert outline.format == "torch"
    return {
        name: (dtype, shape, data[offset : offset + size_bytes])
        for name, dtype, shape, offset, size_bytes in outline.tensors
    }


def torch_file(thing: Any, **named: Any) -> bytes:
    return saved(lambda stream: torch.save(thing, stream, **named))


def raw(tensor: Any) -> bytes:
    """Returns the bytes of the storage of `tensor`."""
    return bytes(tensor.untyped_storage())


def names(thing: Any, **named: Any) -> set[str]:
    return set(found(torch_file(thing, **named)))


DTYPES = {
    **{f"float{bits}": f"f{bits}" for bits in (16, 32, 64)},
    **{f"{sign}int{bits}": f"{sign or 'i'}{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"complex{bits}": f"c{bits}" for bits in (64, 128)},
    "bfloat16": "bf16",
    "bool": "bool",
    **dict.fromkeys(("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"), "f8"),
}


@pytest.mark.parametrize(("name", "dtype"), DTYPES.items(), ids=DTYPES)
def test_a_tensor_of_every_type(name, dtype):
    tensor = torch.arange(6).reshape(2, 3).to(getattr(torch, name))
    assert found(torch_file({"w": tensor})) == {"w": (dtype, (2, 3), raw(tensor))}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_model_and_the_state_of_its_optimiser(protocol):
    model = torch.nn.Sequential(OrderedDict(first=torch.nn.Linear(3, 4), second=torch.nn.BatchNorm1d(4)))
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    checkpoint = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "loss": 0.5}
    seen = found(torch_file(checkpoint, pickle_protocol=protocol))
    wanted = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    wanted |= {
        f"optimizer.state.{number}.{name}": tensor
        for number, state in optimizer.state_dict()["state"].items()
        for name, tensor in state.items()
    }
    assert {name: content for name, (_, _, content) in seen.items()} == {
        name: raw(tensor) for name, tensor in wanted.items()
    }
    assert {name: shape for name, (_, shape, _) in seen.items()} == {
        name: tuple(tensor.shape) for name, tensor in wanted.items()
    }


def test_a_whole_module_has_the_names_of_its_state():
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Sequential(torch.nn.BatchNorm1d(4)))
    assert names(model) == set(model.state_dict())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_module_of_torchscript_has_the_names_of_its_state():
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 1))
    scripted = torch.jit.script(model)
    assert set(found(saved(lambda stream: torch.jit.save(scripted, stream)))) == set(model.state_dict())


def test_tensors_that_share_a_storage_are_one():
    weight = torch.arange(12.0).reshape(3, 4)
    assert names({"part": weight[1:], "tied": weight, "again": weight}) == {"tied"}
    assert found(torch_file({"part": weight[1:], "turned": weight.T}))["part"][:2] == ("f32", (12,))
    assert found(torch_file({"turned": weight.T})) == {"turned": ("f32", (12,), raw(weight))}


def test_parameters_lists_and_tensors_without_elements():
    thing = [torch.nn.Parameter(torch.ones(2)), (torch.ones(3), {"a": torch.ones(4)}), torch.empty(0, 3)]
    assert names(thing) == {"0", "1.0", "1.1.a"}


def test_a_tensor_alone_has_the_name_of_its_member():
    tensor = torch.ones(2)
    assert found(torch_file(tensor)) == {"data/0": ("f32", (2,), raw(tensor))}


def test_tensors_in_objects_of_unknown_classes_are_found():
    assert names({"a": torch.nn.utils.rnn.pack_sequence([torch.ones(3)])}) == {"a.0", "a.1"}
    assert names({"sparse": torch.eye(2).to_sparse()}) == {"sparse.1.0", "sparse.1.1"}


def rewritten(data: bytes, change: Any, compression: int = zipfile.ZIP_STORED) -> bytes:
    """Returns the archive with `change(name, content)` for each member; None leaves it out."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", compression) as new:
        for name in old.namelist():
            if (content := change(name, old.read(name))) is not None:
                new.writestr(name, content)
    return stream.getvalue()


def test_what_the_pickle_cannot_tell_is_told_by_the_archive():
    weight = torch.ones(4)
    data = torch_file({"w": weight})
    nameless = {"data/0": ("", (16,), raw(weight))}

    def with_pickle(content: bytes) -> bytes:
        return rewritten(data, lambda name, old: content if name.endswith("data.pkl") else old)

    assert found(with_pickle(b"")) == nameless
    assert found(with_pickle(b"\x80\x02}.")) == nameless
    # cut off in the middle, it has mentioned the storage
    whole = zipfile.ZipFile(io.BytesIO(data)).read("archive/data.pkl")
    assert found(with_pickle(whole[:-20])) == {"data/0": ("f32", (4,), raw(weight))}
    lies = whole.replace(b"K\x04", b"K\x05")
    assert lies != whole
    assert found(with_pickle(lies)) == nameless


def test_compressed_members_are_no_tensors():
    data = rewritten(torch_file({"w": torch.ones(99)}), lambda _, old: old, zipfile.ZIP_DEFLATED)
    assert look(Bytes(data)).tensors == []


def test_numbers_with_their_bytes_the_other_way_round_have_no_type():
    data = torch_file({"w": torch.ones(4)})
    big = rewritten(data, lambda name, old: b"big" if name.endswith("byteorder") else old)
    assert found(big)["w"][0] == ""
    old = rewritten(data, lambda name, old: None if name.endswith("byteorder") else old)
    assert found(old)["w"][0] == "f32"
