"""A proof as a node exports it, made in memory with real keys and real TUF metadata; each part can be changed before it is checked."""

import hashlib
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from bluepacific.exchange.v1 import envelope_pb2, log_pb2, proof_pb2, register_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_verify import seals
from bp_verify.merkle import join, leaf_hash
from bp_verify.trust import TARGET

ID = "01900000-0000-7000-8000-000000000001"
OTHER_ID = "01900000-0000-7000-8000-000000000002"
UNIT = "countries/TON/units/ncb"
COUNTRIES = {"ptccc": "WSM", "fji": "FJI", "ton": "TON"}
STATES = topics_pb2.DeliveryState
_ROLES = ("root", "targets", "snapshot", "timestamp")
_EXPIRES = datetime(2036, 1, 1, tzinfo=UTC)


class Network:
    """Nodes, their keys and their register."""

    def __init__(self):
        self.keys = {node: Ed25519PrivateKey.generate() for node in COUNTRIES}
        self.signers = {role: CryptoSigner(Ed25519PrivateKey.generate()) for role in _ROLES}
        self.root = Root(version=1, expires=_EXPIRES, consistent_snapshot=False)
        for role in _ROLES:
            self.root.add_key(self.signers[role].public_key, role)
        self.roots = [self._signed("root", self.root)]

    def rotate_root(self):
        """Adds a newer root with another key of its own, signed by both."""
        newer = Metadata[Root].from_bytes(self.roots[-1]).signed
        newer.version += 1
        before, after = self.signers["root"], CryptoSigner(Ed25519PrivateKey.generate())
        newer.revoke_key(before.public_key.keyid, "root")
        newer.add_key(after.public_key, "root")
        metadata = Metadata(newer)
        metadata.sign(before)
        metadata.sign(after, append=True)
        self.signers["root"] = after
        self.roots.append(metadata.to_bytes())

    def register(self, revoked=()):
        nodes = [
            register_pb2.Node(
                node_id=node,
                countries=[COUNTRIES[node]],
                centre=node == "ptccc",
                sign_key=key.public_key().public_bytes_raw(),
                revoked=node in revoked,
            )
            for node, key in self.keys.items()
        ]
        return register_pb2.Register(version=3, nodes=nodes)

    def bundle(self, register):
        raw = register.SerializeToString(deterministic=True)
        target = TargetFile.from_data(TARGET, raw, ["sha256"])
        targets = self._signed("targets", Targets(3, expires=_EXPIRES, targets={TARGET: target}))
        meta = {"targets.json": MetaFile.from_data(3, targets, ["sha256"])}
        snapshot = self._signed("snapshot", Snapshot(3, expires=_EXPIRES, meta=meta))
        stamped = MetaFile.from_data(3, snapshot, ["sha256"])
        timestamp = self._signed("timestamp", Timestamp(5, expires=_EXPIRES, snapshot_meta=stamped))
        return register_pb2.RegisterBundle(
            roots=self.roots, timestamp=timestamp, snapshot=snapshot, targets=targets, register=raw
        )

    def _signed(self, role, signed):
        metadata = Metadata(signed)
        metadata.sign(self.signers[role])
        return metadata.to_bytes()

    def receipt(self, state, node="ton", recipient=UNIT, message_id=ID):
        receipt = topics_pb2.Receipt(message_id=message_id, recipient=recipient, state=state)
        receipt.state_time.FromJsonString("2026-11-25T10:00:00Z")
        raw = receipt.SerializeToString(deterministic=True)
        signature = self.keys[node].sign(seals.receipt_signed(raw))
        return envelope_pb2.SignedReceipt(receipt=raw, node=node, signature=signature)

    def envelope(self, author="countries/FJI/units/ncb", message_id=ID):
        header = envelope_pb2.EnvelopeHeader(
            version=1,
            envelope_id=message_id,
            sender_node="fji",
            incarnation="one",
            sequence=7,
            author=author,
            recipients=[UNIT],
            topic="bluepacific.cooperation.v1.request.opened",
        )
        header.create_time.FromJsonString("2026-11-25T09:59:00Z")
        envelope = envelope_pb2.Envelope(header=header.SerializeToString(deterministic=True), ciphertext=b"c" * 100)
        envelope.keys.add(node="ton", wrapped=b"k" * 60)
        envelope.signature = self.keys["fji"].sign(seals.outer_signed(envelope))
        return envelope

    def content(self, envelope, payload=b"seen at dawn"):
        content = envelope_pb2.Content(payload=payload)
        content.handling.tlp = 4
        content.blobs.add(key=b"k" * 32).blob.digest = "ab" * 32
        raw = content.SerializeToString(deterministic=True)
        signature = self.keys["fji"].sign(seals.inner_signed(envelope.header, raw))
        return envelope_pb2.SealedContent(content=raw, signature=signature)

    def head(self, leaves, node="fji"):
        head = log_pb2.TreeHead(node_id=node, incarnation="one", size=len(leaves), root=root(leaves))
        head.head_time.FromJsonString("2026-11-25T10:30:00Z")
        raw = head.SerializeToString(deterministic=True)
        return log_pb2.SignedTreeHead(head=raw, signature=self.keys[node].sign(seals.head_signed(raw)))

    def proof(self, envelope=None, receipts=None, register=None, content=None):
        """Fiji's proof: sent, and two statements of Tonga heard; other leaves lie between."""
        envelope = envelope or self.envelope()
        if receipts is None:
            receipts = [self.receipt(STATES.DELIVERY_STATE_ACCEPTED), self.receipt(STATES.DELIVERY_STATE_OPENED)]
        raw = envelope.SerializeToString(deterministic=True)
        entries = [entry(log_pb2.LOG_EVENT_SENT, digest=hashlib.sha256(raw).digest())]
        for one in receipts:
            said = topics_pb2.Receipt.FromString(one.receipt)
            digest = hashlib.sha256(one.receipt).digest()
            entries.append(entry(log_pb2.LOG_EVENT_HEARD, digest=digest, recipient=said.recipient, state=said.state))
        leaves, about = [], []
        for number, one in enumerate(entries):
            leaves.append(leaf_hash(f"another's {number}".encode()))
            about.append(len(leaves))
            leaves.append(leaf_hash(one))
        proof = proof_pb2.Proof(
            version=1,
            node_id="fji",
            message_id=ID,
            envelope=raw,
            receipts=receipts,
            head=self.head(leaves),
            register=self.bundle(register or self.register()),
            content=content.SerializeToString(deterministic=True) if content else b"",
        )
        proof.export_time.FromDatetime(datetime(2026, 11, 25, 10, 30, tzinfo=UTC) + timedelta(seconds=1))
        for at, one in zip(about, entries, strict=True):
            proof.entries.add(entry=one, position=at, hashes=path(at, leaves))
        return proof

    def file(self, proof, node="fji"):
        """The file, signed as exported."""
        raw = proof.SerializeToString(deterministic=True)
        signature = self.keys[node].sign(seals.proof_signed(raw))
        return proof_pb2.ProofFile(proof=raw, signature=signature).SerializeToString(deterministic=True)


def entry(event, **fields):
    made = log_pb2.LogEntry(**({"event": event, "envelope_id": ID} | fields))
    made.event_time.FromJsonString("2026-11-25T10:10:00Z")
    return made.SerializeToString(deterministic=True)


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return join(root(leaves[:split]), root(leaves[split:]))


def path(at, leaves):
    """The definition of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if at < split:
        return [*path(at, leaves[:split]), root(leaves[split:])]
    return [*path(at - split, leaves[split:]), root(leaves[:split])]
