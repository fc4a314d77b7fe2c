"""At the centre: letting nodes in, and cutting them off."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Protocol

from bluepacific.exchange.v1 import enrolment_service_pb2 as enrolment_pb2
from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bluepacific.exchange.v1 import register_pb2
from bp_exchange.protocol.words import fingerprint
from bp_exchange.usecases.records import InvitationRecord
from bp_exchange.usecases.work import Work
from bp_kit.errors import Refused
from bp_kit.names import country_of
from bp_verify.seals import verifies
from bp_verify.trust import Trusted

_PREFIX = b"bluepacific/1 enrol\0"


class Invitations(Protocol):
    """Who may enrol."""

    async def find(self, secret: bytes) -> InvitationRecord | None:
        """Returns the invitation of a secret, held until the transaction ends."""

    async def use(
        self, secret_sha256: str, request_digest: bytes, certificate: bytes, *, candidate: bytes | None, now: datetime
    ) -> None:
        """Notes what an invitation was used for; a candidate waits for a second person."""

    async def waiting(self) -> list[InvitationRecord]:
        """Returns the invitations with which a node enrolled that nobody has confirmed yet, the oldest first."""

    async def confirm(self, secret_sha256: str, confirmed_by: str) -> None:
        """Notes who confirmed the node that enrolled with an invitation."""


class Issuer(Protocol):
    """The network's authority."""

    def certify(self, node_id: str, request: bytes) -> tuple[bytes, bytes, bytes]:
        """Returns a node's certificate and renewal certificate (PEM) and its key's digest; ValueError for no signing request."""

    def publish(self, known: Trusted, register: register_pb2.Register) -> Trusted:
        """Returns a newer register with its proofs."""


def proof_of(request: enrolment_pb2.EnrolRequest) -> bytes:
    """Returns what a node signs to prove that it holds the keys it names."""
    parts = (request.secret, request.node_id.encode(), request.csr, request.sign_key, request.hpke_key)
    return _PREFIX + b"".join(len(part).to_bytes(4) + part for part in parts)


async def enrol(
    work: Work, invitations: Invitations, issuer: Issuer, known: Trusted, request: enrolment_pb2.EnrolRequest
) -> tuple[bytes, Trusted]:
    """Lets a node in: returns its certificate and the register with it. A repeat of the same request gets the same answer.

    Raises:
        Refused: INVITATION_INVALID, PROOF_INVALID.
    """
    invitation = await invitations.find(request.secret)
    digest = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
    if invitation is None or not _is_open(invitation, request.node_id, digest, work.clock()):
        raise Refused("INVITATION_INVALID")
    if invitation.certificate:
        return invitation.certificate, known
    if not verifies(request.sign_key, request.proof, proof_of(request)):
        raise Refused("PROOF_INVALID", field="proof")
    try:
        certificate, _, tls_key = issuer.certify(request.node_id, request.csr)
    except ValueError:
        raise Refused("PROOF_INVALID", field="csr") from None
    node = register_pb2.Node(
        node_id=request.node_id,
        countries=invitation.countries,
        sign_key=request.sign_key,
        hpke_key=request.hpke_key,
        tls_key_sha256=tls_key,
        wire_version=request.wire_version,
    )
    if is_served(known.register, node):
        raise Refused("INVITATION_INVALID")
    waits = bool(invitation.invited_by)
    candidate = node.SerializeToString(deterministic=True) if waits else None
    await invitations.use(invitation.secret_sha256, digest, certificate, candidate=candidate, now=work.clock())
    if waits:
        return certificate, known
    trusted = issuer.publish(known, with_node(known.register, node))
    await work.keep_register(trusted)
    return certificate, trusted


async def confirm(
    work: Work,
    invitations: Invitations,
    issuer: Issuer,
    known: Trusted,
    request: exchange_pb2.ConfirmNodeRequest,
) -> None:
    """Puts a node into the register that has enrolled, on the word of a second person who has compared its fingerprint.

    Raises:
        Refused: NOT_FOUND: no such node waits; SECOND_PERSON_NEEDED, FINGERPRINT_DIFFERS; INVITATION_INVALID: another node serves
            its countries by now.
    """
    waiting = [one for one in await invitations.waiting() if one.node_id == request.node_id]
    if not waiting:
        raise Refused("NOT_FOUND", name=request.node_id)
    # Whoever enrolled twice with two invitations is confirmed with the keys of the last one.
    invitation = waiting[-1]
    if _person(request.confirmed_by) == _person(invitation.invited_by):
        raise Refused("SECOND_PERSON_NEEDED", field="confirmed_by", person=invitation.invited_by)
    node = register_pb2.Node.FromString(invitation.candidate or b"")
    if _words(request.fingerprint) != _words(fingerprint(node)):
        raise Refused("FINGERPRINT_DIFFERS", field="fingerprint")
    if is_served(known.register, node):
        raise Refused("INVITATION_INVALID")
    for one in waiting:
        await invitations.confirm(one.secret_sha256, request.confirmed_by)
    await work.keep_register(issuer.publish(known, with_node(known.register, node)))


def _person(name: str) -> str:
    return " ".join(name.casefold().split())


def _words(text: str) -> list[str]:
    return text.casefold().split()


def _is_open(invitation: InvitationRecord, node_id: str, digest: bytes, now: datetime) -> bool:
    used_for_another = invitation.request_digest is not None and invitation.request_digest != digest
    return invitation.node_id == node_id and now < invitation.expire_time and not used_for_another


def is_served(register: register_pb2.Register, node: register_pb2.Node) -> bool:
    """Tells whether another node serves one of the node's countries."""
    others = [one for one in register.nodes if one.node_id != node.node_id and not one.revoked]
    return any(set(one.countries) & set(node.countries) for one in others)


def with_node(register: register_pb2.Register, node: register_pb2.Node) -> register_pb2.Register:
    """Returns the next register, with a node that is new or has new keys."""
    others = [one for one in register.nodes if one.node_id != node.node_id]
    return register_pb2.Register(version=register.version + 1, nodes=[*others, node])


async def revoke(work: Work, issuer: Issuer, known: Trusted, node_id: str, unit: str = "") -> None:
    """Cuts a node or one of its units off: every node hears of it at once, or at its next contact. Repeating it changes nothing.

    Raises:
        Refused: NOT_FOUND: there is no such node, it is the centre, or the unit is of no country of it.
    """
    node = next((one for one in known.register.nodes if one.node_id == node_id), None)
    if node is None or (node.centre and not unit) or (unit and country_of(unit) not in node.countries):
        raise Refused("NOT_FOUND", name=unit or node_id)
    if node.revoked or unit in node.revoked_units:
        return
    revoked = register_pb2.Node()
    revoked.CopyFrom(node)
    if unit:
        revoked.revoked_units.append(unit)
    else:
        revoked.revoked = True
    await work.keep_register(issuer.publish(known, with_node(known.register, revoked)))
