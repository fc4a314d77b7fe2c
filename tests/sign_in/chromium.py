"""Debian's Chromium with a virtual authenticator, which signs as a telephone or a security key would."""

from __future__ import annotations

import shutil
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import async_playwright

_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
# A page may take long on a busy machine.
_MILLIS = 120_000


@asynccontextmanager
async def chromium(**context):
    """Opens a page of a new browser; yields it, and what speaks to its authenticator."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium here: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            opened = await browser.new_context(**context)
            page = await opened.new_page()
            page.set_default_timeout(_MILLIS)
            yield page, Authenticator(await opened.new_cdp_session(page))
        finally:
            await browser.close()


class Authenticator:
    """The browser's virtual authenticator."""

    def __init__(self, session):
        self._session = session
        self._id = ""

    async def insert(self, **changes):
        """Puts it in."""
        await self._session.send("WebAuthn.enable")
        answer = await self._session.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR | changes})
        self._id = answer["authenticatorId"]

    async def recognise(self, owner):
        """From now on sees its owner, or not."""
        message = {"authenticatorId": self._id, "isUserVerified": owner}
        await self._session.send("WebAuthn.setUserVerified", message)

    async def passkeys(self):
        """Returns what it holds."""
        answer = await self._session.send("WebAuthn.getCredentials", {"authenticatorId": self._id})
        return answer["credentials"]
