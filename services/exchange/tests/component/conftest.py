import uuid
from datetime import timedelta

import pytest

from bluepacific.exchange.v1 import topic_service_pb2_grpc as topics_grpc
from bp_exchange.app import build
from bp_exchange.settings import ExchangeSettings


@pytest.fixture
async def fji(harness, tmp_path):
    """One exchange that is not enrolled yet: it serves its own country."""
    settings = {"key_dir": tmp_path / f"keys-{uuid.uuid4()}", "node_id": "fji", "countries": ("FJI", "TUV")}
    settings["sweep_interval"] = timedelta(milliseconds=100)
    async with harness.run(build, ExchangeSettings, **settings) as under_test:
        yield under_test


@pytest.fixture
def topics(fji):
    return topics_grpc.TopicServiceStub(fji.node_channel)
