from __future__ import annotations

import socket

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from bp_node.failure import CommandError
from bp_node.integrators import serve_grpc
from bp_node.settings import checked


def node(tmp_path, address):
    return checked(tmp_path, {"node_id": "fji", "country": "FJI", "grpc_listen": address})


async def healthy(address):
    async with grpc.aio.insecure_channel(address) as channel:
        answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        return answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_served_on_a_unix_socket(tmp_path):
    address = f"unix:{tmp_path}/grpc.sock"
    async with serve_grpc(node(tmp_path, address), {}):
        assert await healthy(address)


async def test_served_on_loopback_and_a_taken_port_is_told(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    async with serve_grpc(node(tmp_path, address), {}):
        assert await healthy(address)
        with pytest.raises(CommandError, match="cannot listen"):
            async with serve_grpc(node(tmp_path, address), {}):
                pass


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "node.example:50051"])
async def test_tokens_never_cross_a_network_in_the_clear(tmp_path, address):
    with pytest.raises(CommandError, match="tls_certificate"):
        async with serve_grpc(node(tmp_path, address), {}):
            pass


async def test_nothing_is_served_unasked(tmp_path):
    async with serve_grpc(node(tmp_path, ""), {}):
        pass
