"""Tonga's exchange as a process of its own, with a service that takes messages through the kit's inbox; killed by the test."""

import asyncio
import os
import sys
from pathlib import Path

from sqlalchemy import text

from bp_exchange.app import build
from bp_exchange.settings import ExchangeSettings
from bp_kit.blobs import BlobStore
from bp_kit.database import Database
from bp_kit.inbox import Subscriber
from bp_kit.ports import Seams
from bp_kit.rpc.inprocess import InProcessChannel
from bp_kit.rpc.registry import handlers_of
from bp_kit.sealing import Sealer
from bp_kit.testing.tokens import TestKeys


async def main(settings, inbox, topic):
    channels = {}
    seams = Seams(
        country="TON",
        blobs=BlobStore(settings.key_dir.parent / "blobs"),
        channel=channels.__getitem__,
        keys=TestKeys(),
        sealer=Sealer(os.urandom(32)),
    )
    service = build(settings, seams)
    channels["exchange"] = InProcessChannel(handlers_of(service, seams, from_node=True))
    database = Database(inbox)

    async def handle(session, message):
        await session.execute(text("INSERT INTO effect (payload) VALUES (:payload)"), {"payload": message.payload})

    subscriber = Subscriber(database, seams, "cooperation", {topic: handle})
    async with asyncio.TaskGroup() as tasks:
        for worker in (*service.workers, subscriber.run):
            tasks.create_task(worker())


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    exchange = ExchangeSettings.model_validate_json((folder / "settings.json").read_text())
    asyncio.run(main(exchange, f"sqlite+aiosqlite:///{folder}/inbox.sqlite", sys.argv[2]))
