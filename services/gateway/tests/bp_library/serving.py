"""A gateway before the library service, under uvicorn in the test's own loop."""

import asyncio
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
import uvicorn

from bp_gateway.app import build_app
from bp_gateway.protocol import BoundedProtocol
from bp_gateway.settings import GatewaySettings
from bp_library.app import LibrarySettings, build
from bp_library.protos import DESCRIPTORS

BOOKS = "/v1/countries/FJI/books"


@dataclass
class Running:
    """A gateway before the library service."""

    http: httpx2.AsyncClient
    port: int
    under_test: object
    app: object

    @property
    def library(self):
        return self.under_test.service.servicers[0][1]

    def as_learner(self, name="countries/FJI/officers/ana", **headers):
        """Returns the headers of a signed-in learner."""
        return {**dict(self.under_test.token(name, ["learner@academy"])), **headers}

    async def add(self, **book):
        """Adds a book and returns it."""
        response = await self.http.post(BOOKS, json={"title": "Tides", **book}, headers=self.as_learner())
        assert response.status_code == 200, response.text
        return response.json()

    async def raw(self, request: bytes) -> bytes:
        """Sends bytes as they are and returns all that comes back."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return answer


@asynccontextmanager
async def running(harness, **settings):
    async with harness.run(build, LibrarySettings) as under_test:
        app = app_of(lambda _package, _country: under_test.channel, **settings)
        async with connected(app) as (port, http):
            yield Running(http, port, under_test, app)


def app_of(channels, *, ready=None, **settings):
    """Returns a gateway of the library's protos."""
    told = GatewaySettings(**{"public_url": "http://node.test", "access_log": False, **settings})
    return build_app(told, channels, descriptors=DESCRIPTORS, **({"ready": ready} if ready else {}))


@asynccontextmanager
async def connected(app):
    """Gives the port of an application and a client of it."""
    async with served(app) as port, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=90) as http:
        yield port, http


class Server(uvicorn.Server):
    def __init__(self, config):
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.listening.set()


@asynccontextmanager
async def served(app):
    """Gives the port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            http=BoundedProtocol,
            ws="none",
            timeout_graceful_shutdown=2,
        )
        server = Server(config)
        task = asyncio.create_task(server._serve([taken]))
        await server.listening.wait()
        try:
            yield taken.getsockname()[1]
        finally:
            server.should_exit = True
            await task
