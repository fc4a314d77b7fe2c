from datetime import UTC, datetime, timedelta

import pytest

from bluepacific.exchange.v1 import register_pb2
from bp_exchange.adapters.key_folder import KeyFolder
from bp_exchange.adapters.register_signing import RegisterSigner
from bp_verify.trust import RegisterNotTrustedError, trust

NOW = datetime(2026, 5, 4, tzinfo=UTC)
WEEK = timedelta(days=7)


def register(version, *nodes):
    return register_pb2.Register(version=version, nodes=[register_pb2.Node(node_id=node) for node in nodes])


@pytest.fixture
def signer(tmp_path):
    return RegisterSigner(KeyFolder(tmp_path / "centre", "ptccc"))


@pytest.fixture
def stranger(tmp_path):
    return RegisterSigner(KeyFolder(tmp_path / "stranger", "ptccc"))


@pytest.fixture
def first(signer):
    return trust(signer.found(register(1, "ptccc"), NOW, WEEK), None)


def test_a_founded_register_is_trusted(first):
    assert first.version == 1
    assert first.expires == NOW + WEEK


def test_a_newer_one_follows(signer, first):
    newer = trust(signer.publish(first.bundle, register(2, "ptccc", "fji"), NOW, WEEK), first)
    assert newer.version == 2
    assert newer.timestamp_version == first.timestamp_version + 1


def test_only_a_newer_timestamp_need_travel(signer, first):
    refreshed = signer.refresh(first.bundle, NOW + WEEK, WEEK)
    for field in ("roots", "snapshot", "targets", "register"):
        refreshed.ClearField(field)
    assert trust(refreshed, first).expires == NOW + 2 * WEEK


def test_nothing_goes_back(signer, first):
    newer = trust(signer.publish(first.bundle, register(2, "ptccc"), NOW, WEEK), first)
    with pytest.raises(RegisterNotTrustedError):
        trust(first.bundle, newer)


def test_an_older_timestamp_is_not_taken(signer, first):
    refreshed = trust(signer.refresh(first.bundle, NOW + WEEK, WEEK), first)
    with pytest.raises(RegisterNotTrustedError):
        trust(first.bundle, refreshed)


def test_a_strangers_register_is_not_trusted(stranger, first):
    with pytest.raises(RegisterNotTrustedError):
        trust(stranger.publish(first.bundle, register(2, "evil"), NOW, WEEK), first)
    with pytest.raises(RegisterNotTrustedError):
        trust(stranger.found(register(2, "evil"), NOW, WEEK), first)


@pytest.mark.parametrize("field", ["timestamp", "snapshot", "targets", "register"])
def test_each_part_is_held_to_the_others(signer, first, field):
    bundle = signer.publish(first.bundle, register(2, "ptccc", "fji"), NOW, WEEK)
    raw = bytearray(getattr(bundle, field))
    raw[len(raw) // 2] ^= 1
    setattr(bundle, field, bytes(raw))
    with pytest.raises(RegisterNotTrustedError):
        trust(bundle, first)


def test_nothing_is_no_register(first):
    with pytest.raises(RegisterNotTrustedError):
        trust(register_pb2.RegisterBundle(), None)


def test_an_expired_timestamp_still_tells_who_is_who(signer, first):
    old = trust(signer.publish(first.bundle, register(2, "ptccc", "fji"), NOW - 3 * WEEK, WEEK), first)
    assert old.version == 2
    assert old.expires < NOW
