"""A second process of the centre's exchange, on the same database and keys; killed by the test."""

import asyncio
import os
import sys
from pathlib import Path

from bp_exchange.app import build
from bp_exchange.settings import ExchangeSettings
from bp_kit.blobs import BlobStore
from bp_kit.ports import Seams
from bp_kit.rpc.inprocess import InProcessChannel
from bp_kit.sealing import Sealer
from bp_kit.testing.tokens import TestKeys


async def main(settings, blobs):
    seams = Seams(
        country=settings.countries[0],
        blobs=BlobStore(blobs),
        channel=lambda _: InProcessChannel({}),
        keys=TestKeys(),
        sealer=Sealer(os.urandom(32)),
    )
    async with asyncio.TaskGroup() as tasks:
        for worker in build(settings, seams).workers:
            tasks.create_task(worker())


if __name__ == "__main__":
    given = Path(sys.argv[1])
    asyncio.run(main(ExchangeSettings.model_validate_json(given.read_text()), given.with_name("blobs")))
