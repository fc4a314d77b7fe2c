"""The register's root in the hands of several holders: made, signed and published by the commands; a node of the old root follows."""

import asyncio
import json
import stat
from contextlib import suppress

import pytest
from household import make_node, write_private

from bluepacific.exchange.v1 import register_pb2
from bp_exchange.adapters.key_folder import REGISTER, KeyFolder
from bp_exchange.adapters.register_signing import RegisterSigner
from bp_kit.ports import system_clock
from bp_node import registering
from bp_node.enrolling import exchange_settings
from bp_node.failure import CommandError
from bp_node.settings import load
from bp_verify.trust import RegisterNotTrustedError, trust

HOLDERS = ("ana", "sefo", "mele")


@pytest.fixture
def centre(tmp_path):
    make_node(tmp_path / "ptccc", node_id="ptccc", country="WSM", countries=["WSM"], centre=True)
    return tmp_path / "ptccc"


@pytest.fixture
def holders(tmp_path, capsys):
    """Each with a key and a passphrase of their own."""
    for name in HOLDERS:
        secret = write_private(tmp_path / f"{name}.txt", f"the words of {name} only\n")
        registering.new_key(tmp_path / f"{name}.key", secret, as_json=True)
    capsys.readouterr()
    return tmp_path


def rotate(centre, holders, threshold=2, to="root.json"):
    keys = tuple(holders / f"{name}.key.pub" for name in HOLDERS)
    registering.rotate_root(centre, keys, threshold, holders / to, as_json=True)
    return holders / to


def signs(name, holders, root):
    registering.sign(root, holders / f"{name}.key", None, holders / f"{name}.txt", as_json=True)


def first(centre):
    folder = KeyFolder(exchange_settings(load(centre)).key_dir, "ptccc")
    return trust(register_pb2.RegisterBundle.FromString(folder.read(REGISTER)), None)


async def now(centre):
    async with registering._register(load(centre)) as (database, _, keeper), database.read() as session:
        return await keeper.held(session)


def test_a_key_is_encrypted_and_for_its_holder_only(holders):
    file = holders / "ana.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"ENCRYPTED" in file.read_bytes()
    assert set(json.loads((holders / "ana.key.pub").read_text())) == {"keyid", "keytype", "scheme", "keyval"}
    with pytest.raises(CommandError, match="in the way"):
        registering.new_key(file, holders / "ana.txt", as_json=True)


def test_the_root_goes_into_several_hands_and_who_has_the_old_one_follows(centre, holders):
    old = first(centre)
    root = rotate(centre, holders)
    registering.sign(root, None, centre, None, as_json=True)
    signs("ana", holders, root)
    with pytest.raises(CommandError, match="too few"):
        registering.publish(centre, root, as_json=True)
    signs("mele", holders, root)
    registering.publish(centre, root, as_json=True)
    held = asyncio.run(now(centre))
    followed = trust(held.bundle, old)
    assert followed.root.version == 2
    assert followed.root.roles["root"].threshold == 2
    assert followed.register == old.register
    # Whoever only knows the first root checks proofs with it as before.
    assert trust(held.bundle, None).root.version == 2


def test_one_holder_alone_changes_nothing_afterwards(centre, holders):
    root = rotate(centre, holders)
    registering.sign(root, None, centre, None, as_json=True)
    for name in ("ana", "sefo"):
        signs(name, holders, root)
    registering.publish(centre, root, as_json=True)
    (centre / "keys" / "exchange" / "register-root.key").unlink()
    again = rotate(centre, holders, threshold=1, to="again.json")
    signs("ana", holders, again)
    with pytest.raises(CommandError, match="too few"):
        registering.publish(centre, again, as_json=True)
    signs("mele", holders, again)
    registering.publish(centre, again, as_json=True)
    # The centre signs its register on without any key of the root.
    held = asyncio.run(now(centre))
    folder = KeyFolder(exchange_settings(load(centre)).key_dir, "ptccc")
    newer = RegisterSigner(folder).refresh(held.bundle, system_clock(), exchange_settings(load(centre)).register_fresh)
    assert trust(newer, held).root.version == 3
    assert not (centre / "keys" / "exchange" / "register-root.key").exists()


def test_a_root_that_nobody_signed_is_not_followed(centre, holders):
    root = rotate(centre, holders)
    bundle = register_pb2.RegisterBundle()
    bundle.CopyFrom(first(centre).bundle)
    bundle.roots.append(root.read_bytes())
    with pytest.raises(RegisterNotTrustedError):
        trust(bundle, first(centre))


def test_what_cannot_be_is_told(centre, holders, tmp_path):
    with pytest.raises(CommandError, match="cannot be"):
        rotate(centre, holders, threshold=4)
    root = rotate(centre, holders)
    with pytest.raises(CommandError, match="passphrase is another"):
        registering.sign(root, holders / "ana.key", None, holders / "mele.txt", as_json=True)
    with pytest.raises(CommandError, match="no root"):
        registering.sign(holders / "ana.key.pub", holders / "ana.key", None, holders / "ana.txt", as_json=True)
    with pytest.raises(CommandError, match="either --key"):
        registering.sign(root, None, None, None, as_json=True)
    with suppress(FileNotFoundError):
        (centre / "keys" / "exchange" / "register-root.key").unlink()
    with pytest.raises(CommandError, match="not here any more"):
        registering.sign(root, None, centre, None, as_json=True)
