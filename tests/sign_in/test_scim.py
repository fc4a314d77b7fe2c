"""A peer we did not write: scim2-tester creates, finds, changes and removes people and units over SCIM 2.0."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from front_door import DIRECTORY, IMPORTER, SECRET
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

PERSON = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "seru@police.example.fj",
    "name": {"givenName": "Seru", "familyName": "Rabuka"},
}
RENAME = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "path": "name.givenName", "value": "Anna"}],
}


@pytest.fixture
async def token(door):
    return await take_token(door)


async def take_token(door, **asked):
    form = {"grant_type": "client_credentials", "client_id": DIRECTORY, "client_secret": SECRET} | asked
    async with httpx2.AsyncClient(timeout=90) as client:
        answer = await client.post(f"{door.url}/oauth2/token", data=form)
    return answer.json()["access_token"]


async def test_scim2_tester_finds_no_fault(door, token):
    def check():
        headers = {"authorization": f"Bearer {token}"}
        with httpx2.Client(base_url=f"{door.url}/scim/v2", headers=headers, timeout=90) as client:
            return check_server(SyncSCIMClient(client))

    results = await asyncio.to_thread(check)
    at_fault = [result for result in results if result.status not in (Status.SUCCESS, Status.SKIPPED)]
    assert not at_fault, "\n".join(f"{one.title} {one.resource_type}: {one.reason}" for one in at_fault)
    assert sum(result.status is Status.SUCCESS for result in results) >= 40
    # Searching over all kinds of resources at once is none of what we offer.
    assert {result.title for result in results if result.status is Status.SKIPPED} == {"search_with_attributes"}


async def test_errors_are_told_in_scims_words(door, token):
    headers = {"authorization": f"Bearer {token}", "content-type": "application/scim+json"}
    async with httpx2.AsyncClient(base_url=f"{door.url}/scim/v2", headers=headers, timeout=90) as client:
        for path, status, scim_type in (
            ("/Users?filter=password+eq+1", 400, "invalidFilter"),
            ("/Users/nobody", 404, None),
            ("/Users/a%00b", 404, None),
            ("/Me", 501, None),
            ("/Users?" + "x" * 9000, 413, None),
        ):
            answer = await client.get(path)
            told = answer.json()
            assert (answer.status_code, told["status"], told.get("scimType")) == (status, str(status), scim_type), path
            assert answer.headers["content-type"] == "application/scim+json"
        taken = await client.post("/Users", json={**PERSON, "emails": [{"value": "ana@police.example.fj"}]})
        assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")
        stale = await client.patch("/Users/ana", json=RENAME, headers={"if-match": 'W/"0"'})
        assert stale.status_code == 412
        large = await client.post("/Users", content=b" " * (1024 * 1024 + 1))
        assert large.status_code == 413
        other = await client.post("/Users", content=b"x", headers={"content-type": "text/plain"})
        assert other.status_code == 415


async def test_a_read_stands_in_the_log_under_the_record_that_it_was_of(door, token):
    headers = {"authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=f"{door.url}/scim/v2", headers=headers, timeout=90) as client:
        for path in ("/Users/ana", "/Users"):
            assert (await client.get(path)).status_code == 200
    reads = await door.under_test.topics.wait_reads(2)
    assert [(one.permission, one.record) for one in reads] == [
        ("identity.scim.findUsers", "countries/FJI/officers/ana"),
        ("identity.scim.findUsers", "countries/FJI/officers"),
    ]


async def test_only_a_bearer_token_with_the_scope_is_taken(door, token):
    async with httpx2.AsyncClient(base_url=f"{door.url}/scim/v2", timeout=90) as client:
        nobody = await client.get("/Users")
        assert nobody.status_code == 401
        assert nobody.headers["www-authenticate"].startswith("Bearer")
        bound = await client.get("/Users", headers={"authorization": f"DPoP {token}"})
        assert bound.status_code == 401
        other = await take_token(door, client_id=IMPORTER)
        refused = await client.get("/Users", headers={"authorization": f"Bearer {other}"})
        assert (refused.status_code, refused.json()["detail"]) == (403, "The token lacks the scope scim.")
