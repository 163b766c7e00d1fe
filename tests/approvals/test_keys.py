"""Whose signatures count: each change of the keys is signed by who may make it, and a root is pinned outside."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from town import MODEL, STAGE, VERSION, Town

from mlreg.domain.keyring import parse_public_key
from mlreg.errors import (
    BlockedError,
    ConflictError,
    MissingError,
    MlregError,
    NotAllowedError,
    NotFoundError,
    UsageError,
)
from mlreg.trusting import SshNotary


@pytest.fixture
def empty(keys: Path) -> Town:
    """A town in which nobody has a key."""
    return Town(keys)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a directory for settings."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def names(town: Town) -> list[str]:
    return [key.who.partition("@")[0] for key in town.as_("").keys().ring.keys.values()]


def test_the_first_key_is_the_root_and_signs_for_itself(empty: Town):
    change = empty.as_("").add_key("ann@example.org", empty.key("ann.pub"))
    assert (change.is_root, change.by) == (True, empty.fingerprint("ann"))
    assert empty.as_("").keys().ring.root == empty.fingerprint("ann")


def test_who_makes_the_root_is_told_how_to_pin_it_and_others_to_ask_for_it(empty: Town, home: Path):
    first = empty.as_("").add_key("ann@example.org", empty.key("ann.pub"), key=empty.key("ann"))
    second = empty.as_("").add_key("bo@example.org", empty.key("bo.pub"), key=empty.key("ann"))
    assert f"`mlreg keys trust {empty.fingerprint('ann')}`" in first.notes[0]
    assert "ask its owner" in second.notes[0] and "SHA256:" not in second.notes[0]


def test_nobody_else_signs_for_the_first_key(empty: Town):
    with pytest.raises(NotAllowedError):
        empty.as_("").add_key("ann@example.org", empty.key("ann.pub"), key=empty.key("eve"))


def test_who_is_among_the_admins_adds_keys_and_others_do_not(town: Town):
    town.as_("").add_key("dan@example.org", town.key("dan.pub"), groups=["admins"], key=town.key("ann"))
    town.as_("").add_key("eve@example.org", town.key("eve.pub"), key=town.key("dan"))
    assert names(town) == ["ann", "bo", "cy", "dan", "eve"]
    for who, target in (("bo", "bo2"), ("eve", "bo2")):
        with pytest.raises(NotAllowedError) as error:
            town.as_("").add_key("x@example.org", town.key(f"{target}.pub"), key=town.key(who))
        assert error.value.stable_code == "key-not-allowed"


def test_an_admin_that_was_taken_out_adds_no_keys(town: Town):
    town.as_("").add_key("dan@example.org", town.key("dan.pub"), groups=["admins", "risk"], key=town.key("ann"))
    town.as_("").remove_key("dan@example.org", groups=["admins"], key=town.key("ann"))
    assert town.as_("").keys().ring.keys[town.fingerprint("dan")].groups == ("risk",)
    with pytest.raises(NotAllowedError):
        town.as_("").add_key("eve@example.org", town.key("eve.pub"), key=town.key("dan"))


def test_of_keys_that_go_it_is_told_whose_they_were(town: Town):
    by_name = town.as_("").remove_key("bo@example.org", groups=["risk"], key=town.key("ann"))
    by_print = town.as_("").remove_key(town.fingerprint("cy"), groups=(), key=town.key("ann"))
    assert (by_name.who, by_print.who) == ("bo@example.org", "cy@example.org")


def test_adding_what_is_there_changes_nothing_and_another_group_joins_the_others(town: Town):
    again = town.as_("").add_key("bo@example.org", town.key("bo.pub"), groups=["risk"], key=town.key("ann"))
    assert (again.change, again.event) == (None, None)
    assert (again.who, again.fingerprints) == ("bo@example.org", [town.fingerprint("bo")])
    assert list(again.groups) == ["risk"]
    more = town.as_("").add_key("bo@example.org", town.key("bo.pub"), groups=["legal"], key=town.key("ann"))
    assert more.facts()["groups"] == ["legal", "risk"]


def test_a_key_is_of_one_person(town: Town):
    with pytest.raises(ConflictError):
        town.as_("").add_key("zoe@example.org", town.key("bo.pub"), key=town.key("ann"))


def test_the_last_who_may_change_keys_is_not_removed(town: Town):
    with pytest.raises(BlockedError):
        town.as_("").remove_key("ann@example.org", key=town.key("ann"))
    town.as_("").add_key("dan@example.org", town.key("dan.pub"), groups=["admins"], key=town.key("ann"))
    town.as_("").remove_key("ann@example.org", key=town.key("dan"))
    ring = town.as_("").keys().ring
    assert ring.root == town.fingerprint("ann")  # it stays the root that people have pinned, and signs nothing
    with pytest.raises(NotAllowedError):
        town.as_("").add_key("eve@example.org", town.key("eve.pub"), key=town.key("ann"))


def test_what_is_not_there_is_not_removed(town: Town):
    for wanted, groups in (("zoe@example.org", []), ("bo@example.org", ["admins"])):
        with pytest.raises(NotFoundError):
            town.as_("").remove_key(wanted, groups=groups, key=town.key("ann"))


def test_a_dry_run_changes_no_keys(town: Town):
    town.as_("").add_key("eve@example.org", town.key("eve.pub"), key=town.key("ann"), dry_run=True)
    town.as_("").remove_key("bo@example.org", key=town.key("ann"), dry_run=True)
    assert names(town) == ["ann", "bo", "cy"]


def test_nothing_is_signed_while_the_keys_are_in_doubt(town: Town):
    town.edit(lambda bodies: bodies[2].update(signed=None), "@repository")
    listing = town.as_("").keys()
    assert (listing.trust, [fault.number for fault in listing.misfits]) == ("refused", [3, 4])
    for act in (
        lambda: town.as_("").add_key("eve@example.org", town.key("eve.pub"), key=town.key("ann")),
        lambda: town.as_("").approve(MODEL, VERSION, stage=STAGE, key=town.key("ann")),
    ):
        with pytest.raises(BlockedError) as error:
            act()
        assert error.value.stable_code == "keys-in-doubt"


def test_a_root_is_pinned_in_the_settings_of_the_user(town: Town, home: Path):
    assert town.as_("").keys().trust == "unanchored"
    with pytest.raises(UsageError, match="says that it is"):
        town.as_("").trust_root()
    with pytest.raises(BlockedError):
        town.as_("").trust_root(town.fingerprint("eve"))
    assert town.as_("").trust_root(town.fingerprint("ann"), dry_run=True).changed
    assert town.as_("").keys().trust == "unanchored"
    assert town.as_("").trust_root(town.fingerprint("ann")).changed
    assert not town.as_("").trust_root(town.fingerprint("ann")).changed
    assert town.as_("").keys().trust == "anchored"
    assert town.repository.id() in (home / ".config/mlreg/config.toml").read_text()


def test_a_pin_is_of_one_repository(town: Town, empty: Town, home: Path):
    town.as_("").trust_root(town.fingerprint("ann"))
    empty.as_("").add_key("eve@example.org", empty.key("eve.pub"))
    assert empty.as_("").keys().trust == "unanchored"


def test_a_variable_pins_the_root_of_a_pipeline(town: Town, monkeypatch: pytest.MonkeyPatch):
    for name, trust in (("ann", "anchored"), ("bo", "refused")):
        monkeypatch.setenv("MLREG_TRUST_ROOT", town.fingerprint(name))
        assert town.as_("").keys().trust == trust
    assert town.as_("").keys(trust_root=town.fingerprint("ann")).trust == "anchored"
    monkeypatch.setenv("MLREG_TRUST_ROOT", "ann")
    with pytest.raises(UsageError):
        town.as_("").keys()


def test_another_root_than_the_pinned_one_signs_nothing(town: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLREG_TRUST_ROOT", town.fingerprint("eve"))
    for act in (
        lambda: town.as_("").add_key("eve@example.org", town.key("eve.pub"), key=town.key("ann")),
        lambda: town.as_("").approve(MODEL, VERSION, stage=STAGE, key=town.key("ann")),
    ):
        with pytest.raises(BlockedError) as error:
            act()
        assert error.value.stable_code == "other-root"


@pytest.mark.parametrize(
    "text",
    [
        "", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-dss " + "A" * 400, "not a key at all\n", "\x00" * 100,
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIKNi0n6optihTJpVObBUJQlEd3qb4ftTd2shhG3BrgZz",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKNi0n6optihTJpVObBUJQlEd3qb4ftTd2shhG3BrgZz\nssh-ed25519 AAAA\n",
        'command="rm" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKNi0n6optihTJpVObBUJQlEd3qb4ftTd2shhG3BrgZz',
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKNi0n6optihTJpVObBUJQlEd3qb4ftTd2shhG3BrgZz\ncert-authority",
    ],
)  # fmt: skip
def test_what_is_no_public_key_is_refused(empty: Town, tmp_path: Path, text: str):
    (tmp_path / "x.pub").write_text(text)
    with pytest.raises(UsageError):
        empty.as_("").add_key("ann@example.org", tmp_path / "x.pub")


def test_a_weak_key_and_a_file_that_is_none_are_refused(empty: Town, tmp_path: Path):
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", str(tmp_path / "weak")], check=True)
    (tmp_path / "long").write_bytes(b"x" * 100_000)
    for name, kind in (("weak.pub", UsageError), ("long", UsageError), (".", UsageError), ("none", NotFoundError)):
        with pytest.raises(kind):
            empty.as_("").add_key("ann@example.org", tmp_path / name)


def test_a_fingerprint_is_the_one_that_ssh_prints(keys: Path):
    for name in ("ann", "bo", "cy"):
        said = subprocess.run(["ssh-keygen", "-lf", str(keys / f"{name}.pub")], check=True, capture_output=True)
        assert parse_public_key((keys / f"{name}.pub").read_text(), "").fingerprint == said.stdout.decode().split()[1]


def test_a_private_key_beside_another_public_one_does_not_sign(town: Town, tmp_path: Path):
    (tmp_path / "k").write_bytes(town.key("eve").read_bytes())
    (tmp_path / "k").chmod(0o600)
    (tmp_path / "k.pub").write_bytes(town.key("ann.pub").read_bytes())
    with pytest.raises(NotAllowedError):
        town.as_("").approve(MODEL, VERSION, stage=STAGE, key=tmp_path / "k")


def test_without_ssh_keygen_it_is_said_what_to_install(town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    for act in (
        lambda: town.as_("").approve(MODEL, VERSION, stage=STAGE, key=town.key("ann")),
        lambda: town.as_("").keys(),
    ):
        with pytest.raises(MissingError, match="ssh-keygen") as error:
            act()
        assert "openssh-client" in str(error.value.hint)


def test_a_key_with_a_wrong_passphrase_is_refused(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    monkeypatch.setenv("SSH_ASKPASS", "/bin/false")
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(tmp_path / "k")]
    subprocess.run(words, check=True)
    town.as_("").add_key("zoe@example.org", tmp_path / "k.pub", key=town.key("ann"))
    with pytest.raises(NotAllowedError) as error:
        town.as_("").approve(MODEL, VERSION, stage=STAGE, key=tmp_path / "k")
    assert error.value.stable_code == "key-refused"


def test_the_first_of_ones_own_keys_that_is_known_signs(town: Town, home: Path, monkeypatch: pytest.MonkeyPatch):
    (home / ".ssh").mkdir()
    for name, own in (("eve", "id_ed25519"), ("bo", "id_ecdsa")):
        for suffix in ("", ".pub"):
            os.link(town.key(name + suffix), home / f".ssh/{own}{suffix}")
    assert town.as_("").approve(MODEL, VERSION, stage=STAGE).approval.approver == "bo@example.org"
    monkeypatch.setenv("MLREG_KEY", str(town.key("cy")))
    assert town.as_("").approve(MODEL, VERSION, stage=STAGE).approval.approver == "cy@example.org"


def test_a_signature_checks_with_ssh_keygen_alone(town: Town, tmp_path: Path):
    """Whoever trusts nothing of ours can check an approval with what they have."""
    town.as_("").approve(MODEL, VERSION, stage=STAGE, key=town.key("bo"))
    event = town.bodies()[-1]
    (tmp_path / "signers").write_text(f"bo@example.org {town.key('bo.pub').read_text()}")
    (tmp_path / "sig").write_text(event["signed"]["sshsig"])
    from mlreg.store.codec import canonical_json

    words = f"ssh-keygen -Y verify -n mlreg-approval@v1 -I bo@example.org -f {tmp_path}/signers -s {tmp_path}/sig"
    assert subprocess.run(words.split(), input=canonical_json(event["approval"]), check=False).returncode == 0


def test_a_hostile_name_of_a_person_is_refused(empty: Town):
    for who in ("", "a\nb", "a\x1b[31m", "x" * 5000):
        with pytest.raises(MlregError):
            empty.as_("").add_key(who, empty.key("ann.pub"))


def test_a_notary_says_no_to_whatever_is_no_signature():
    for text in ("", "x", "-----BEGIN SSH SIGNATURE-----\n", "\x00", "é" * 100):
        assert not SshNotary().is_signed({}, text, "ssh-ed25519 AAAA", "file")
