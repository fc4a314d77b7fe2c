"""A person registers a passkey in a real browser and signs in with it; its password alone no longer does."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from chromium import chromium
from front_door import CALLBACK, PASSWORD, PORTAL
from joserfc import jws

from bp_client import AsyncBluePacific, Problem, oidc

# The browser is what matters here, not the database.
pytestmark = pytest.mark.parametrize("harness", [("sqlite", "inprocess")], indirect=True, ids=["sqlite"])


async def register(page, door, name="Blue one"):
    await page.goto(f"{door.url}/oauth2/account")
    await page.fill("#username", "ana")
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.fill("#display-name", name)
    await page.click("#passkey")


async def signed_in_address(page, door, begun):
    """Signs in by the passkey button; returns the address that the browser is sent back to."""
    returned = asyncio.get_running_loop().create_future()

    async def arrive(route):
        returned.set_result(route.request.url)
        await route.fulfill(body="portal")

    await page.route(f"{CALLBACK}**", arrive)
    await page.goto(begun.url)
    await page.click("#passkey")
    async with asyncio.timeout(120):
        return await returned


async def test_a_passkey_is_registered_and_signs_in(front_door):
    async with front_door(host="localhost") as door, chromium() as (page, authenticator):
        await authenticator.insert()
        await register(page, door)
        await page.wait_for_selector("text=Blue one")
        (held,) = await authenticator.passkeys()
        assert held["rpId"] == "localhost"
        assert held["isResidentCredential"] is True
        async with AsyncBluePacific(door.url) as client:
            begun = oidc.begin(door.url, client_id=PORTAL, redirect_uri=CALLBACK)
            await client.finish_sign_in(begun, await signed_in_address(page, door, begun))
            token = client.session.tokens.access_token
            assert json.loads(jws.extract_compact(token.encode()).payload)["sub"] == "countries/FJI/officers/ana"
        async with AsyncBluePacific(door.url) as client:
            with pytest.raises(Problem) as caught:
                await client.sign_in("ana", PASSWORD)
            assert caught.value.reason == "PASSKEY_REQUIRED"
        # The session stands on the page, and the passkey can be removed there: then the password is enough again.
        await page.goto(f"{door.url}/oauth2/account")
        await page.click("#passkey")
        await page.wait_for_selector("text=Police portal")
        await page.get_by_role("button", name="Remove").click()
        await page.wait_for_selector("text=Blue one", state="detached")
        assert not await page.get_by_text("Police portal").count()
        async with AsyncBluePacific(door.url) as client:
            assert await client.sign_in("ana", PASSWORD)


async def test_a_passkey_that_did_not_see_its_owner_is_not_enough(front_door):
    async with front_door(host="localhost") as door, chromium() as (page, authenticator):
        await authenticator.insert()
        await register(page, door)
        await page.wait_for_selector("text=Blue one")
        await authenticator.recognise(owner=False)
        await page.goto(oidc.begin(door.url, client_id=PORTAL, redirect_uri=CALLBACK).url)
        await page.click("#passkey")
        await page.wait_for_selector("#passkey-alarm:visible")
        assert urlsplit(page.url).path == "/oauth2/authorize"


async def test_what_a_passkey_signed_works_once_and_in_its_browser_only(front_door):
    async with front_door(host="localhost") as door, chromium() as (page, authenticator):
        await authenticator.insert()
        await register(page, door)
        await page.wait_for_selector("text=Blue one")
        sent = []
        await page.route(
            f"{door.url}/oauth2/authorize**",
            lambda route: (
                (sent.append(route.request.post_data) if route.request.method == "POST" else None) or route.continue_()
            ),
        )
        begun = oidc.begin(door.url, client_id=PORTAL, redirect_uri=CALLBACK)
        await signed_in_address(page, door, begun)
        (form,) = sent
        # The same form again from the same browser, then from another one.
        for context in (page.context, await page.context.browser.new_context()):
            answer = await context.request.post(
                begun.url,
                data=form,
                headers={"content-type": "application/x-www-form-urlencoded"},
                max_redirects=0,
            )
            assert answer.status in (400, 403)
        assert parse_qs(form)["credential"][0]


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_the_account_page_works_by_keyboard_and_says_its_language(front_door, language):
    async with (
        front_door(host="localhost") as door,
        chromium(locale=language, extra_http_headers={"accept-language": language}) as (page, authenticator),
    ):
        await authenticator.insert()
        await page.goto(f"{door.url}/oauth2/account")
        await page.wait_for_function("document.activeElement.id == 'username'")
        for typed in ("ana", PASSWORD):
            await page.keyboard.type(typed)
            await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await page.wait_for_function("document.activeElement.className == 'first'")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#display-name")
        await page.focus("#display-name")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".items button")
        html = page.locator("html")
        assert await html.get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
        unnamed = "els => els.filter(e => e.type != 'hidden' && !(e.labels && e.labels.length)).length"
        assert await page.eval_on_selector_all("input", unnamed) == 0
        width = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert width <= 0
