"""Checks a message that travelled in an envelope of version 2: its part of the envelope, its content, and the lists that speak of it."""

from __future__ import annotations

import hashlib

from google.protobuf.message import DecodeError

from bluepacific.exchange.v1 import envelope_pb2, proof_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_verify.envelopes import OF_A_RELAY, content_fact
from bp_verify.logs import Digests
from bp_verify.merkle import root_by
from bp_verify.messages import NODES, Said, envelope_id_of, message_leaf, said_by, salted
from bp_verify.nodes import Nodes
from bp_verify.report import EnvelopeFact, ReceiptFact, Report
from bp_verify.seals import outer_signed_of, receipts_signed, root_signed
from bp_verify.words import moment, moment_of_millis, name_of

_SALT_BYTES = 16


def check_message(proof: proof_pb2.Proof, nodes: Nodes, report: Report) -> Digests:
    """Checks both seals, the message's place under them, its content and what was stated of it; returns what the log must tell of."""
    message = proof.message
    try:
        header = envelope_pb2.EnvelopeHeader.FromString(message.header)
        head = envelope_pb2.MessageHead.FromString(message.head)
    except DecodeError:
        report.wrong("envelope", "it cannot be read: it was changed")
        return Digests(b"", {})
    leaf = message_leaf(salted(message.head_salt, message.head), message.content_digest)
    batch_id = envelope_id_of(header.sender_node, header.incarnation_id, header.sequence)
    if _is_sealed(message, header, nodes, report) and _is_inside(message, header, leaf, batch_id, nodes, report):
        _check_head(proof, header, head, nodes, report)
    if message.content or message.content_salt:
        _check_content(message, report)
    return Digests(leaf, _check_lists(proof, head, batch_id, nodes, report))


def _is_sealed(
    message: proof_pb2.ProvenMessage, header: envelope_pb2.EnvelopeHeader, nodes: Nodes, report: Report
) -> bool:
    signed = outer_signed_of(message.header, message.ciphertext_sha256, message.keys)
    if nodes.signed(header.sender_node, message.signature, signed):
        return True
    report.wrong(
        "envelope",
        f"its seal is not {header.sender_node}'s: header, digest of the ciphertext, keys or seal were changed",
    )
    return False


def _is_inside(  # noqa: PLR0917 - what a leaf hangs on
    message: proof_pb2.ProvenMessage,
    header: envelope_pb2.EnvelopeHeader,
    leaf: bytes,
    batch_id: str,
    nodes: Nodes,
    report: Report,
) -> bool:
    root = root_by(message.count, message.position, leaf, message.hashes)
    is_salted = len(message.head_salt) == _SALT_BYTES
    if (
        root is not None
        and is_salted
        and nodes.signed(header.sender_node, message.inner_signature, root_signed(root, message.count, batch_id))
    ):
        return True
    report.wrong(
        "message",
        f"it is not one that {header.sender_node} sealed into this envelope: head, content's digest, position, hashes or seal were changed",
    )
    return False


def _check_head(
    proof: proof_pb2.Proof,
    header: envelope_pb2.EnvelopeHeader,
    head: envelope_pb2.MessageHead,
    nodes: Nodes,
    report: Report,
) -> None:
    message = proof.message
    before = len(report.faults)
    if not nodes.speaks_for(header.sender_node, head.author):
        report.wrong("message", f"{header.sender_node} does not speak for {head.author}")
    if head.message_id.hex() != proof.message_id.replace("-", ""):
        report.wrong("message", f"it is another message, {head.message_id.hex()}")
    if len(report.faults) > before:
        return
    signed = outer_signed_of(message.header, message.ciphertext_sha256, message.keys)
    report.envelope = EnvelopeFact(
        author=head.author,
        node=header.sender_node,
        recipients=tuple(head.recipients),
        readers=tuple(key.node for key in message.keys),
        topic=head.topic,
        time=moment(head.create_time),
        conversation=head.conversation,
        incarnation=header.incarnation_id.hex(),
        sequence=header.sequence,
        sha256=hashlib.sha256(signed).hexdigest(),
        ciphertext_sha256=message.ciphertext_sha256.hex(),
        position=message.position,
        count=message.count,
    )


def _check_content(message: proof_pb2.ProvenMessage, report: Report) -> None:
    if report.envelope is None:
        report.wrong("content", "it can be checked only with its envelope")
        return
    is_same = salted(message.content_salt, message.content) == message.content_digest
    if not is_same or len(message.content_salt) != _SALT_BYTES:
        report.wrong("content", f"it is not what {report.envelope.node} sealed: content or salt were changed")
        return
    try:
        content = envelope_pb2.Content.FromString(message.content)
    except DecodeError:
        report.wrong("content", "it cannot be read")
        return
    report.content = content_fact(content)


def _check_lists(
    proof: proof_pb2.Proof, head: envelope_pb2.MessageHead, batch_id: str, nodes: Nodes, report: Report
) -> dict[str, frozenset[bytes]]:
    """Checks who signed each list, and that what it says of this message may be that node's to say; returns the log's digests of it."""
    digests = {}
    for number, signed in enumerate(proof.stated, 1):
        part = f"receipt {number}"
        try:
            receipts = envelope_pb2.Receipts.FromString(signed.receipts)
            about = [one for one in said_by(receipts) if one.envelope_id == batch_id]
        except (DecodeError, ValueError):
            report.wrong(part, "it cannot be read: it was changed")
            continue
        if not nodes.signed(receipts.node, signed.signature, receipts_signed(signed.receipts)):
            report.wrong(part, f"its signature is not {receipts.node}'s: a statement or the signature were changed")
            continue
        said = [
            one
            for told in about
            if told.position in (None, proof.message.position)
            for one in _named(told, head, receipts.node, nodes)
        ]
        if not said:
            report.wrong(part, f"{receipts.node} says nothing of this message in it that it may say")
            continue
        digests[part] = frozenset(one.digest(proof.message_id) for one in said)
        report.receipts += [_fact(receipts.node, one) for one in said]
    return digests


def _named(said: Said, head: envelope_pb2.MessageHead, node: str, nodes: Nodes) -> list[Said]:
    """A relay speaks of all recipients at a node; who they are is in the message's head."""
    if not said.recipient.startswith(NODES):
        is_its = said.recipient in head.recipients and nodes.speaks_for(node, said.recipient)
        return [said] if is_its else []
    meant = said.recipient.removeprefix(NODES)
    if said.state not in OF_A_RELAY or not (nodes.relays(node) or meant == node):
        return []
    return [
        Said(said.envelope_id, said.position, name, said.state, said.millis, said.ground, said.trace)
        for name in head.recipients
        if nodes.speaks_for(meant, name)
    ]


def _fact(node: str, said: Said) -> ReceiptFact:
    return ReceiptFact(
        node=node,
        recipient=said.recipient,
        state=name_of(topics_pb2.DeliveryState, said.state, "DELIVERY_STATE_"),
        time=moment_of_millis(said.millis),
        ground=said.ground,
    )
