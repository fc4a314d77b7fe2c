import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
async def network(tmp_path, request):
    """The network; a module may say which nodes are of the first release."""
    from net import Network

    async with Network(tmp_path, first_release=getattr(request.module, "FIRST_RELEASE", ())) as running:
        yield running


@pytest.fixture
def spans():
    """Finished spans of this process; tracing is set up once and stays."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter
