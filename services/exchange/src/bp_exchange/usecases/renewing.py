"""At the centre: new certificates for a node that is in the register, and new keys. Identity is not a key: the node stays who it is.

Replaced keys are kept in the register. What was signed with them before is proven by them for ever; what comes signed with them is taken
for as long as they are not retired, because envelopes may have been on their way for months. They are retired when the overlap is over,
by the centre's clock, or at once when the node says that they are in wrong hands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bluepacific.exchange.v1 import enrolment_service_pb2 as enrolment_pb2
from bluepacific.exchange.v1 import register_pb2
from bp_exchange.usecases.enrolling import Issuer, with_node
from bp_exchange.usecases.work import Work
from bp_kit.errors import Refused
from bp_verify.seals import verifies
from bp_verify.trust import Trusted

# Of one node; older ones prove what nobody asks for any more.
_MOST_KEYS = 50
_PREFIX = b"bluepacific/1 renew\0"


@dataclass(frozen=True)
class Wish:
    """What a person asks for.

    Attributes:
        rotate: New keys, too.
        compromised: Those the node has are in wrong hands: new ones, without overlap.
    """

    rotate: bool = False
    compromised: bool = False


def renewal_of(request: enrolment_pb2.RenewRequest) -> bytes:
    """Returns what a node signs with both keys to have its certificates and keys replaced."""
    flag, version = bytes([request.compromised]), request.wire_version.to_bytes(4)
    parts = (request.node_id.encode(), request.csr, request.sign_key, request.hpke_key, flag, version)
    return _PREFIX + b"".join(len(part).to_bytes(4) + part for part in parts)


async def renew(
    work: Work, issuer: Issuer, known: Trusted, request: enrolment_pb2.RenewRequest
) -> tuple[bytes, bytes, Trusted]:
    """Returns a node's new certificate and renewal certificate, and the register with its keys. Repeating it changes nothing more.

    Raises:
        Refused: NOT_FOUND: the register has no such node, or it is revoked; PROOF_INVALID.
    """
    node = next((one for one in known.register.nodes if one.node_id == request.node_id and not one.revoked), None)
    if node is None:
        raise Refused("NOT_FOUND", name=request.node_id)
    signed = renewal_of(request)
    # A repeat of what was done already, whose answer was lost, is signed with keys that have been replaced by it.
    is_repeat = (request.sign_key, request.hpke_key) == (node.sign_key, node.hpke_key)
    if not verifies(request.sign_key, request.new_proof, signed):
        raise Refused("PROOF_INVALID", field="new_proof")
    if not is_repeat and not verifies(node.sign_key, request.proof, signed):
        raise Refused("PROOF_INVALID", field="proof")
    try:
        certificate, renewal, tls_key = issuer.certify(request.node_id, request.csr)
    except ValueError:
        raise Refused("PROOF_INVALID", field="csr") from None
    renewed = replaced(node, request, tls_key, work.clock())
    if renewed == node:
        return certificate, renewal, known
    trusted = issuer.publish(known, with_node(known.register, renewed))
    await work.keep_register(trusted)
    return certificate, renewal, trusted


def replaced(
    node: register_pb2.Node, request: enrolment_pb2.RenewRequest, tls_key: bytes, now: datetime
) -> register_pb2.Node:
    """Returns a node with its keys from now on, and those that it had."""
    renewed = register_pb2.Node()
    renewed.CopyFrom(node)
    renewed.wire_version = request.wire_version or node.wire_version
    keys = (request.sign_key, request.hpke_key, tls_key)
    if keys == (node.sign_key, node.hpke_key, node.tls_key_sha256):
        return renewed
    had = register_pb2.PreviousKeys(
        sign_key=node.sign_key, hpke_key=node.hpke_key, tls_key_sha256=node.tls_key_sha256, retired=request.compromised
    )
    had.replace_time.FromDatetime(now)
    del renewed.previous_keys[:]
    renewed.previous_keys.extend([had, *node.previous_keys][:_MOST_KEYS])
    if request.compromised:
        for one in renewed.previous_keys:
            one.retired = True
    renewed.sign_key, renewed.hpke_key, renewed.tls_key_sha256 = keys
    return renewed


async def retire(work: Work, issuer: Issuer, known: Trusted, overlap: timedelta) -> bool:
    """Retires keys whose overlap is over; tells whether there were any."""
    before = work.clock() - overlap
    register = register_pb2.Register()
    register.CopyFrom(known.register)
    due = [one for node in register.nodes for one in node.previous_keys if not one.retired and _since(one) < before]
    if not due:
        return False
    for one in due:
        one.retired = True
    register.version += 1
    await work.keep_register(issuer.publish(known, register))
    return True


def _since(keys: register_pb2.PreviousKeys) -> datetime:
    return keys.replace_time.ToDatetime(tzinfo=UTC)
