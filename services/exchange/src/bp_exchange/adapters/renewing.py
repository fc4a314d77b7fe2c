"""At a node: asks the centre for new certificates, and to have new keys in the register. Works with an expired certificate, too."""

from __future__ import annotations

from datetime import datetime

import grpc

from bluepacific.exchange.v1 import enrolment_service_pb2 as enrolment_pb2
from bluepacific.exchange.v1 import enrolment_service_pb2_grpc, register_pb2
from bp_exchange.adapters.certificates import expiry_of, host_of, make_request, peer_key_digest, requested_key
from bp_exchange.adapters.key_folder import AUTHORITY, CERTIFICATE, RENEWAL, KeyFolder, key_digest, private_pem
from bp_exchange.usecases.renewing import renewal_of
from bp_verify.trust import RegisterNotTrustedError, Trusted, trust

_SECONDS = 30.0


class NotRenewedError(Exception):
    """The certificates were not renewed; the text says why, for a person."""


def make_renewal(
    folder: KeyFolder, node: register_pb2.Node, *, rotate: bool, compromised: bool
) -> enrolment_pb2.RenewRequest:
    """Returns what a node asks for; new keys are in the folder before anybody hears of them.

    Args:
        folder: The node's keys.
        node: As the register has it.
        rotate: New keys, too.
        compromised: Those it has are in wrong hands.
    """
    keys, tls = folder.keys(node), folder.tls()
    new = keys
    if rotate or compromised:
        new, tls = folder.next(node, anew=compromised)
    request = enrolment_pb2.RenewRequest(
        node_id=folder.node_id,
        csr=make_request(tls, folder.node_id),
        sign_key=new.sign.public_key().public_bytes_raw(),
        hpke_key=new.sealing.public_bytes(),
        compromised=compromised,
        wire_version=folder.wire_version,
    )
    signed = renewal_of(request)
    request.proof, request.new_proof = keys.sign.sign(signed), new.sign.sign(signed)
    return request


async def ask_centre(
    folder: KeyFolder, link: str, known: Trusted, request: enrolment_pb2.RenewRequest, now: datetime
) -> Trusted:
    """Sends a request to the centre, writes the certificates that it answers with, and returns the register with the node's keys.

    Raises:
        NotRenewedError: The centre cannot be reached, refuses, or answers what cannot be trusted.
    """
    centre = next(node for node in known.register.nodes if node.centre and not node.revoked)
    options = (("grpc.ssl_target_name_override", host_of(centre.node_id)), ("grpc.use_local_subchannel_pool", 1))
    async with grpc.aio.secure_channel(link, _credentials(folder, now), options=options) as channel:
        stub = enrolment_service_pb2_grpc.EnrolmentServiceStub(channel)
        try:
            answer = await stub.Renew(request, timeout=_SECONDS)
        except grpc.RpcError as error:
            raise NotRenewedError(_why(error, link)) from error
    try:
        trusted = trust(answer.register, known)
        wanted = key_digest(requested_key(request.csr))
        if peer_key_digest(answer.certificate) != wanted or not _is_same(answer.authority, folder.read(AUTHORITY)):
            raise NotRenewedError("the centre's answer is for other keys, or of another network")
    except (RegisterNotTrustedError, ValueError) as error:
        raise NotRenewedError("the centre's answer cannot be trusted") from error
    folder.write(AUTHORITY, answer.authority)
    folder.write(RENEWAL, answer.renewal_certificate)
    folder.write(CERTIFICATE, answer.certificate)
    return trusted


def _credentials(folder: KeyFolder, now: datetime) -> grpc.ChannelCredentials:
    certificate, renewal = folder.read(CERTIFICATE), folder.read(RENEWAL)
    if expiry_of(certificate) <= now:
        if not renewal:
            raise NotRenewedError(
                "the certificate has expired, and this node never got one for renewal: enrol it again"
            )
        certificate = renewal
    return grpc.ssl_channel_credentials(folder.read(AUTHORITY), private_pem(folder.tls()), certificate)


def _is_same(one: bytes, other: bytes) -> bool:
    """A renewed authority has the key of the one before."""
    return peer_key_digest(one) == peer_key_digest(other)


def _why(error: grpc.RpcError, link: str) -> str:
    if error.code() is grpc.StatusCode.UNAVAILABLE:
        return f"the centre cannot be reached at {link}, or a clock is far off"
    if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"the centre at {link} does not answer in time"
    if error.code() is grpc.StatusCode.UNIMPLEMENTED:
        return "the centre is of an older release, which renews nothing"
    return str(error.details())
