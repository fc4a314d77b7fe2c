"""OpenTelemetry metrics of one process: what is measured, by name, and how it comes to the collector.

Without a collector nothing is read and the instruments do nothing. Attributes are names of services, methods, nodes and reasons: never
people, addresses or content.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from bp_kit.logs import get_logger

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider

    from bp_kit.database import Database

_READ_SECONDS = 15.0
_DAY_SECONDS = 86_400
_log = get_logger("bp_kit.measures")


@dataclass(frozen=True)
class Measure:
    """Something that is measured.

    Attributes:
        name: As OpenTelemetry has it.
        unit: By UCUM; `{...}` for things that are counted.
        meaning: One line.
        kind: `gauge`, `counter` or `histogram`.
    """

    name: str
    unit: str
    meaning: str
    kind: str = "gauge"

    @property
    def prometheus(self) -> str:
        """Its name in Prometheus, as the collector's exporters and Prometheus' own OTLP receiver write it."""
        units = {"s": "seconds", "By": "bytes", "d": "days"}
        parts = [re.sub(r"[^a-z0-9]", "_", self.name), units.get(self.unit, "")]
        parts += ["total"] if self.kind == "counter" else []
        return "_".join(part for part in parts if part)


CALLS = Measure(
    "bluepacific.rpc.calls", "{call}", "Calls by service, method and outcome: OK, or the reason.", "counter"
)
DURATION = Measure("bluepacific.rpc.duration", "s", "How long calls took, by service.", "histogram")
OUTBOX_AGE = Measure("bluepacific.outbox.age", "s", "Age of the oldest message that a service has not handed over yet.")
OUTBOX_REFUSED = Measure("bluepacific.outbox.refused", "{message}", "Messages of a service that were refused for good.")
QUEUE_AGE = Measure("bluepacific.queue.age", "s", "Age of the oldest item that waits for a peer, by urgency.")
QUEUE_ITEMS = Measure("bluepacific.queue.items", "{item}", "Items that wait for a peer, by urgency.")
QUEUE_ASIDE = Measure("bluepacific.queue.aside", "{item}", "Items that a peer refused for good, or somebody took out.")
CONTACT_AGE = Measure("bluepacific.link.contact.age", "s", "Time since a peer was last heard.")
WAITING_CALLS = Measure("bluepacific.waiting.calls", "{call}", "Calls that wait at the gateway for a service.")
WAITING_AGE = Measure("bluepacific.waiting.age", "s", "Time that the oldest call has waited at the gateway.")
PROOF_GAP = Measure("bluepacific.proof.gap", "{leaf}", "Leaves of the node's log that no witness has cosigned yet.")
PROOF_AGE = Measure("bluepacific.proof.age", "s", "Time since a witness last cosigned the node's log.")
CERTIFICATE = Measure(
    "bluepacific.certificate.left", "d", "Days that a certificate is still valid: `pod`, `link` or `public`."
)
DISK_FREE = Measure("bluepacific.disk.free", "By", "Free on the file system of the service's files.")
DISK_SIZE = Measure("bluepacific.disk.size", "By", "Size of that file system.")
GAUGES = (
    OUTBOX_AGE,
    OUTBOX_REFUSED,
    QUEUE_AGE,
    QUEUE_ITEMS,
    QUEUE_ASIDE,
    CONTACT_AGE,
    WAITING_CALLS,
    WAITING_AGE,
    PROOF_GAP,
    PROOF_AGE,
    CERTIFICATE,
    DISK_FREE,
    DISK_SIZE,
)
MEASURES = (CALLS, DURATION, *GAUGES)

_meter = metrics.get_meter("bp_kit")
_calls = _meter.create_counter(CALLS.name, CALLS.unit, CALLS.meaning)
_duration = _meter.create_histogram(DURATION.name, DURATION.unit, DURATION.meaning)


@dataclass(frozen=True)
class Reading:
    """A gauge's value now, for one set of attributes."""

    measure: Measure
    value: float
    attributes: Mapping[str, str] = field(default_factory=dict)


# What a service reads of itself: from its database, a folder, a certificate.
Reader = Callable[[], Awaitable[Sequence[Reading]]]


def count_call(service: str, method: str, outcome: str, seconds: float | None) -> None:
    """Counts a call.

    Args:
        service: Short name.
        method: The gRPC path without its first slash.
        outcome: OK, or the reason of the refusal.
        seconds: How long it took; None of a stream.
    """
    _calls.add(1, {"service": service, "method": method, "outcome": outcome})
    if seconds is not None:
        _duration.record(seconds, {"service": service})


