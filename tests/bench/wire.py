"""What messages weigh on the wire: envelopes of version 2 and the receipts that come back, in seconds and without a network.

    .venv/bin/python -m tests.bench.wire [--json FILE]

Sealed as the exchange seals, framed as a link frames; what TLS and HTTP/2 add is counted by their rules (a record of at most 16 KiB has 22
bytes of its own, a frame 9, a gRPC message 5), and each end tells the other once per 32 KiB that it may go on (13 bytes and a record).
Messages are those of tests/bench/link: other words, names and ids than the dictionary was trained on.
"""

from __future__ import annotations

import argparse
import json
import os
import uuid
from pathlib import Path

import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2, register_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.batch import OpenedBatch, finish, prepare
from bp_exchange.protocol.compression import NEWEST_DICTIONARY, compress, padded
from bp_exchange.protocol.epoch import Reader, make_grant
from bp_exchange.protocol.keys import NodeKeys, SealingKey
from bp_exchange.protocol.receipt_list import sign_list
from bp_exchange.usecases.records import QueueItem
from bp_exchange.usecases.sealing import choose, room_for
from tests.bench.link.payloads import messages

_COUNT = 5000
# 512 kbit/s, in bytes a second.
_PACE = 64_000
_ROUTINE = handling_pb2.URGENCY_ROUTINE
_RECORD = 16 * 1024
_PER_RECORD = 22 + 9
_WINDOW = 32 * 1024
_NODES = ("ton", "wsm", "vut")

Message = tuple[bytes, bytes]


def main() -> None:
    """Measures, and writes the table."""
    options = argparse.ArgumentParser(description="What messages weigh on the wire.")
    options.add_argument("--json", type=Path, help="Write the figures here, too.")
    chosen = options.parse_args()
    wire = Wire()
    payloads = list(messages(_COUNT))
    rows = [*wire.single(payloads), *wire.many(payloads)]
    print("| wire | unit | measured | aim |")
    print("|---|---|---:|---:|")
    for name, unit, figure, aim in rows:
        print(
            f"| {name} | {unit} | {figure:.3g} | {aim} |"
            if unit == "ratio"
            else f"| {name} | {unit} | {figure:.0f} | {aim} |"
        )
    if chosen.json:
        found = [
            {"name": name, "unit": unit} | dict.fromkeys(("min", "median", "max"), at) for name, unit, at, _ in rows
        ]
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


