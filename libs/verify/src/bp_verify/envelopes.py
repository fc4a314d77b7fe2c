"""Checks the parts of a proof that travelled: the envelope, its content and what nodes stated of it."""

from __future__ import annotations

import hashlib

from google.protobuf.message import DecodeError

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import envelope_pb2, proof_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_verify.nodes import Nodes
from bp_verify.report import ContentFact, EnvelopeFact, ReceiptFact, Report
from bp_verify.seals import inner_signed, outer_signed, receipt_signed
from bp_verify.words import moment, name_of

# A relay that drops something says so; everything else only the recipient's node can know.
OF_A_RELAY = (topics_pb2.DELIVERY_STATE_REFUSED, topics_pb2.DELIVERY_STATE_EXPIRED)


def check_envelope(proof: proof_pb2.Proof, nodes: Nodes, report: Report) -> envelope_pb2.EnvelopeHeader | None:
    """Checks the outer seal, and that the sending node speaks for the author; returns the header if all of that holds."""
    if not proof.envelope:
        report.notes.append("the envelope is not in this proof: it never left its node, or a relay no longer has it")
        return None
    try:
        envelope = envelope_pb2.Envelope.FromString(proof.envelope)
        header = envelope_pb2.EnvelopeHeader.FromString(envelope.header)
    except DecodeError:
        report.wrong("envelope", "it cannot be read: it was changed")
        return None
    before = len(report.faults)
    if not nodes.signed(header.sender_node, envelope.signature, outer_signed(envelope)):
        report.wrong(
            "envelope", f"its seal is not {header.sender_node}'s: header, ciphertext, keys or seal were changed"
        )
    elif not nodes.speaks_for(header.sender_node, header.author):
        report.wrong("envelope", f"{header.sender_node} does not speak for {header.author}")
    if header.envelope_id != proof.message_id:
        report.wrong("envelope", f"it is of another message, {header.envelope_id}")
    if len(report.faults) > before:
        return None
    report.envelope = EnvelopeFact(
        author=header.author,
        node=header.sender_node,
        recipients=tuple(header.recipients),
        readers=tuple(key.node for key in envelope.keys),
        topic=header.topic,
        time=moment(header.create_time),
        conversation=header.conversation,
        incarnation=header.incarnation,
        sequence=header.sequence,
        sha256=hashlib.sha256(proof.envelope).hexdigest(),
        ciphertext_sha256=hashlib.sha256(envelope.ciphertext).hexdigest(),
    )
    return header


def check_content(proof: proof_pb2.Proof, nodes: Nodes, report: Report) -> None:
    """Checks the inner seal, which binds the content to the header."""
    if not proof.content:
        return
    if report.envelope is None:
        report.wrong("content", "it can be checked only with its envelope")
        return
    try:
        sealed = envelope_pb2.SealedContent.FromString(proof.content)
        content = envelope_pb2.Content.FromString(sealed.content)
    except DecodeError:
        report.wrong("content", "it cannot be read: it was changed")
        return
    header = envelope_pb2.Envelope.FromString(proof.envelope).header
    if not nodes.signed(report.envelope.node, sealed.signature, inner_signed(header, sealed.content)):
        report.wrong("content", f"its seal is not {report.envelope.node}'s: it was changed, or is of another envelope")
        return
    report.content = content_fact(content)


def content_fact(content: envelope_pb2.Content) -> ContentFact:
    """Returns what a content says, by digest."""
    handling = content.handling
    return ContentFact(
        payload_sha256=hashlib.sha256(content.payload).hexdigest(),
        payload_bytes=len(content.payload),
        tlp=name_of(handling_pb2.Tlp, handling.tlp, "TLP_") if content.HasField("handling") else "",
        purpose=name_of(handling_pb2.Purpose, handling.purpose, "PURPOSE_") if content.HasField("handling") else "",
        files=tuple((key.blob.digest, key.blob.size_bytes) for key in content.blobs),
    )


def check_receipts(
    proof: proof_pb2.Proof, header: envelope_pb2.EnvelopeHeader | None, nodes: Nodes, report: Report
) -> None:
    """Checks who signed each statement, that it may be that node's, and that it is about this message."""
    for number, signed in enumerate(proof.receipts, 1):
        part = f"receipt {number}"
        if not nodes.signed(signed.node, signed.signature, receipt_signed(signed.receipt)):
            report.wrong(part, f"its signature is not {signed.node}'s: statement or signature were changed")
            continue
        try:
            receipt = topics_pb2.Receipt.FromString(signed.receipt)
        except DecodeError:
            report.wrong(part, f"what {signed.node} signed is no statement")
            continue
        if fault := _unfit(signed, receipt, proof, header, nodes):
            report.wrong(part, fault)
            continue
        report.receipts.append(
            ReceiptFact(
                node=signed.node,
                recipient=receipt.recipient,
                state=name_of(topics_pb2.DeliveryState, receipt.state, "DELIVERY_STATE_"),
                time=moment(receipt.state_time),
                ground=receipt.ground,
            )
        )


def _unfit(
    signed: envelope_pb2.SignedReceipt,
    receipt: topics_pb2.Receipt,
    proof: proof_pb2.Proof,
    header: envelope_pb2.EnvelopeHeader | None,
    nodes: Nodes,
) -> str:
    if receipt.message_id != proof.message_id:
        return f"it is of another message, {receipt.message_id}"
    if header is not None and receipt.recipient not in header.recipients:
        return f"it speaks of {receipt.recipient}, to whom the message was not sent"
    of_relay = nodes.relays(signed.node) and receipt.state in OF_A_RELAY
    if not nodes.speaks_for(signed.node, receipt.recipient) and not of_relay:
        return f"{signed.node} does not speak for {receipt.recipient}"
    return ""
