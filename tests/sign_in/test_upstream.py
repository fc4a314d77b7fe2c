"""A country that has a provider of its own: npm's oidc-provider, which knows officers by subjects that an administrator has linked."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest
from front_door import CALLBACK, PASSWORD, PORTAL
from tests.npm import install

from bp_client import AsyncBluePacific, oidc
from bp_kit.reasons import reason_text

HERE = Path(__file__).parent / "javascript"
SECRET = "an-upstream-secret-of-many-letters"
ANA = "countries/FJI/officers/ana"
# The provider is what matters here, not the database.
pytestmark = pytest.mark.parametrize("harness", [("sqlite", "inprocess")], indirect=True, ids=["sqlite"])


@pytest.fixture
async def door(front_door, tmp_path):
    secret_file = tmp_path / "upstream.secret"
    secret_file.write_text(f"{SECRET}\n")

    @asynccontextmanager
    async def provider(url):
        folder = await asyncio.to_thread(install, HERE, "sign-in-javascript")
        running = await asyncio.create_subprocess_exec(
            "node", "upstream.mjs", f"{url}/oauth2/upstream", SECRET, cwd=folder, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(120):
                issuer = json.loads(await running.stdout.readline())["issuer"]
            yield {"upstream_issuer": issuer, "upstream_client_id": "node", "upstream_secret_file": secret_file}
        finally:
            running.terminate()
            await running.wait()

    async with front_door(upstream=provider) as opened:
        yield opened


class Person:
    """Somebody with a browser who follows links and fills in the provider's forms."""

    def __init__(self, http):
        self.http = http
        self.answer = None

    async def go(self, address):
        """Follows redirects; returns where the portal gets its answer, or an empty text at a page."""
        self.answer = await self.http.get(address)
        return await self._follow()

    async def leave(self):
        """Follows the link to the provider."""
        link = unescape(re.search(r'class="wide" href="([^"]*)"', self.answer.text).group(1))
        return await self.go(urljoin(str(self.answer.url), link))

    async def sign_in_there(self, subject):
        await self._submit(login=subject, password="whatever")
        return await self._submit()

    async def _submit(self, **typed):
        action = unescape(re.search(r'action="([^"]*)"', self.answer.text).group(1))
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.answer.text))
        self.answer = await self.http.post(urljoin(str(self.answer.url), action), data=hidden | typed)
        return await self._follow()

    async def _follow(self):
        while self.answer.is_redirect:
            where = urljoin(str(self.answer.url), self.answer.headers["location"])
            if where.startswith(CALLBACK):
                return where
            self.answer = await self.http.get(where)
        return ""


@pytest.fixture
async def person():
    async with httpx2.AsyncClient(timeout=90) as http:
        yield Person(http)


async def link(door, subject, officer=ANA):
    async with AsyncBluePacific(door.url) as client:
        await client.sign_in("ana", PASSWORD)
        headers = {"authorization": f"Bearer {client.session.access_token}"}
    async with httpx2.AsyncClient(timeout=90, headers=headers) as http:
        return await http.post(f"{door.url}/v1/{officer}:linkUpstream", json={"subject": subject})


async def test_an_officer_signs_in_through_the_countrys_own_provider(door, person):
    linked = await link(door, "subject-7")
    assert (linked.status_code, linked.json()["officer"]) == (200, ANA)
    begun = oidc.begin(door.url, client_id=PORTAL, redirect_uri=CALLBACK)
    await person.go(begun.url)
    await person.leave()
    returned = await person.sign_in_there("subject-7")
    async with AsyncBluePacific(door.url) as client:
        await client.finish_sign_in(begun, returned)
        assert client.session.access_token
    # Having come back counts once.
    assert not await person.go(begun.url)
    assert person.answer.status_code == 200


async def test_whom_nobody_has_linked_is_not_known_by_name_or_address(door, person):
    for subject in ("ana", "ana@police.example.fj"):
        person.http.cookies.clear()
        await person.go(oidc.begin(door.url, client_id=PORTAL, redirect_uri=CALLBACK).url)
        await person.leave()
        assert not await person.sign_in_there(subject)
        assert person.answer.status_code == 403
        assert reason_text("UPSTREAM_FAILED", "en", {}) in unescape(person.answer.text)


async def test_an_answer_that_nobody_went_for_is_not_taken(door, person):
    begun = oidc.begin(door.url, client_id=PORTAL, redirect_uri=CALLBACK)
    await person.go(f"{door.url}/oauth2/upstream?code=stolen&state=guessed")
    assert person.answer.status_code == 400
    await person.go(begun.url)
    await person.go(f"{door.url}/oauth2/upstream?address=https://elsewhere.example/&proof=00")
    assert (person.answer.status_code, "location" in person.answer.headers) == (400, False)
    await person.go(begun.url)
    await person.leave()
    # The right browser, with an answer that somebody else got.
    assert not await person.go(f"{door.url}/oauth2/upstream?code=stolen&state=guessed")
    assert person.answer.status_code == 403


async def test_a_subject_is_one_officers_and_administrators_link_it(door):
    assert (await link(door, "subject-7")).status_code == 200
    assert (await link(door, "subject-7")).status_code == 200
    assert (await link(door, "subject-7", "countries/FJI/officers/nobody")).status_code == 404
    assert (await link(door, "subject-7", "countries/TON/officers/mele")).status_code == 403
    assert (await link(door, "a\0")).status_code == 400
    assert "subject" not in (await link(door, "")).json()
