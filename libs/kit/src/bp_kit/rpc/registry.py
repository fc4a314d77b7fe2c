"""Collects the generated handlers of services and wraps each with its service's pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bp_kit.ports import Seams
from bp_kit.rpc.pipeline import Pipeline
from bp_kit.service import Service
from bp_kit.taken import taken_in
from bp_kit.tokens import TokenVerifier
from bp_kit.visiting import Visitors


class _Collector:
    """Stands where generated `add_XServicer_to_server` functions expect a server."""

    def __init__(self) -> None:
        self.handlers: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """Not needed: the same handlers come named, below."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """Takes the handlers of one gRPC service."""
        for method, handler in handlers.items():
            self.handlers[f"/{service}/{method}"] = handler


def handlers_of(service: Service, seams: Seams, *, from_node: bool) -> dict[str, Any]:
    """Returns the service's handlers by gRPC path, each within the pipeline.

    Args:
        service: What to serve.
        seams: Its outside.
        from_node: Only services of this node can reach the channel they are served on.
    """
    collector = _Collector()
    for add, servicer in service.servicers:
        add(servicer, collector)
    visitors = Visitors(lambda: seams.channel("exchange"), lambda: seams.clock().timestamp())
    verifier = TokenVerifier(
        seams.keys,
        lambda: seams.clock().timestamp(),
        visitors=visitors,
        taken=taken_in(service.database, seams.clock),
    )
    pipeline = Pipeline(service.database, verifier, seams.clock, service.second_person, seams.sealer)
    return {path: pipeline.wrap(path, handler, from_node=from_node) for path, handler in collector.handlers.items()}
