from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from post import MailServer, Post

from bp_notifications.app import build
from bp_notifications.settings import NotificationsSettings

QUICK = {
    "public_url": "https://ton.bluepacific.example",
    "mail_from": "Blue Pacific <noreply@ton.bluepacific.example>",
    "mail_retry": timedelta(milliseconds=50),
    "poll_interval": timedelta(milliseconds=50),
}


@pytest.fixture
async def server():
    server = MailServer()
    await server.start()
    yield server
    server.hang.set()
    await server.stop()


@pytest.fixture
def open_post(harness, server):
    """Runs Tonga's service: `async with open_post(smtp_timeout=…) as post`."""

    @asynccontextmanager
    async def opened(**values):
        settings = QUICK | {"smtp_port": server.port} | values
        async with harness.run(build, NotificationsSettings, country="TON", **settings) as under_test:
            yield Post(under_test, server)

    return opened


@pytest.fixture
async def post(open_post):
    async with open_post() as opened:
        yield opened
