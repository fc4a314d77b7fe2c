"""A process that sends the queued e-mails of a database, for tests that kill it: `mailing_process.py URL SMTP_PORT SECONDS`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from bp_kit.blobs import BlobStore
from bp_kit.ports import Seams
from bp_kit.rpc.client import open_channel
from bp_kit.sealing import Sealer
from bp_kit.testing.tokens import TestKeys
from bp_notifications.app import build
from bp_notifications.settings import NotificationsSettings


async def main(url, port, seconds):
    settings = NotificationsSettings(
        database_url=url, public_url="https://ton.example", smtp_port=port, smtp_timeout=seconds
    )
    seams = Seams(
        country="TON",
        blobs=BlobStore(Path(tempfile.gettempdir(), "bp-no-blobs")),
        channel=lambda _: open_channel("unix:/nowhere.sock"),
        keys=TestKeys(),
        sealer=Sealer(bytes(32)),
    )
    service = build(settings, seams)
    await asyncio.gather(*(worker() for worker in service.workers))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
