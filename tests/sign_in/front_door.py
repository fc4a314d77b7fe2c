"""Identity behind the real gateway, on a real port, and a person with a browser."""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urljoin

import httpx2
import uvicorn

from bp_gateway.app import build_app
from bp_gateway.settings import GatewaySettings
from bp_identity.app import bootstrap, build
from bp_identity.domain.officer import Person
from bp_identity.settings import IdentitySettings
from bp_identity.usecases.bootstrap import Seed, SeedClient, SeedOfficer, SeedUnit
from bp_kit.issuer import RemoteIssuer
from bp_kit.keys import RemoteKeys

CALLBACK = "https://portal.example/signed-in"
GOODBYE = "https://portal.example/good-bye"
PORTAL = "countries/FJI/clients/portal"
TERMINAL = "countries/FJI/clients/terminal"
IMPORTER = "countries/FJI/clients/importer"
DIRECTORY = "countries/FJI/clients/directory"
PASSWORD = "reef lantern walks slowly"
SECRET = "an-importers-secret-of-many-letters"
SEED = Seed(
    country="FJI",
    units=(SeedUnit("ncb", "NCB Suva", "NCB"),),
    officers=(
        SeedOfficer(
            "ana",
            Person("Ana", "Vakatale", "ana@police.example.fj", "FEMALE", "en"),
            PASSWORD,
            (("ADMINISTRATOR", "ncb"),),
        ),
    ),
    clients=(
        SeedClient("portal", "Police portal", redirect_uris=(CALLBACK,), post_logout_redirect_uris=(GOODBYE,)),
        SeedClient("terminal", "Command line", "TERMINAL"),
        SeedClient(
            "directory", "Entra", "SERVICE", grants=(("ADMINISTRATOR", "ncb"),), secret=SECRET, scopes=("scim",)
        ),
        SeedClient("importer", "Importer", "SERVICE", grants=(("ADMINISTRATOR", "ncb"),), secret=SECRET),
    ),
)


class Clock:
    """The time, moved by the test."""

    def __init__(self):
        self.ahead = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.ahead

    def passes(self, **span):
        self.ahead += timedelta(**span)


@dataclass
class FrontDoor:
    """A node that people can sign in to.

    Attributes:
        url: Of its gateway, which is the issuer.
        clock: Of its services.
        under_test: Its identity service.
        key_dir: Its keys.
    """

    url: str
    clock: Clock
    under_test: object
    key_dir: object

    async def sign_in(self, address, username="ana", password=PASSWORD):
        """Opens the sign-in page, fills in its form as a browser would, and returns the address it is sent back to."""
        async with httpx2.AsyncClient(timeout=90) as browser:
            page = await browser.get(address)
            assert page.status_code == 200, page.text
            action = unescape(re.search(r'action="([^"]*)"', page.text).group(1))
            form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
            form |= {"username": username, "password": password}
            answer = await browser.post(urljoin(address, action), data=form)
            assert answer.status_code in (200, 303), answer.text
            return answer.headers.get("location", "")


class _Keys:
    def __init__(self, url, clock):
        self.channel = None
        self._remote = RemoteKeys(url, RemoteIssuer(lambda: self.channel), monotonic=lambda: clock().timestamp())

    async def find(self, key_id):
        return await self._remote.find(key_id)

    async def voided(self, holder):
        return await self._remote.voided(holder)


@asynccontextmanager
async def open_front_door(harness, folder, host="127.0.0.1", upstream=None):
    """Opens the door; `upstream`, called with the node's URL, gives settings of a provider that runs meanwhile."""
    async with AsyncExitStack() as stack:
        taken = stack.enter_context(socket.socket())
        taken.bind(("127.0.0.1", 0))
        url = f"http://{host}:{taken.getsockname()[1]}"
        clock = Clock()
        keys = _Keys(url, clock)
        settings = {"key_dir": folder / "keys", "public_url": url, "countries": ("FJI",)}
        settings |= await stack.enter_async_context(upstream(url)) if upstream else {}
        async with harness.run(build, IdentitySettings, seams={"clock": clock, "keys": keys}, **settings) as under_test:
            keys.channel = under_test.node_channel
            database = under_test.service.database.url
            await bootstrap(IdentitySettings(database_url=database, **settings), under_test.seams, SEED)
            app = build_app(
                GatewaySettings(public_url=url, access_log=False), lambda _package, _country: under_test.channel
            )
            async with _served(app, taken):
                yield FrontDoor(url, clock, under_test, folder / "keys")


class _Server(uvicorn.Server):
    def __init__(self, config):
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.listening.set()


@asynccontextmanager
async def _served(app, taken):
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
    server = _Server(config)
    task = asyncio.create_task(server._serve([taken]))
    await server.listening.wait()
    try:
        yield
    finally:
        server.should_exit = True
        await task
