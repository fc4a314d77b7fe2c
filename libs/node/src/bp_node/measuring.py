"""What an embedded node measures of itself, for a collector: as its services do as processes of their own."""

from __future__ import annotations

from collections.abc import Iterable

from bp_kit.measures import Board, certificate_of, disk_of, outbox_of
from bp_kit.service import Service
from bp_node.settings import NodeSettings


async def measured(settings: NodeSettings, services: Iterable[Service]) -> None:
    """Reads until cancelled; without a collector nothing is read."""
    if not settings.otlp_endpoint:
        return
    readers = [disk_of("node", settings.folder)]
    for service in services:
        readers += [outbox_of(service.name, service.database), *service.readers]
    if settings.tls_certificate:
        readers.append(certificate_of("gateway", "public", settings.tls_certificate.read_bytes))
    await Board().keep(readers)
