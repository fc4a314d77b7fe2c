"""The nodes of a register that was verified, as a proof needs them."""

from __future__ import annotations

from collections.abc import Iterable

from bluepacific.exchange.v1 import register_pb2
from bp_verify.seals import signed_by


class Nodes:
    """Who may have signed.

    Args:
        nodes: Of the register.
    """

    def __init__(self, nodes: Iterable[register_pb2.Node]) -> None:
        self._nodes = {node.node_id: node for node in nodes}
        self._named: dict[str, None] = {}

    def signed(self, node_id: str, signature: bytes, signed: bytes) -> bool:
        """Tells whether a signature is of that node; revoked nodes and replaced keys signed too, once."""
        node = self._nodes.get(node_id)
        if node is None:
            return False
        self._named[node_id] = None
        return signed_by(node, signature, signed, retired=True)

    def speaks_for(self, node_id: str, name: str) -> bool:
        """Tells whether the node serves the country of a unit's or country's name."""
        node = self._nodes.get(node_id)
        parts = name.split("/")
        return node is not None and len(parts) > 1 and parts[1] in node.countries

    def relays(self, node_id: str) -> bool:
        """Tells whether the node is the centre, which passes on what is not its own."""
        node = self._nodes.get(node_id)
        return node is not None and node.centre

    def revoked_among_named(self) -> list[str]:
        """Returns the nodes whose signatures were asked for and that are no longer trusted."""
        return [node_id for node_id in self._named if self._nodes[node_id].revoked]
