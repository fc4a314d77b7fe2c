"""OpenTelemetry for one process: spans go to a collector when one is named, and always to a small local store.

The trace context travels in outbox rows and envelopes as a W3C traceparent, so one trace leads from a click on one node to an e-mail on
another. Spans carry method names and outcomes, never personal data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR = TraceContextTextMapPropagator()
_STORE_DELAY_MILLIS = 500


def configure(
    *, node: str, span_store: Path | None = None, otlp_endpoint: str = "", sample_ratio: float = 1.0
) -> TracerProvider:
    """Sets up tracing for this process; call once.

    Args:
        node: The node's id, in the local store; as `service.name` it is what `job` is in Prometheus, `fji/bluepacific`.
        span_store: The SQLite file of the local store; None keeps no spans.
        otlp_endpoint: URL of an OTLP gRPC collector; empty for none.
        sample_ratio: Share of new traces that are kept, 0 to 1.
    """
    resource = Resource.create({"service.name": f"{node}/bluepacific", "service.instance.id": node})
    provider = TracerProvider(resource=resource, sampler=ParentBased(TraceIdRatioBased(sample_ratio)))
    if span_store:
        from bp_kit.spans import SpanStore  # noqa: PLC0415 - only where a store is kept

        provider.add_span_processor(
            BatchSpanProcessor(SpanStore(span_store, node), schedule_delay_millis=_STORE_DELAY_MILLIS)
        )
    if otlp_endpoint:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415 - heavy, seldom
            OTLPSpanExporter,
        )

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=otlp_endpoint)))
    trace.set_tracer_provider(provider)
    return provider


def context_of(traceparent: str) -> Context:
    """Returns the trace context of a W3C traceparent; an empty or broken one starts a new trace."""
    return _PROPAGATOR.extract({"traceparent": traceparent}, context=Context())


def current_traceparent() -> str:
    """Returns the current span as a W3C traceparent; empty when there is none."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent", "")


def current_trace_id() -> str:
    """Returns the current trace's id in 32 hexadecimal digits; empty when there is none."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""


@contextmanager
def span(
    name: str,
    *,
    scope: str,
    traceparent: str | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: dict[str, str | int] | None = None,
) -> Iterator[Span]:
    """Runs the block as a span.

    Args:
        name: Constant: `mail.send`; methods by their full name.
        scope: Who does it: `bp_notifications`.
        traceparent: The cause's context, from a row or an envelope; None continues the current span.
        kind: By OpenTelemetry's meaning.
        attributes: Never personal data.
    """
    context = None if traceparent is None else context_of(traceparent)
    tracer = trace.get_tracer(scope)
    with tracer.start_as_current_span(name, context=context, kind=kind, attributes=attributes) as current:
        yield current
