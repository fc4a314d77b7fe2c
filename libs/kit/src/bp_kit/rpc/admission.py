"""Who may call: the bearer token, and the method's `access` option. Runs before anything looks at the request (AIP-211)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from google.protobuf.message import Message

from bluepacific.common.v1 import handling_pb2
from bluepacific.options.v1 import options_pb2
from bp_kit.call import ANYBODY, NODE, Call, Principal
from bp_kit.errors import Refused, Violation
from bp_kit.language import negotiate
from bp_kit.proofs import REQUEST_MARK
from bp_kit.rpc.methods import Method
from bp_kit.tokens import TokenVerifier

_PURPOSES = {name.removeprefix("PURPOSE_"): number for name, number in handling_pb2.Purpose.items() if number}


async def recognise(
    method: Method,
    metadata: dict[str, str],
    verifier: TokenVerifier,
    *,
    from_node: bool,
    accept_time: datetime | None = None,
) -> Call:
    """Returns the call with who makes it; whether they may is for `admit` to say.

    Args:
        method: What is called.
        metadata: The request's metadata, keys in lower case.
        verifier: Verifies bearer tokens.
        from_node: The channel proves that another service of this node calls.
        accept_time: When the gateway took it, where it waited there: its token counts as of then, its caller's rights as of now.

    Raises:
        Refused: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED; PERMISSION_DENIED where the channel is not for the method.
    """
    if accept_time is not None:
        principal = await _principal_then(metadata, verifier, accept_time)
    else:
        principal = await _principal(method, metadata, verifier, from_node=from_node)
    return Call(
        method=method.path,
        principal=principal,
        language=negotiate(metadata.get("accept-language", "")),
        purpose=_PURPOSES.get(_stated(metadata), handling_pb2.PURPOSE_UNSPECIFIED),
        metadata=metadata,
        accept_time=accept_time,
    )


async def look_again(method: Method, call: Call, verifier: TokenVerifier) -> None:
    """Refuses a caller who listens, and who would not be let in again: whose token was voided since the call began.

    Of a visitor's token nobody here is told that it is void, so it must still be good; and the register must still vouch for its node, its
    key and the same units, and be fresh enough.

    Raises:
        Refused: TOKEN_EXPIRED; of visitors also TOKEN_INVALID, REGISTER_TOO_OLD, UNAVAILABLE.
    """
    _, token = _credentials(call.metadata)
    if not token or call.principal is NODE:
        return
    if not call.principal.node:
        await verifier.require_not_void(token)
        return
    visitor = await verifier.verify(token, None)
    if not call.principal.grants <= visitor.grants:
        raise Refused("TOKEN_EXPIRED")
    admit(method, replace(call, principal=visitor))


def admit(method: Method, call: Call) -> None:
    """Refuses a call whose maker does not hold the permission, or does not say what for.

    Raises:
        Refused: PERMISSION_DENIED, SCOPE_MISSING, PURPOSE_REQUIRED, REGISTER_TOO_OLD.
    """
    access = method.access
    if call.principal.node:
        _admit_visitor(access, call)
    known = access.public or call.principal is NODE
    if not known and call.principal.roles.isdisjoint(access.roles):
        raise Refused("PERMISSION_DENIED")
    if not known and not method.in_scope(call.principal.scopes):
        raise Refused("SCOPE_MISSING", scope=method.scope)
    if not call.purpose and (access.purpose_required or _stated(call.metadata)):
        raise Refused("PURPOSE_REQUIRED", field="x-purpose", allowed=", ".join(_PURPOSES))


def _admit_visitor(access: options_pb2.Access, call: Call) -> None:
    if not access.visitors:
        raise Refused("PERMISSION_DENIED")
    if call.principal.standing == "EMERGENCY" and call.purpose != handling_pb2.PURPOSE_IMMEDIATE_THREAT:
        raise Refused("REGISTER_TOO_OLD")


async def _principal_then(metadata: dict[str, str], verifier: TokenVerifier, accept_time: datetime) -> Principal:
    scheme, token = _credentials(metadata)
    proof = metadata.get("dpop", "") if scheme == "dpop" else None
    return await verifier.verify_accepted(token, accept_time.timestamp(), proof)


async def _principal(
    method: Method, metadata: dict[str, str], verifier: TokenVerifier, *, from_node: bool
) -> Principal:
    access, authorization = method.access, metadata.get("authorization", "")
    if access.node_only or access.peer_only:
        if access.peer_only or not from_node:
            raise Refused("PERMISSION_DENIED")
        return NODE
    if access.public and not authorization:
        return ANYBODY
    if not authorization:
        raise Refused("TOKEN_MISSING")
    scheme, token = _credentials(metadata)
    if scheme == "dpop":
        return await verifier.verify_bound(token, metadata.get("dpop", ""), metadata.get(REQUEST_MARK, ""))
    if scheme != "bearer":
        raise Refused("TOKEN_INVALID")
    return await verifier.verify(token)


def _credentials(metadata: dict[str, str]) -> tuple[str, str]:
    """Returns the scheme, in lower case, and the token of the `authorization` that came along; both empty for none."""
    scheme, _, token = metadata.get("authorization", "").partition(" ")
    return scheme.lower(), token.strip()


def _stated(metadata: dict[str, str]) -> str:
    return metadata.get("x-purpose", "").strip().upper()


def check_scope(method: Method, principal: Principal, request: Message) -> None:
    """Refuses names of other countries where the method is for the caller's own only, and a change that names no record.

    Raises:
        Refused: PERMISSION_DENIED, INVALID_FIELD.
    """
    if method.changes_resource and not method.name_in(request):
        violation = Violation(".".join(method.name_path), "INVALID_FIELD", {"rule": "required"})
        raise Refused("INVALID_FIELD", violations=(violation,))
    if method.access.scope == options_pb2.SCOPE_ANY_COUNTRY or not principal.country:
        return
    # What names no country at all is left to its field's own rule, which can say what is wrong with it.
    collection, _, rest = method.name_in(request).partition("/")
    if collection == "countries" and rest.partition("/")[0] != principal.country:
        raise Refused("PERMISSION_DENIED")
