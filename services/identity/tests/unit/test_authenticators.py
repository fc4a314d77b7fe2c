"""What no authenticator made is refused, never more than that."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bp_identity.adapters.authenticators import WebAuthn
from bp_identity.domain.passkey import Passkey
from bp_kit.errors import Refused

NODE = WebAuthn("https://fiji.example", b"k" * 32)
PASSKEY = Passkey(
    "countries/FJI/officers/ana/passkeys/1",
    "countries/FJI/officers/ana",
    "AAAA",
    b"\xa0",
    0,
    synced=True,
    display_name="",
    create_time=datetime(2026, 11, 25, tzinfo=UTC),
)
words = st.sampled_from(["", "AAAA", "public-key", "e30", "é", "%", json.dumps({"type": "webauthn.get"})]) | st.text()
values = st.recursive(st.none() | st.booleans() | st.integers() | words, st.lists, max_leaves=4)
responses = st.dictionaries(
    st.sampled_from(["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]), values
)
credentials = st.dictionaries(st.sampled_from(["id", "rawId", "type"]), values).flatmap(
    lambda outer: (responses | values).map(lambda inner: outer | {"response": inner})
)


@settings(deadline=None)  # the first one loads the library
@given(credentials, st.binary(max_size=64))
def test_what_is_no_credential_is_refused(credential, challenge):
    with pytest.raises(Refused, match="PASSKEY_REFUSED"):
        NODE.registered(credential, challenge)
    with pytest.raises(Refused, match="SIGN_IN_FAILED"):
        NODE.asserted(credential, challenge, PASSKEY)


@pytest.mark.parametrize(
    ("address", "available"),
    [
        ("https://fiji.example", True),
        ("http://localhost:8080", True),
        ("http://127.0.0.1:8080", False),
        ("https://[2001:db8::1]", False),
    ],
)
def test_passkeys_belong_to_names_of_hosts(address, available):
    assert WebAuthn(address, b"k" * 32).available is available
