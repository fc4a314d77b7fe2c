"""An OTLP collector that keeps the names and attributes of the metrics it is sent, over gRPC as any collector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc


@dataclass
class Collector(metrics_service_pb2_grpc.MetricsServiceServicer):
    """What arrived.

    Attributes:
        url: Where processes send.
        points: Sets of attributes by name of the metric.
    """

    url: str = ""
    points: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def Export(self, request: Any, context: Any) -> Any:
        for metric in (one for r in request.resource_metrics for s in r.scope_metrics for one in s.metrics):
            data = getattr(metric, metric.WhichOneof("data"))
            found = [{one.key: one.value.string_value for one in point.attributes} for point in data.data_points]
            self.points.setdefault(metric.name, []).extend(found)
        async with self._came:
            self._came.notify_all()
        return metrics_service_pb2.ExportMetricsServiceResponse()

    async def until(self, happened: Callable[[], bool]) -> None:
        """Returns when what came makes it true."""
        async with self._came:
            await self._came.wait_for(happened)

    def services_of(self, name: str) -> set[str]:
        return {one["service"] for one in self.points.get(name, ())}


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector, server = Collector(), grpc.aio.server()
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(collector, server)
    collector.url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        yield collector
    finally:
        await server.stop(None)
