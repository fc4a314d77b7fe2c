"""An officer of one node at another: a token from home, exchanged, taken by policy, refused for everything else; and kept there."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing

import httpx2
import pytest

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


def token_for_tonga(region):
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
    answer = httpx2.post(f"{region.url('fji')}/oauth2/token", data=form)
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


def audited(region, node, name):
    """Returns what a node kept of the visitor's reading."""
    with closing(sqlite3.connect(next(region.folder(node).rglob("cooperation.sqlite")))) as database:
        row = database.execute(
            "SELECT detail FROM audit WHERE name = ? AND outcome = 'OK' AND principal LIKE 'countries/FJI/%'", (name,)
        ).fetchone()
    return json.loads(row[0])
