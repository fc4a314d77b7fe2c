"""At a new node: enrols with the token from the centre. Its keys never leave it; what it believes is what the token pins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import grpc
from cryptography import x509

from bluepacific.exchange.v1 import enrolment_service_pb2 as enrolment_pb2
from bluepacific.exchange.v1 import enrolment_service_pb2_grpc, register_pb2
from bp_exchange.adapters.certificates import door_key, host_of, knock, make_request, peer_key_digest, pem
from bp_exchange.adapters.key_folder import (
    AUTHORITY,
    CERTIFICATE,
    REGISTER,
    RENEWAL,
    KeyFolder,
    key_digest,
    private_pem,
)
from bp_exchange.usecases.enrolling import proof_of
from bp_verify.trust import Trusted, trust

_SECONDS = 30.0
_GUEST_LIFETIME = timedelta(days=3)


class JoinRefusedError(Exception):
    """The centre's answer is not what it must be."""


@dataclass(frozen=True)
class Joined:
    """What enrolment brought.

    Attributes:
        node: This node as the register has it, or will when a second person has confirmed it.
        centre: The centre.
        trusted: The register.
    """

    node: register_pb2.Node
    centre: register_pb2.Node
    trusted: Trusted


async def join(folder: KeyFolder, invitation: enrolment_pb2.Invitation, now: datetime) -> Joined:
    """Enrols the node and writes its certificate and the register into its key folder.

    Raises:
        grpc.RpcError: The centre cannot be reached or refuses.
        JoinRefusedError: The answer is not for this node's keys.
    """
    request = _request(folder, invitation)
    authority = pem(x509.load_der_x509_certificate(invitation.authority))
    async with _channel(invitation, authority, now) as channel:
        stub = enrolment_service_pb2_grpc.EnrolmentServiceStub(channel)
        answer = await stub.Enrol(request, timeout=_SECONDS, wait_for_ready=True)
    trusted = trust(answer.register, None)
    joined = _checked(folder, request, answer, trusted)
    folder.write(AUTHORITY, authority)
    folder.write(CERTIFICATE, answer.certificate)
    if answer.renewal_certificate:
        folder.write(RENEWAL, answer.renewal_certificate)
    folder.write(REGISTER, trusted.bundle.SerializeToString(deterministic=True))
    return joined


def _request(folder: KeyFolder, invitation: enrolment_pb2.Invitation) -> enrolment_pb2.EnrolRequest:
    keys = folder.keys()
    request = enrolment_pb2.EnrolRequest(
        secret=invitation.secret,
        node_id=folder.node_id,
        csr=_signing_request(folder, invitation.secret),
        sign_key=keys.sign.public_key().public_bytes_raw(),
        hpke_key=keys.sealing.public_bytes(),
        wire_version=folder.wire_version,
    )
    request.proof = keys.sign.sign(proof_of(request))
    return request


def _signing_request(folder: KeyFolder, secret: bytes) -> bytes:
    """ECDSA signs differently each time, and a repeat must be the same request: so the first one is kept."""
    name = f"request-{key_digest(door_key(secret).public_key()).hex()[:16]}.der"
    held = folder.read(name)
    if not held:
        held = make_request(folder.tls(), folder.node_id)
        folder.write(name, held)
    return held


def _channel(invitation: enrolment_pb2.Invitation, authority: bytes, now: datetime) -> grpc.aio.Channel:
    door = door_key(invitation.secret)
    credentials = grpc.ssl_channel_credentials(authority, private_pem(door), pem(knock(door, now, _GUEST_LIFETIME)))
    options = (("grpc.ssl_target_name_override", host_of(invitation.centre)), ("grpc.use_local_subchannel_pool", 1))
    return grpc.aio.secure_channel(invitation.link, credentials, options=options)


def _checked(
    folder: KeyFolder, request: enrolment_pb2.EnrolRequest, answer: enrolment_pb2.EnrolResponse, trusted: Trusted
) -> Joined:
    own_key = key_digest(folder.tls().public_key())
    node = next((one for one in trusted.register.nodes if one.node_id == folder.node_id), None)
    if answer.unconfirmed:
        node = register_pb2.Node(
            node_id=folder.node_id, sign_key=request.sign_key, hpke_key=request.hpke_key, tls_key_sha256=own_key
        )
    centre = next((one for one in trusted.register.nodes if one.centre), None)
    if node is None or centre is None or peer_key_digest(answer.certificate) != own_key:
        raise JoinRefusedError("the centre's register does not have this node, or its certificate is another node's")
    if (node.sign_key, node.hpke_key, node.tls_key_sha256) != (request.sign_key, request.hpke_key, own_key):
        raise JoinRefusedError("the centre's register has other keys for this node")
    return Joined(node, centre, trusted)