def configure(*, node: str, otlp_endpoint: str) -> MeterProvider | None:
    """Sends this process's metrics to a collector; call once. Returns None, and nothing is sent, without one.

    Args:
        node: The node's id, as `service.namespace`: in Prometheus `job` is `fji/bluepacific`.
        otlp_endpoint: URL of an OTLP gRPC collector; empty for none.
    """
    if not otlp_endpoint:
        return None
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (  # noqa: PLC0415 - heavy, seldom
        OTLPMetricExporter,
    )
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415 - as above
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader  # noqa: PLC0415 - as above
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - as above

    # How often: OTEL_METRIC_EXPORT_INTERVAL in milliseconds, a minute by default.
    exporter = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=otlp_endpoint))
    # Several pods of a service count each for itself.
    process = f"{socket.gethostname()}-{os.getpid()}"
    resource = Resource.create(
        {"service.namespace": node, "service.name": "bluepacific", "service.instance.id": process}
    )
    provider = MeterProvider(metric_readers=[exporter], resource=resource)
    metrics.set_meter_provider(provider)
    return provider


class Board:
    """The newest readings of a process, which the gauges show: what is read no more is shown no more."""

    def __init__(self) -> None:
        self._readings: dict[int, Sequence[Reading]] = {}
        for measure in GAUGES:
            _meter.create_observable_gauge(measure.name, [self._shows(measure)], measure.unit, measure.meaning)

    def _shows(self, measure: Measure) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def show(_options: CallbackOptions) -> list[Observation]:
            found = [one for readings in list(self._readings.values()) for one in readings]
            return [Observation(one.value, one.attributes) for one in found if one.measure is measure]

        return show

    async def keep(self, readers: Sequence[Reader], seconds: float = _READ_SECONDS) -> None:
        """Reads again and again until cancelled. What cannot be read is left out until it can."""
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - the gateway has no database

        while True:
            for number, reader in enumerate(readers):
                try:
                    self._readings[number] = await reader()
                except (SQLAlchemyError, OSError, ValueError) as error:
                    self._readings[number] = ()
                    _log.warning("measures.waiting", error=type(error).__name__)
            await asyncio.sleep(seconds)


def outbox_of(service: str, database: Database) -> Reader:
    """Returns what reads a service's outbox."""
    from sqlalchemy import func, select  # noqa: PLC0415 - the gateway has no database

    from bp_kit.tables import service_metadata  # noqa: PLC0415 - as above

    outbox = service_metadata().tables["outbox"].c
    oldest = select(func.min(outbox.create_time)).where(outbox.refused.is_(None))
    refused = select(func.count()).where(outbox.refused.is_not(None))

    async def read() -> list[Reading]:
        async with database.read() as session:
            since, aside = await session.scalar(oldest), await session.scalar(refused)
        who = {"service": service}
        return [
            Reading(OUTBOX_AGE, age_of(since, datetime.now(UTC)), who),
            Reading(OUTBOX_REFUSED, aside or 0, who),
        ]

    return read


def disk_of(service: str, folder: Path) -> Reader:
    """Returns what reads how full the disk of a service's files is."""

    async def read() -> list[Reading]:
        found = shutil.disk_usage(folder)
        who = {"service": service}
        return [Reading(DISK_FREE, found.free, who), Reading(DISK_SIZE, found.total, who)]

    return read


def certificate_of(service: str, kind: str, content: Callable[[], bytes]) -> Reader:
    """Returns what reads how long a certificate is still valid; nothing while there is none.

    Args:
        service: Whose.
        kind: `pod`, `link` or `public`.
        content: Its PEM, empty while there is none.
    """

    async def read() -> list[Reading]:
        raw = content()
        if not raw:
            return []
        until = x509.load_pem_x509_certificate(raw).not_valid_after_utc
        left = (until - datetime.now(UTC)).total_seconds() / _DAY_SECONDS
        return [Reading(CERTIFICATE, left, {"service": service, "certificate": kind})]

    return read


def age_of(since: datetime | None, now: datetime) -> float:
    """Returns seconds since a moment; 0 where there is none, or it is ahead."""
    return max(0.0, (now - since).total_seconds()) if since else 0.0
