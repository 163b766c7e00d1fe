"""Measures the codecs of the blob store on real checkpoints: size, and bytes per second of CPU time of one core.

    python benchmarks/codecs.py DIRECTORY            each pair below whose files DIRECTORY/NAME.safetensors are there
    python benchmarks/codecs.py DIRECTORY --runs 5   the best of more runs

A pair is a file and its base; tensors go by their names, and are cut every 2**20 elements. A tensor that is equal to
that of the base counts as stored in nothing, as the store would. Every segment is decoded and compared.
"""

from __future__ import annotations

import argparse
import json
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlreg.store.blobs import codecs
from mlreg.store.blobs.codecs import Base, Coded

SEGMENT_ELEMENTS = 1 << 20
PAIRS = [
    ("base_fp32", None),
    ("base_bf16", None),
    ("base_fp16", None),
    ("full_fp32_s100", "base_fp32"),
    ("full_fp32_s300", "full_fp32_s200"),
    ("full_fp32_s300", "base_fp32"),
    ("wd_fp32_s150", "base_fp32"),
    ("lora_merged_fp32", "base_fp32"),
    ("full_bf16_s300", "base_bf16"),
    ("full_bf16_s300", "full_bf16_s200"),
    ("full_fp16_s300", "base_fp16"),
    ("wd_bf16_s150", "base_bf16"),
    ("bf16pure_s20", "base_bf16"),
    ("full_bf16_s300", "full_fp32_s300"),
    ("full_fp16_s300", "full_fp32_s300"),
    ("base_fp32", "base_bf16"),
]
WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


@dataclass(frozen=True, slots=True)
class Pair:
    """A segment and what it may be kept as the difference from."""

    data: memoryview
    kind: str
    base: Base | None


def tensors(path: Path) -> dict[str, Base]:
    """Returns the tensors of a safetensors file with their kinds."""
    data = memoryview(path.read_bytes())
    (header_length,) = struct.unpack_from("<Q", data)
    header = json.loads(bytes(data[8 : 8 + header_length]))
    body = data[8 + header_length :]
    header.pop("__metadata__", None)
    return {name: Base(body[slice(*it["data_offsets"])], it["dtype"].lower()) for name, it in header.items()}


def segments(path: Path, base_path: Path | None) -> Iterator[Pair]:
    """Yields the segments of the file at `path` with those of its base."""
    bases = tensors(base_path) if base_path else {}
    for name, (data, kind) in tensors(path).items():
        width = WIDTHS[kind.upper()]
        base = bases.get(name)
        base_width = WIDTHS[base.kind.upper()] if base else width
        if base and len(base.data) // base_width != len(data) // width:
            base = None
        for start in range(0, len(data) // width, SEGMENT_ELEMENTS):
            stop = start + SEGMENT_ELEMENTS
            part = Base(base.data[start * base_width : stop * base_width], base.kind) if base else None
            yield Pair(data[start * width : stop * width], kind, part)


def measured(path: Path, base_path: Path | None, *, thorough: bool, runs: int) -> tuple[float, float, float, str]:
    """Returns stored / raw, MB encoded and decoded per CPU-second, and how many bytes took which codec."""
    total = stored = coded_bytes = 0
    encode_s = decode_s = 0.0
    taken: dict[str, int] = {}
    out = bytearray(SEGMENT_ELEMENTS * 8)
    for pair in segments(path, base_path):
        total += len(pair.data)
        if pair.base and pair.base == (pair.data, pair.kind):
            continue
        times = []
        for _ in range(runs):
            begun = time.thread_time()
            coded = codecs.encode(pair.data, pair.kind, pair.base, thorough=thorough)
            encoded = time.thread_time()
            decode(coded, pair, memoryview(out)[: len(pair.data)])
            times.append((encoded - begun, time.thread_time() - encoded))
        if out[: len(pair.data)] != pair.data:
            raise SystemExit(f"error: {coded.codec} did not restore a segment of {path}")
        encode_s += min(spent for spent, _ in times)
        decode_s += min(spent for _, spent in times)
        coded_bytes += len(pair.data)
        stored += len(coded.payload)
        taken[coded.codec] = taken.get(coded.codec, 0) + len(pair.data)
    names = " ".join(f"{name} {size / total:.0%}" for name, size in sorted(taken.items(), key=lambda it: -it[1]))
    return stored / total, coded_bytes / 1e6 / encode_s, coded_bytes / 1e6 / decode_s, names


def decode(coded: Coded, pair: Pair, out: memoryview) -> None:
    """Decodes `coded` into `out`, as the store does."""
    codecs.decode_into(coded.codec, coded.payload, out, pair.base.data if pair.base else None)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{'file <- base':36} {'pass':8} {'stored':>8} {'encode':>7} {'decode':>7}  codecs, by raw bytes")
    for name, base in PAIRS:
        paths = [arguments.directory / f"{each}.safetensors" for each in (name, base) if each]
        if not all(path.exists() for path in paths):
            continue
        for thorough in (False, True):
            row = measured(paths[0], paths[1] if base else None, thorough=thorough, runs=arguments.runs)
            title = f"{name} <- {base}" if base else name
            words = "thorough" if thorough else "fast"
            print(f"{title:36} {words:8} {row[0]:8.5f} {row[1]:7.0f} {row[2]:7.0f}  {row[3]}", flush=True)


if __name__ == "__main__":
    main()
