"""The call that is being served: who calls, in which language, for which purpose.

Set by the pipeline around each RPC; use cases take what they need of it as arguments.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from bluepacific.common.v1 import handling_pb2


@dataclass(frozen=True)
class Principal:
    """Who calls, as the access token says.

    Attributes:
        name: `countries/FJI/officers/ana`, `countries/FJI/clients/records`, or `node` for a service of the same node.
        country: ISO 3166-1 alpha-3 code.
        grants: (role, unit name) pairs: `("officer", "countries/FJI/units/ncb")`.
        clearance: How far the own country has cleared an officer, from 0.
        node: The other node that vouches for a visitor; empty for this node's own.
        standing: How far the register that says so can be relied on: `FRESH`, `STALE` or `EMERGENCY`; of visitors only.
        scopes: What a program's token is narrowed to; None where it is not, as people's never are.
    """

    name: str
    country: str
    grants: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    clearance: int = 0
    node: str = ""
    standing: str = ""
    scopes: frozenset[str] | None = None

    @property
    def roles(self) -> frozenset[str]:
        """The roles held in any unit."""
        return frozenset(role for role, _ in self.grants)

    @property
    def units(self) -> frozenset[str]:
        """Names of the units in which any role is held."""
        return frozenset(unit for _, unit in self.grants)

    def holds(self, role: str, unit: str | None = None) -> bool:
        """Tells whether the role is held, in that unit or in any."""
        return (role, unit) in self.grants if unit else role in self.roles


NODE = Principal(name="node", country="")
ANYBODY = Principal(name="", country="")


@dataclass(frozen=True)
class Call:
    """One RPC as it is served.

    Attributes:
        method: Full gRPC path: `/bluepacific.cooperation.v1.RequestService/GetRequest`.
        principal: Who calls; `ANYBODY` on public methods without a token.
        language: One of `bp_kit.language.LANGUAGES`.
        purpose: A number of `bluepacific.common.v1.Purpose`; 0 when none was stated.
        metadata: The request's metadata, keys in lower case.
        accept_time: When the gateway took the call, where it had to wait there for the service.
    """

    method: str
    principal: Principal
    language: str = "en"
    purpose: handling_pb2.Purpose.ValueType = handling_pb2.PURPOSE_UNSPECIFIED
    metadata: dict[str, str] = field(default_factory=dict)
    accept_time: datetime | None = None


_current: ContextVar[Call] = ContextVar("bp_kit_call")


def current_call() -> Call:
    """Returns the RPC being served.

    Raises:
        LookupError: Outside of an RPC.
    """
    return _current.get()


@contextmanager
def call_entered(call: Call) -> Iterator[None]:
    """Makes it the current call within the block; for the pipeline and for tests."""
    token = _current.set(call)
    try:
        yield
    finally:
        _current.reset(token)
