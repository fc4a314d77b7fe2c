"""One process: its settings read, its logs and traces set up, and when it has to end."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from bp_kit import logs, measures, telemetry
from bp_kit.alone.certificates import stamp_of
from bp_kit.alone.settings import PodSettings
from bp_kit.alone.trouble import CannotStartError, first_fault
from bp_kit.logs import get_logger

S = TypeVar("S", bound=BaseSettings)
_LOOK_SECONDS = 10.0
_SECRET_BYTES = 32
_log = get_logger("bp_kit.alone")


def pod_settings() -> PodSettings:
    """Returns what the environment says of the node.

    Raises:
        CannotStartError: A setting is missing or wrong.
    """
    try:
        return PodSettings()  # type: ignore[call-arg] # from the environment
    except ValidationError as error:
        raise first_fault(error, "BP_POD__") from error


def own_settings(kind: type[S]) -> S:
    """Returns what the environment says of the service.

    Raises:
        CannotStartError: A setting is missing or wrong.
    """
    try:
        return kind()
    except ValidationError as error:
        raise first_fault(error, str(kind.model_config.get("env_prefix", ""))) from error


def page_token_key(file: Path) -> bytes:
    """Returns the key that seals page tokens.

    Raises:
        CannotStartError: It is missing, or not of 64 hexadecimal digits.
    """
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except OSError as error:
        raise CannotStartError(f"BP_POD__PAGE_TOKEN_FILE: {file} cannot be read: {error.strerror}") from error
    except ValueError:
        key = b""
    if len(key) != _SECRET_BYTES:
        raise CannotStartError(f"BP_POD__PAGE_TOKEN_FILE: {file} is not 64 hexadecimal digits")
    return key


def run(pod: PodSettings, main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Runs `main` until it returns, which it does soon after the event it is given: SIGTERM, SIGINT, or new certificates.

    Args:
        pod: For logs and traces.
        main: The process's work.
    """
    logs.configure(node=pod.node_id, style=pod.log_style, level=pod.log_level)
    for name in ("uvicorn", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    tracing = telemetry.configure(
        node=pod.node_id,
        span_store=pod.span_store,
        otlp_endpoint=pod.otlp_endpoint,
        sample_ratio=pod.sample_ratio,
    )
    measuring = measures.configure(node=pod.node_id, otlp_endpoint=pod.otlp_endpoint)
    try:
        asyncio.run(_until_told(pod, main))
    finally:
        tracing.shutdown()
        if measuring:
            measuring.shutdown()


async def _until_told(pod: PodSettings, main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    watching = asyncio.create_task(_stop_when_renewed(pod.tls_dir, stop))
    try:
        await main(stop)
        _log.info("pod.stopped")
    finally:
        watching.cancel()


async def _stop_when_renewed(folder: Path, stop: asyncio.Event) -> None:
    """A caller's certificate is read once by gRPC, so a renewed one is taken up by starting again, drained like any stop."""
    first = stamp_of(folder)
    while stamp_of(folder) == first:  # noqa: ASYNC110 - files tell nobody that they changed
        await asyncio.sleep(_LOOK_SECONDS)
    _log.info("pod.certificates_renewed")
    stop.set()
