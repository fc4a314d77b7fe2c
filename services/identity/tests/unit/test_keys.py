import json
import os
import stat
from datetime import UTC, datetime, timedelta

from bp_identity.adapters.keys import KeyFolder
from bp_kit.ports import new_id


def folder_of(tmp_path):
    return KeyFolder(tmp_path / "keys", new_id)


def test_keys_are_for_their_owner_only(tmp_path):
    folder_of(tmp_path).secret("throttle")
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    files = list((tmp_path / "keys").iterdir())
    assert len(files) == 2
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)


def test_keys_and_secrets_last(tmp_path):
    first, again = folder_of(tmp_path), folder_of(tmp_path)
    assert first.signing_key().kid == again.signing_key().kid
    assert first.secret("x") == again.secret("x") != again.secret("y")


def test_the_published_set_has_no_private_part(tmp_path):
    keys = folder_of(tmp_path)
    keys.rotate()
    published = json.loads(keys.jwks())["keys"]
    assert len(published) == 2
    for key in published:
        assert {"kty", "crv", "x", "kid", "alg", "use"} == set(key)
        assert key["alg"] == "Ed25519"


def test_an_old_key_verifies_until_its_tokens_have_ended(tmp_path):
    keys = folder_of(tmp_path)
    old = keys.signing_key().kid
    new = keys.rotate()
    assert keys.signing_key().kid == new
    now = datetime.now(UTC)
    assert keys.retire(now, keep=timedelta(hours=1)) == 0
    assert keys.find(old)
    assert keys.retire(now + timedelta(hours=2), keep=timedelta(hours=1)) == 1
    assert keys.find(old) is None
    assert keys.find(new)


def test_a_key_that_another_process_made_is_seen(tmp_path):
    keys = folder_of(tmp_path)
    made = folder_of(tmp_path).rotate()
    assert keys.signing_key().kid == made


def test_the_signing_key_ages(tmp_path):
    keys = folder_of(tmp_path)
    for file in (tmp_path / "keys").glob("signing-*"):
        os.utime(file, (0, 0))
    assert keys.age(datetime.fromtimestamp(60, UTC)) == timedelta(seconds=60)
