"""Owns signatures by SSH keys, as `ssh-keygen -Y` makes and checks them (OpenSSH's PROTOCOL.sshsig).

What is run is the `ssh-keygen` that the user's PATH has; nothing of a repository says what to run, and of its bytes
nothing comes to a command line. A call takes about five milliseconds.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlreg.domain.keyring import PublicKey, parse_public_key
from mlreg.domain.names import quoted
from mlreg.errors import MissingError, NotAllowedError, NotFoundError, UsageError

VARIABLE = "MLREG_KEY"
_PROGRAM = "ssh-keygen"
_SIGNER = "signer"  # whom a check is about: always the same, so that no name is taken for a pattern
_USUAL = ("id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa")
_FILE_MAX_BYTES = 64 << 10
_TIMEOUT_S = 30
_PATIENCE_S = 300  # somebody may have to find a passphrase, or to touch a token


def public_key(path: Path) -> PublicKey:
    """Returns the public key in the file `path`, or the one that belongs to the private key in it.

    Raises:
        NotFoundError: There is no such file.
        UsageError: It is no key of a kind that can sign.
    """
    text = _text(path)
    if "PRIVATE KEY-----" in text:
        beside = path.with_name(f"{path.name}.pub")
        text = _text(beside) if beside.is_file() else _run(["-y", "-f", _word(path)], timeout_s=_PATIENCE_S)
    return parse_public_key(text, str(path))


def usual_keys(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Returns the files of keys that a user signs with where none is named: `MLREG_KEY`, else those of ssh."""
    if named := environment.get(VARIABLE):
        return [Path(named)]
    home = environment.get("HOME", "")
    files = [Path(home, ".ssh", name) for name in _USUAL] if os.path.isabs(home) else []
    return [path for path in files if os.path.isfile(path)]


def sign(data: bytes, path: Path, namespace: str) -> str:
    """Returns the signature of `data` by the key in the file `path`, for the purpose that `namespace` names.

    Where the file has the public key only, the agent or a token signs.

    Raises:
        NotAllowedError: The key did not sign: a wrong passphrase, no agent.
        MissingError: There is no `ssh-keygen`.
    """
    _text(path)
    return _run(["-Y", "sign", "-n", namespace, "-f", _word(path)], data, timeout_s=_PATIENCE_S)


def is_signed(data: bytes, signature: str, key: str, namespace: str) -> bool:
    """Whether `signature` is one of `data`, by the public key `key`, for the purpose that `namespace` names.

    Raises:
        MissingError: There is no `ssh-keygen`, or one that knows no signatures.
    """
    with tempfile.TemporaryDirectory(prefix="mlreg-") as place:
        signers, kept = Path(place, "signers"), Path(place, "signature")
        signers.write_text(f'{_SIGNER} namespaces="{namespace}" {key}\n', encoding="utf-8")
        kept.write_text(signature, encoding="utf-8")
        words = ["-Y", "verify", "-f", str(signers), "-I", _SIGNER, "-n", namespace, "-s", str(kept)]
        return _done(words, data, timeout_s=_TIMEOUT_S).returncode == 0


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(
            f"there is no key {quoted(str(path), 200)}",
            hint="make one with `ssh-keygen -t ed25519`, or name another",
            code="no-key",
        ) from None
    except IsADirectoryError:
        raise UsageError(f"{quoted(str(path), 200)} is a directory", hint="name the file of a key") from None
    if len(data) > _FILE_MAX_BYTES:
        raise UsageError(f"{quoted(str(path), 200)} is no key: it is longer than {_FILE_MAX_BYTES:,} bytes")
    return data.decode("utf-8", "replace")


def _word(path: Path) -> str:
    return os.path.abspath(path)  # never taken for an option


def _run(words: Sequence[str], data: bytes = b"", *, timeout_s: int) -> str:
    done = _done(words, data, timeout_s=timeout_s)
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "replace")
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    raise NotAllowedError(
        f"the key did not sign: {said[-1] if said else f'{_PROGRAM} ended with {done.returncode}'}",
        hint="is it the right one, and is its passphrase? see what your agent has with `ssh-add -l`",
        code="key-refused",
    )


def _done(words: Sequence[str], data: bytes, *, timeout_s: int) -> subprocess.CompletedProcess[bytes]:
    try:
        done = subprocess.run([_PROGRAM, *words], input=data, capture_output=True, timeout=timeout_s, check=False)
    except FileNotFoundError:
        raise _missing(f"signatures need `{_PROGRAM}`") from None
    except subprocess.TimeoutExpired:
        raise NotAllowedError(f"{_PROGRAM} did not end within {timeout_s} s", hint="run it again") from None
    if done.returncode and b"unknown option -- Y" in done.stderr:
        raise _missing(f"this `{_PROGRAM}` is too old: it knows no signatures")
    return done


def _missing(what: str) -> MissingError:
    return MissingError(what, hint="install it with `apt-get install openssh-client`", code="ssh-keygen-missing")
