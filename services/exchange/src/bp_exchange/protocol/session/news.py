"""The register on a link: the centre tells a peer what is newer than what it has; nobody else is believed."""

from __future__ import annotations

from bluepacific.exchange.v1 import link_service_pb2, register_pb2
from bp_exchange.protocol.refusal import Ground
from bp_exchange.protocol.session.greeting import SessionEndedError
from bp_exchange.protocol.session.ports import Register


class RegisterNews:
    """What the peer knows of the register.

    Args:
        register: What this node believes.
        peer: The other end.
    """

    def __init__(self, register: Register, peer: str) -> None:
        self._register = register
        self._peer = peer
        # The register that the peer has: version and timestamp's version.
        self._has = (0, 0)

    def greeted(self, hello: link_service_pb2.Hello) -> None:
        """Notes which register the peer has."""
        self._has = (hello.register_version, hello.timestamp_version)

    def check(self) -> None:
        """Sees that the peer may still be spoken to.

        Raises:
            SessionEndedError: It was revoked.
        """
        if self._register.directory.trusted(self._peer) is None:
            raise SessionEndedError("the peer is not trusted", Ground.NOT_TRUSTED)

    def check_source(self) -> None:
        """Sees that a register may come from the peer.

        Raises:
            SessionEndedError: It is not the centre.
        """
        sender = self._register.directory.nodes.get(self._peer)
        if sender is None or not sender.centre:
            raise SessionEndedError("a register that is not the centre's", Ground.NOT_THE_CENTRE)

    def next(self) -> link_service_pb2.Frame | None:
        """Returns a newer register for the peer, before everything else: who is in it may be the next to be heard of."""
        current = self._register.current
        if current is None or not self._register.is_centre:
            return None
        if (current.version, current.timestamp_version) <= self._has:
            return None
        bundle = register_pb2.RegisterBundle()
        bundle.CopyFrom(current.bundle)
        if current.version == self._has[0]:
            # Only the timestamp is newer.
            for field in ("snapshot", "targets", "register"):
                bundle.ClearField(field)
        self._has = (current.version, current.timestamp_version)
        return link_service_pb2.Frame(register=bundle)
