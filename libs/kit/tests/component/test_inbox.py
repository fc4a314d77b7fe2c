"""A service's subscription, when what arrives cannot take effect at once."""

import asyncio
import gc
from dataclasses import replace

import grpc
from google.protobuf.empty_pb2 import Empty
from sqlalchemy import insert

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.exchange.v1 import topic_service_pb2_grpc as topics_grpc
from bp_kit.inbox import Subscriber
from bp_kit.rpc.client import open_channel
from bp_kit.tables import service_metadata


class OneAtATime(topics_grpc.TopicServiceServicer):
    """Gives everything to one stream until that ends, as the exchange does, and again what was not acknowledged."""

    def __init__(self):
        self.streams = 0
        self.acknowledged = asyncio.Event()
        self._one = asyncio.Lock()

    async def Subscribe(self, request, context):
        async with self._one:
            self.streams += 1
            yield topics_pb2.Delivery(delivery_id="first", receipt=topics_pb2.Receipt())
            await asyncio.Event().wait()

    async def Acknowledge(self, request, context):
        self.acknowledged.set()
        return Empty()


async def test_a_stream_that_met_a_failure_ends_and_the_next_one_gets_everything(shelf, tmp_path):
    exchange, server = OneAtATime(), grpc.aio.server()
    topics_grpc.add_TopicServiceServicer_to_server(exchange, server)
    server.add_insecure_port(f"unix:{tmp_path}/exchange")
    await server.start()
    inbox, met = service_metadata().tables["inbox"], []

    async def on_receipt(session, receipt):
        met.append(receipt)
        if len(met) == 1:
            # As when another pod has just taken the same delivery.
            again = {"delivery_id": "first", "arrive_time": shelf.seams.clock(), "refused": None}
            await session.execute(insert(inbox).values(again))

    # What is forgotten is found by nobody: a service with little to do comes round to it late.
    gc.disable()
    try:
        async with open_channel(f"unix:{tmp_path}/exchange") as channel:
            seams = replace(shelf.seams, channel=lambda _: channel)
            subscriber = Subscriber(shelf.service.database, seams, "shelf", {}, on_receipt)
            running = asyncio.create_task(subscriber.run())
            async with asyncio.timeout(60):
                await exchange.acknowledged.wait()
            running.cancel()
            await asyncio.wait((running,))
    finally:
        gc.enable()
        await server.stop(None)
    assert (exchange.streams, len(met)) == (2, 2)
