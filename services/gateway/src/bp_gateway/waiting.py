"""Calls whose service cannot be reached, and that may wait: kept and answered with 202, for clients that ask for it.

Only a client that says `Prefer: respond-async` (RFC 7240) is told 202: one that does not know the word would take it for done.
"""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Any

import grpc

from bluepacific.queue.v1 import queued_call_pb2
from bp_gateway.calls import CUT_OFF, claims_of
from bp_gateway.exchange import Exchange, HeaderList
from bp_gateway.transcode import encoder_of
from bp_gateway.transcode.encoding import to_json
from bp_kit.rpc.methods import method_of
from bp_kit.rpc.waited import may_wait

if TYPE_CHECKING:
    from bp_gateway.queue.intake import Intake
    from bp_gateway.surface import Binding
    from bp_gateway.unary import Asked

_ASKED_FOR = b"respond-async"
_LOOK_AGAIN_SECONDS = b"30"
_ACCEPTED = 202
_encode = encoder_of(queued_call_pb2.QueuedCall.DESCRIPTOR)


class Waiting:
    """Calls of one binding that may wait.

    Args:
        binding: Which.
        intake: Takes them.
        hosted: Countries whose nodes stand beside this one; what goes to them does not wait here.
    """

    def __init__(self, binding: Binding, intake: Intake, hosted: Container[str] = ()) -> None:
        self._hosted = hosted
        self._method = method_of(binding.rpc_path)
        self._package = binding.package
        self._intake = intake

    async def first_behind(self, exchange: Exchange, asked: Asked) -> bool:
        """Keeps a call whose caller has an earlier one waiting for the service, which it must not overtake; tells whether it did.

        Raises:
            Refused: As the service would.
        """
        if not self._may_wait(exchange, asked):
            return False
        call = await self._intake.recognised(self._method, asked.request, asked.metadata)
        if call is None or not await self._intake.has_waiting(call, self._package):
            return False
        return await self._keep(exchange, asked, call)

    async def after(self, error: Exception, exchange: Exchange, asked: Asked) -> bool:
        """Keeps a call that did not reach its service; tells whether it did.

        Raises:
            Refused: As the service would.
        """
        cut_off = isinstance(error, grpc.RpcError) and error.code() in CUT_OFF
        if not cut_off or not self._may_wait(exchange, asked):
            return False
        call = await self._intake.recognised(self._method, asked.request, asked.metadata)
        return call is not None and await self._keep(exchange, asked, call)

    async def _keep(self, exchange: Exchange, asked: Asked, call: Any) -> bool:
        kept = await self._intake.keep(self._method, call, asked.request, asked.metadata)
        if kept is None:
            return False
        headers: HeaderList = [
            (b"cache-control", b"no-store"),
            (b"preference-applied", _ASKED_FOR),
            (b"location", f"/v1/{kept.name}".encode()),
            (b"retry-after", _LOOK_AGAIN_SECONDS),
        ]
        await exchange.reply(_ACCEPTED, to_json(_encode(kept)), b"application/json", headers)
        return True

    def _may_wait(self, exchange: Exchange, asked: Asked) -> bool:
        preferences = exchange.headers.get(b"prefer", b"").lower().split(b",")
        wished = any(one.partition(b";")[0].strip() == _ASKED_FOR for one in preferences)
        if not wished or not may_wait(self._method, asked.request):
            return False
        return claims_of(exchange.headers.get(b"authorization", b"")).get("country") not in self._hosted
