"""Planted values never leave their place: not into logs, spans, mails, notifications or the bodies of errors."""

from __future__ import annotations

import json
import secrets
import time

import httpx2
import pytest

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import request_pb2, request_service_pb2

pytestmark = pytest.mark.timeout(300)

# Letters and figures of its own for each kind, so that what is found says where it came from.
PLANTED = {kind: f"Qzx{kind}{secrets.token_hex(4)}" for kind in ("title", "text", "officer", "phrase", "field")}


def get_wrong(region, token):
    """Returns the bodies of errors that had the planted values before them."""
    headers = {"authorization": f"Bearer {token}", "x-purpose": "INVESTIGATION"}
    url = f"{region.url('fji')}/v1/countries/FJI"
    draft = {"title": PLANTED["title"], "text": PLANTED["text"], "urgency": PLANTED["field"]}
    answers = [
        httpx2.post(f"{url}/requests", headers=headers, json=draft),
        httpx2.post(f"{url}/requests", headers=headers, json={"title": PLANTED["title"] * 200, "recipients": ["x"]}),
        httpx2.post(f"{url}/requests", headers=headers, content=f'{{"title": "{PLANTED["text"]}"'),
        httpx2.post(
            f"{region.url('fji')}/v1/sessions:signIn",
            json={"username": PLANTED["officer"], "password": PLANTED["phrase"]},
        ),
        httpx2.get(f"{url}/requests", headers=headers | {"authorization": f"Bearer {token}x"}),
    ]
    assert all(400 <= one.status_code < 500 for one in answers), [one.status_code for one in answers]
    return [one.content for one in answers]


def told_by(region):
    """Returns what a region writes for others than the people concerned: logs, spans, mails and notifications."""
    files = [region.state.with_suffix(".log")]
    for pattern in ("*.log", "*.jsonl", "spans.sqlite*", "notifications.sqlite*", "*.eml"):
        files += region.state.rglob(pattern)
    return {file: file.read_bytes() for file in files if file.is_file()}


def spelt(value):
    return {value.encode(), json.dumps(value).encode(), value.encode("utf-16-le"), value.lower().encode()}


def test_planted_values_stay_where_they_belong(region):
    handling = handling_pb2.Handling(tlp=handling_pb2.TLP_AMBER, purpose=handling_pb2.PURPOSE_INVESTIGATION)
    draft = request_pb2.Request(
        title=PLANTED["title"], text=PLANTED["text"], recipients=["countries/TON/units/ncb"], handling=handling
    )
    with region.signed_in("fji", "ana") as ana:
        requests = ana.cooperation.requests
        made = requests.CreateRequest(request_service_pb2.CreateRequestRequest(parent="countries/FJI", request=draft))
        requests.SendRequest(request_service_pb2.SendRequestRequest(name=made.name, etag=made.etag))
        token = ana.session.access_token
    bodies = get_wrong(region, token)
    arrived = time.monotonic() + 120
    with region.signed_in("ton", "mele") as mele:
        listed = request_service_pb2.ListRequestsRequest(parent="countries/FJI", page_size=100)
        while made.name not in {one.name for one in mele.cooperation.requests.ListRequests(listed).requests}:
            assert time.monotonic() < arrived
            time.sleep(0.2)
    written = told_by(region)
    assert any(file.name.startswith("spans") for file in written), "nothing was written that could have told"
    signature = token.rpartition(".")[2]
    for kind, value in (PLANTED | {"token": signature}).items():
        for form in spelt(value):
            assert not [file.name for file, raw in written.items() if form in raw], kind
            assert not any(form in body for body in bodies), f"{kind} in an error"
