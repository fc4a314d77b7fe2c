"""An officer of one node at another: a token from home, exchanged, taken by policy, refused for everything else; and kept there."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
import time
import uuid
from contextlib import closing

import httpx2
import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import request_pb2, request_service_pb2
from bluepacific.identity.v1 import client_pb2, client_service_pb2, session_service_pb2

pytestmark = pytest.mark.timeout(300)


def sent_to_tonga(region, tlp):
    handling = handling_pb2.Handling(tlp=tlp, purpose=handling_pb2.PURPOSE_INVESTIGATION)
    draft = request_pb2.Request(title="Who owns her?", recipients=["countries/TON/units/ncb"], handling=handling)
    with region.signed_in("fji", "ana") as ana:
        requests = ana.cooperation.requests
        made = requests.CreateRequest(request_service_pb2.CreateRequestRequest(parent="countries/FJI", request=draft))
        requests.SendRequest(request_service_pb2.SendRequestRequest(name=made.name, etag=made.etag))
    return made.name


class Key:
    """A key; of whom, the test says."""

    def __init__(self):
        self.key = ECKey.generate_key("P-256")

    def proof(self, method, address, token=""):
        claims = {"jti": str(uuid.uuid4()), "htm": method, "htu": address, "iat": time.time()}
        if token:
            claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)}
        return jws.serialize_compact(header, json.dumps(claims), self.key, algorithms=["ES256"])


def token_for_tonga(region, key=None):
    with region.signed_in("fji", "admin") as admin:
        client = admin.identity.clients.CreateClient(
            client_service_pb2.CreateClientRequest(
                parent="countries/FJI",
                client_id=f"visits-{time.monotonic_ns()}",
                client=client_pb2.Client(display_name="Visits", kind=client_pb2.CLIENT_KIND_TERMINAL),
            )
        )
    with region.signed_in("fji", "ana") as ana:
        home = ana.identity.sessions.SignIn(
            session_service_pb2.SignInRequest(username="ana", password=region.password("countries/FJI/officers/ana"))
        ).access_token
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "client_id": client.name,
        "subject_token": home,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": "countries/TON",
    }
    address = f"{region.url('fji')}/oauth2/token"
    answer = httpx2.post(address, data=form, headers={"dpop": key.proof("POST", address)} if key else {})
    assert answer.status_code == 200, answer.text
    return home, answer.json()


def get(region, node, path, token):
    headers = {"authorization": f"Bearer {token}", "x-purpose": "INVESTIGATION"}
    return httpx2.get(f"{region.url(node)}/v1/{path}", headers=headers)


def test_an_officer_of_fiji_reads_in_tonga_what_concerns_her_unit(region):
    name, red = sent_to_tonga(region, handling_pb2.TLP_AMBER), sent_to_tonga(region, handling_pb2.TLP_RED)
    home, told = token_for_tonga(region)
    token = told["access_token"]
    assert told["expires_in"] <= 300
    deadline = time.monotonic() + 120
    while (answer := get(region, "ton", name, token)).status_code == 404:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.2)
    assert answer.status_code == 200, answer.text
    assert answer.json()["title"] == "Who owns her?"
    # As a liaison officer, whatever she is at home.
    assert get(region, "ton", red, token).status_code == 404
    # Nothing but what visitors may; the token is of no use at home, nor the home token abroad.
    headers = {"authorization": f"Bearer {token}"}
    assert httpx2.post(f"{region.url('ton')}/v1/{name}:close", headers=headers, json={}).status_code == 403
    assert get(region, "ton", "officers/me", token).status_code in (403, 404)
    assert get(region, "fji", name, token).status_code == 401
    assert get(region, "ton", name, home).status_code == 401
    kept = audited(region, "ton", name)
    assert {"node": "fji", "standing": "FRESH"}.items() <= kept.items()


def test_a_stolen_token_is_of_no_use_abroad_without_its_key(region):
    name, key = sent_to_tonga(region, handling_pb2.TLP_AMBER), Key()
    _, told = token_for_tonga(region, key)
    assert told["token_type"] == "DPoP"
    token, address = told["access_token"], f"{region.url('ton')}/v1/{name}"

    def ask(proof, scheme="DPoP"):
        shown = {"dpop": proof} if proof else {}
        headers = {"authorization": f"{scheme} {token}", "x-purpose": "INVESTIGATION"} | shown
        return httpx2.get(address, headers=headers).status_code

    deadline = time.monotonic() + 120
    while (status := ask(key.proof("GET", address, token))) == 404:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert status == 200
    assert ask("", "Bearer") == 401
    assert ask("") == 401
    assert ask(Key().proof("GET", address, token)) == 401
    # What was overheard works neither again nor elsewhere.
    overheard = key.proof("GET", address, token)
    assert ask(overheard) == 200
    assert ask(overheard) == 401
    assert ask(key.proof("GET", f"{region.url('fji')}/v1/{name}", token)) == 401


def audited(region, node, name):
    """Returns what a node kept of the visitor's reading."""
    with closing(sqlite3.connect(next(region.folder(node).rglob("cooperation.sqlite")))) as database:
        row = database.execute(
            "SELECT detail FROM audit WHERE name = ? AND outcome = 'OK' AND principal LIKE 'countries/FJI/%'", (name,)
        ).fetchone()
    return json.loads(row[0])
