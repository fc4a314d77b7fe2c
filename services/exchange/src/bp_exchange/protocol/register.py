"""Who is who: lookups in a verified register."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bluepacific.exchange.v1 import register_pb2
from bp_kit.names import country_of

EVERYBODY = "countries/-"


class Directory:
    """A register, indexed.

    Args:
        register: Verified by whoever loads it.
        admitted: The nodes of it that are believed; all when None.

    Attributes:
        version: The register's.
        nodes: By id, revoked ones too.
        centre: The node that relays; None before this node is enrolled.
    """

    def __init__(self, register: register_pb2.Register, admitted: Collection[str] | None = None) -> None:
        nodes = [node for node in register.nodes if admitted is None or node.node_id in admitted]
        self.version = register.version
        self.nodes = {node.node_id: node for node in nodes}
        self._by_country = {country: node for node in nodes if not node.revoked for country in node.countries}
        self._revoked_units = {unit for node in nodes for unit in node.revoked_units}
        self.centre = next((node for node in nodes if node.centre and not node.revoked), None)

    def node_of(self, name: str) -> register_pb2.Node | None:
        """Returns the node that serves a unit or country, if one does; a revoked unit is served by none."""
        return None if name in self._revoked_units else self._by_country.get(country_of(name))

    def serves(self, node_id: str, name: str) -> bool:
        """Tells whether the node speaks for the unit or country; for a revoked unit none does."""
        return self.hosts(node_id, name) and name not in self._revoked_units

    def hosts(self, node_id: str, name: str) -> bool:
        """Tells whether the unit or country is one of the node's, whether or not it may still speak."""
        node = self.nodes.get(node_id)
        return node is not None and country_of(name) in node.countries

    def revokes(self, name: str) -> bool:
        """Tells whether a unit or country takes no part any more: the unit was revoked, or the only node that served it."""
        was_served = any(country_of(name) in node.countries for node in self.nodes.values())
        return was_served and self.node_of(name) is None

    def expand(self, recipients: Iterable[str]) -> list[str]:
        """Returns the recipients with `countries/-` replaced by every member country, each once, in order."""
        named: dict[str, None] = {}
        for recipient in recipients:
            if recipient == EVERYBODY:
                named.update(dict.fromkeys(f"countries/{country}" for country in self._by_country))
            else:
                named[recipient] = None
        return list(named)

    @property
    def revoked(self) -> list[str]:
        """The nodes that are no longer trusted."""
        return [node_id for node_id, node in self.nodes.items() if node.revoked]

    @property
    def revoked_units(self) -> list[str]:
        """The units that take no part any more."""
        return sorted(self._revoked_units)

    def understand(self, node_ids: Iterable[str], wire_version: int) -> bool:
        """Tells whether all these nodes understand envelopes of a version."""
        found = [self.nodes.get(node_id) for node_id in node_ids]
        return all(node is not None and max(node.wire_version, 1) >= wire_version for node in found)

    def trusted(self, node_id: str) -> register_pb2.Node | None:
        """Returns a node that is registered and not revoked."""
        node = self.nodes.get(node_id)
        return node if node is not None and not node.revoked else None

    def next_hop(self, own: str, target: str) -> str:
        """Returns the peer to which something for `target` goes: the centre from a country, the target from the centre."""
        centre = self.centre
        return target if centre is None or centre.node_id == own else centre.node_id
