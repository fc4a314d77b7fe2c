import grpc
import pytest
from bp_shelf.app import ShelfSettings, build
from bp_shelf.protos import grpc_, pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from bp_kit.rpc.client import open_channel
from bp_kit.rpc.registry import handlers_of
from bp_kit.rpc.server import start_server

SERVICE = "bluepacific.shelf.v1.BookService"


@pytest.fixture
async def handlers(harness):
    async with harness.run(build, ShelfSettings, workers=False) as under_test:
        yield handlers_of(under_test.service, under_test.seams, from_node=False)


async def test_a_server_says_that_it_serves_and_what(handlers, tmp_path):
    server, _ = await start_server(handlers, f"unix:{tmp_path}/s")
    async with open_channel(f"unix:{tmp_path}/s") as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for service in ("", SERVICE):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        async for answer in reflection.ServerReflectionInfo(iter([asked])):
            assert SERVICE in {one.name for one in answer.list_services_response.service}
    await server.stop(None)


async def test_a_call_outlives_a_server_that_is_away_for_a_moment(handlers, tmp_path):
    address, elsewhere = tmp_path / "s", tmp_path / "elsewhere"
    server, _ = await start_server(handlers, f"unix:{elsewhere}")
    async with open_channel(f"unix:{address}") as channel:
        call = grpc_.BookServiceStub(channel).ListBooks(pb2.ListBooksRequest(parent="countries/FJI"), timeout=20)
        # The first attempt finds nobody there.
        while (state := channel.get_state()) is not grpc.ChannelConnectivity.TRANSIENT_FAILURE:
            await channel.wait_for_state_change(state)
        elsewhere.rename(address)
        assert (await call).books == []
    await server.stop(None)


async def test_what_is_larger_than_allowed_is_refused(handlers, tmp_path):
    server, _ = await start_server(handlers, f"unix:{tmp_path}/s")
    async with open_channel(f"unix:{tmp_path}/s") as channel:
        request = pb2.ListBooksRequest(parent="x" * (5 * 1024 * 1024))
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await grpc_.BookServiceStub(channel).ListBooks(request)
        assert failed.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    await server.stop(None)