class Wire:
    """Fiji's way to Tonga through the centre."""

    def __init__(self) -> None:
        self._keys = {
            node: NodeKeys(node, Ed25519PrivateKey.generate(), SealingKey.generate()) for node in ("fji", *_NODES)
        }
        self._readers = [Reader(node, os.urandom(8), os.urandom(32)) for node in _NODES]
        self._sequence = 1000
        self._incarnation = os.urandom(8)

    def single(self, payloads: list[bytes]) -> list[tuple[str, str, float, str]]:
        """Returns what one message weighs, alone and with others, and what is not the messages themselves."""
        records = _records(payloads)[:400]
        short = [self._message(one) for one in records]
        alone = [self._seal([one])[1] for one in short]
        wider = self._seal(short[:1], readers=3)[1] - alone[0]
        batches = [self._seal(short[at : at + 50])[1] for at in range(0, 400, 50)]
        size = sum(map(len, records)) / len(records)
        bare = sum(len(zstandard.compress(one)) for one in records) / len(records)
        overhead = self._overhead(short[:1])
        return [
            ("an envelope without its messages: header, key, both seals", "bytes", overhead, "300"),
            (f"a record of {size:.0f} bytes, zstd alone, not sealed", "bytes", bare, ""),
            ("each further recipient's node", "bytes", wider / 2, "80"),
            ("the same sealed, alone", "bytes", sum(alone) / len(alone), "560"),
            ("the same sealed, in an envelope of 50", "bytes", sum(batches) / 400, "350"),
        ]

    def many(self, payloads: list[bytes]) -> list[tuple[str, str, float, str]]:
        """Returns what thousands of messages weigh that waited together, everything on the wire included."""
        useful = sum(map(len, payloads))
        sealed = [self._message(one) for one in payloads]
        waiting = [
            QueueItem("ptccc", _ROUTINE, str(at), None, len(head) + len(content), "", None, draft="m")
            for at, (head, content) in enumerate(sealed)
        ]
        down, up, envelopes, at = self._grant(), 0, 0, 0
        while at < len(waiting):
            taken = len(choose(waiting[at:], room_for(_ROUTINE, _PACE)))
            opened, size = self._seal(sealed[at : at + taken])
            down, up, envelopes, at = down + size, up + self._receipts(opened, taken), envelopes + 1, at + taken
        total = down + up
        return [
            (
                f"{_COUNT} messages of {useful / _COUNT:.0f} bytes over 512 kbit/s, per useful byte",
                "ratio",
                total / useful,
                "0.30",
            ),
            ("of it receipts: stored, then in effect", "ratio", up / useful, ""),
            ("messages in an envelope", "messages", _COUNT / envelopes, ""),
        ]

    def _message(self, payload: bytes) -> Message:
        head = envelope_pb2.MessageHead(
            message_id=uuid.uuid4().bytes,
            topic="bluepacific.bench.v1.note.sent",
            author="countries/FJI/units/ncb",
            recipients=["countries/TON/units/ncb"],
            urgency=_ROUTINE,
            conversation=_named(payload),
        )
        head.create_time.GetCurrentTime()
        content = envelope_pb2.Content(payload=payload)
        content.handling.tlp, content.handling.purpose = handling_pb2.TLP_AMBER, handling_pb2.PURPOSE_INVESTIGATION
        return head.SerializeToString(deterministic=True), content.SerializeToString(deterministic=True)

    def _seal(self, sealed: list[Message], readers: int = 1) -> tuple[OpenedBatch, int]:
        self._sequence += 1
        header = envelope_pb2.EnvelopeHeader(
            incarnation_id=self._incarnation, sequence=self._sequence, urgency=_ROUTINE
        )
        header.tlp = handling_pb2.TLP_AMBER
        prepared = prepare(sealed, random=os.urandom)
        opened, raw = finish(prepared, header, keys=self._keys["fji"], readers=self._readers[:readers])
        return opened, _framed(link_service_pb2.Item(position=10**5, envelope=raw))

    def _overhead(self, sealed: list[Message]) -> int:
        """Everything of an envelope but its compressed messages and what links, TLS and HTTP/2 add."""
        heads, contents = zip(*sealed, strict=True)
        inside = envelope_pb2.SealedMessages(heads=heads, contents=contents).SerializeToString(deterministic=True)
        opened, _ = self._seal(sealed)
        seals = opened.seals
        outside = envelope_pb2.Envelope(header=seals.header, keys=seals.keys, signature=seals.signature).ByteSize()
        body = padded(64 + len(compress(inside, NEWEST_DICTIONARY))) - len(compress(inside, NEWEST_DICTIONARY))
        return outside + body + 16 + 3

    def _grant(self) -> int:
        tonga = register_pb2.Node(node_id="ton", hpke_key=self._keys["ton"].sealing.public_bytes())
        return _framed(
            link_service_pb2.Item(grant=make_grant(os.urandom(8), os.urandom(32), keys=self._keys["fji"], node=tonga))
        )

    def _receipts(self, opened: OpenedBatch, count: int) -> int:
        """An acknowledgement, then what became of each message: stored all at once, in effect one after the other."""
        size = _framed_bytes(link_service_pb2.Frame(ack=link_service_pb2.Ack(stored=[10**5])).ByteSize())
        millis = 1_790_000_000_000
        for state in (topics_pb2.DELIVERY_STATE_ACCEPTED, topics_pb2.DELIVERY_STATE_DELIVERED):
            stated = []
            for at in range(count):
                millis += 3 + at % 7 if state == topics_pb2.DELIVERY_STATE_DELIVERED else 0
                stated.append(
                    envelope_pb2.Stated(
                        envelope_id=uuid.UUID(opened.envelope_id).bytes,
                        state=state,
                        state_millis=millis,
                        recipient="countries/TON/units/ncb",
                        messages=[at],
                    )
                )
            _, travels = sign_list(stated, keys=self._keys["ton"], to_node="fji")
            size += _framed(link_service_pb2.Item(position=10**5, receipts=travels))
        return size


def _framed(item: link_service_pb2.Item) -> int:
    return _framed_bytes(link_service_pb2.Frame(item=item).ByteSize())


def _framed_bytes(size: int) -> int:
    size += 5
    return size + -(-size // _RECORD) * _PER_RECORD + size * (13 + _PER_RECORD) // _WINDOW


def _named(payload: bytes) -> str:
    """A conversation is a record's name, as its messages say it, too."""
    record = json.loads(payload or b"{}")
    return str(record.get("name") or record.get("id") or "")


def _records(payloads: list[bytes]) -> list[bytes]:
    """Single STIX objects of about 1 kB."""
    found = [json.loads(one)["objects"][0] for one in payloads if b"objects" in one[:200]]
    records = [json.dumps(one, ensure_ascii=False).encode() for one in found]
    return [one for one in records if 900 <= len(one) <= 1100]


if __name__ == "__main__":
    main()
