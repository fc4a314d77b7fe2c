import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bluepacific.common.v1 import blob_pb2, handling_pb2
from bluepacific.exchange.v1 import envelope_pb2, register_pb2
from bp_exchange.protocol.envelope import seal
from bp_exchange.protocol.keys import NodeKeys, SealingKey
from bp_exchange.protocol.register import Directory

COUNTRIES = {"ptccc": "WSM", "fji": "FJI", "ton": "TON", "vut": "VUT"}


class Society:
    """Four nodes that know each other, and an envelope from Fiji to Tonga."""

    def __init__(self):
        self.keys = {node: NodeKeys(node, Ed25519PrivateKey.generate(), SealingKey.generate()) for node in COUNTRIES}
        self.directory = self.directory_of()

    def directory_of(self, *, revoked=()):
        return Directory(
            register_pb2.Register(
                version=1,
                nodes=[
                    register_pb2.Node(
                        node_id=node,
                        countries=[COUNTRIES[node]],
                        centre=node == "ptccc",
                        sign_key=keys.sign.public_key().public_bytes_raw(),
                        hpke_key=keys.sealing.public_bytes(),
                        revoked=node in revoked,
                    )
                    for node, keys in self.keys.items()
                ],
            )
        )

    def header(self, **fields):
        values = {
            "envelope_id": "01900000-0000-7000-8000-000000000001",
            "incarnation": "one",
            "sequence": 1,
            "author": "countries/FJI/units/ncb",
            "recipients": ["countries/TON/units/ncb"],
            "topic": "bluepacific.cooperation.v1.request.opened",
            "urgency": handling_pb2.URGENCY_ROUTINE,
            "conversation": "countries/FJI/requests/1",
        }
        return envelope_pb2.EnvelopeHeader(**(values | fields))

    def content(self, payload=b"seen at dawn", **fields):
        handling = handling_pb2.Handling(tlp=handling_pb2.TLP_RED, purpose=handling_pb2.PURPOSE_INVESTIGATION)
        return envelope_pb2.Content(payload=payload, handling=handling, **fields)

    def sealed(self, header=None, content=None, *, sender="fji", to=("ton",)):
        nodes = [(node, self.keys[node].sealing.public_bytes()) for node in to]
        return seal(
            header or self.header(),
            content or self.content(),
            keys=self.keys[sender],
            nodes=nodes,
            random=os.urandom,
        )

    def blob_key(self, **fields):
        values = {"blob": blob_pb2.Blob(digest="ab" * 32, size_bytes=10), "key": bytes(32)}
        return envelope_pb2.BlobKey(**(values | fields))


@pytest.fixture(scope="session")
def society():
    return Society()
