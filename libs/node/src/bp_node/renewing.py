"""`node renew` and `node rotate-keys`: new certificates, and new keys, for a running node."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bp_client import Problem
from bp_node.failure import CommandError
from bp_node.operator import operating
from bp_node.screen import say, say_json
from bp_node.settings import NodeSettings, load

_SECONDS = 60.0
_LOOK_SECONDS = 0.5


def renew(directory: Path, *, rotate: bool, compromised: bool, as_json: bool) -> None:
    """Has the running node renew its certificates, and its keys if wanted; returns when the centre has answered.

    Raises:
        CommandError: The node does not run, is not enrolled, or the centre cannot be reached or refuses.
    """
    settings = load(directory)
    request = exchange_pb2.RenewNodeRequest(rotate_keys=rotate, compromised=compromised)
    try:
        status = asyncio.run(_renew(settings, request))
    except Problem as problem:
        raise CommandError(f"{settings.node_id} did not renew: {problem.detail}") from problem
    except TimeoutError:
        raise CommandError("the centre has not answered yet; the node goes on trying, see `node status`") from None
    expires = status.certificate_expire_time.ToJsonString()
    if as_json:
        say_json({"node": status.node_id, "certificateExpires": expires, "fingerprint": status.fingerprint})
        return
    say(f"{status.node_id}'s certificate holds until {expires}")
    if rotate:
        say(f"fingerprint of its new keys: [bold]{status.fingerprint}[/bold]")
        say("take a backup now: the one before does not have these keys")


async def _renew(settings: NodeSettings, request: exchange_pb2.RenewNodeRequest) -> exchange_pb2.ExchangeStatus:
    asked = exchange_pb2.GetExchangeStatusRequest()
    async with operating(settings, "administrator") as client:
        exchange = client.exchange.exchanges
        before = await exchange.RenewNode(request)
        async with asyncio.timeout(_SECONDS):
            while True:
                status = await exchange.GetExchangeStatus(asked)
                if status.renewal_failure:
                    raise CommandError(f"not renewed: {status.renewal_failure}")
                has_new_keys = status.fingerprint != before.fingerprint
                has_new_certificate = status.certificate_expire_time != before.certificate_expire_time
                if has_new_keys if request.rotate_keys else has_new_certificate:
                    return status
                await asyncio.sleep(_LOOK_SECONDS)
