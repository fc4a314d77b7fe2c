"""The gateway as a process of its own: it finds each service over mutual TLS, and people find it by HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from bp_gateway.app import build_app
from bp_gateway.calls import Channels
from bp_gateway.listening import NotListeningError, listening
from bp_gateway.settings import GatewaySettings
from bp_kit import measures
from bp_kit.alone.certificates import read_certificates
from bp_kit.alone.process import page_token_key
from bp_kit.alone.settings import PodSettings
from bp_kit.alone.siblings import Siblings
from bp_kit.alone.trouble import CannotStartError
from bp_kit.errors import Refused
from bp_kit.logs import get_logger

if TYPE_CHECKING:
    from bp_gateway.queue.opening import Queue

_log = get_logger("bp_gateway")


async def serve(pod: PodSettings, settings: GatewaySettings, stop: asyncio.Event) -> None:
    """Serves until told to stop, then lets requests in progress finish.

    Raises:
        CannotStartError: The port or a certificate cannot be had.
    """
    siblings = Siblings(pod.addresses, read_certificates(pod.tls_dir).for_channel(), pod.other_places)

    hosted = {
        country: Siblings(one.addresses, read_certificates(one.tls_dir).for_channel())
        for country, one in settings.hosted.items()
    }

    def channel(package: str, country: str | None) -> Any:
        service = package.split(".")[1]
        try:
            return hosted.get(country or "", siblings).channel(service)
        except LookupError as error:
            # Not installed here: the same answer as from one that is down.
            raise Refused("UNAVAILABLE") from error

    async def ready() -> bool:
        return not stop.is_set()

    folder = pod.public_tls_dir
    try:
        async with (
            _queue_of(pod, settings, channel, stop) as queue,
            listening(
                build_app(settings, channel, ready=ready, queue=queue),
                _bound(settings.host, settings.port),
                folder and folder / "tls.crt",
                folder and folder / "tls.key",
                grace_seconds=int(pod.drain_seconds),
            ),
        ):
            _log.info("pod.ready", service="gateway")
            await stop.wait()
    except (NotListeningError, OSError) as error:
        why = error.__cause__ or error
        raise CannotStartError(f"the gateway cannot listen on {settings.host}:{settings.port}: {why}") from error
    finally:
        for one in (siblings, *hosted.values()):
            await one.aclose()


@asynccontextmanager
async def _queue_of(
    pod: PodSettings, settings: GatewaySettings, channels: Channels, stop: asyncio.Event
) -> AsyncIterator[Queue | None]:
    if settings.queue_dir is None:
        yield None
        return
    # With SQLAlchemy, which a gateway without a queue does without.
    from bp_gateway.queue.opening import open_queue  # noqa: PLC0415 - as said

    key = page_token_key(pod.page_token_file)
    # Ends the process, as a broken worker does that of a service: whoever watches it starts it again.
    async with open_queue(settings.queue_dir, key, pod.country, settings, channels, broken=stop.set) as queue:
        measuring = asyncio.create_task(measures.Board().keep([queue.read])) if pod.otlp_endpoint else None
        try:
            yield queue
        finally:
            if measuring:
                measuring.cancel()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind((host, port))
    return found
