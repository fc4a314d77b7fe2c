"""Any bytes at every mouth: no crash, no hang. `make fuzz SECONDS=600` goes on for longer, and knows which way the code went."""

import mouths
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bluepacific.exchange.v1 import envelope_pb2, link_service_pb2

Frame = link_service_pb2.Frame
numbers = st.integers(0, 2**64 - 1)
moderate = st.integers(0, 2**31 - 1)
words = st.text(max_size=40)
acks = st.builds(
    link_service_pb2.Ack,
    stored=st.lists(numbers, max_size=30),
    refused=st.lists(st.builds(link_service_pb2.RefusedItem, position=numbers, ground=words), max_size=5),
)
headers = st.builds(
    envelope_pb2.EnvelopeHeader,
    version=st.integers(0, 3),
    suite=st.integers(0, 3),
    envelope_id=st.sampled_from(["", "01900000-0000-7000-8000-000000000001"]) | words,
    sender_node=st.sampled_from(["fji", "ton", "ptccc"]) | words,
    sequence=numbers,
    author=st.sampled_from(["countries/FJI", "countries/TON"]) | words,
    recipients=st.lists(st.sampled_from(["countries/WSM", "countries/TON/units/ncb"]) | words, max_size=4),
    topic=st.sampled_from(["bluepacific.cooperation.v1.request.opened"]) | words,
    urgency=st.integers(-(2**31), 2**31 - 1),
    conversation=words,
    traceparent=words,
)
items = st.builds(link_service_pb2.Item, position=numbers, envelope=st.binary(max_size=60))
frames = st.one_of(
    st.builds(Frame, ack=acks),
    st.builds(Frame, item=items),
    st.builds(Frame, blob_request=st.builds(link_service_pb2.BlobRequest, digest=words, offset=moderate)),
    st.builds(Frame, blob_chunk=st.builds(link_service_pb2.BlobChunk, digest=words, offset=moderate, data=st.binary())),
    st.builds(Frame, hello=st.builds(link_service_pb2.Hello, node_id=words, version=moderate)),
)
thorough = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("mouth", mouths.MOUTHS, ids=lambda mouth: mouth.__name__)
def test_any_bytes(mouth):
    @thorough
    @given(st.binary(max_size=4096))
    def run(data):
        mouth(data)

    run()


@thorough
@given(st.lists(frames, max_size=12), st.booleans())
def test_any_frames(given_frames, greeted):
    written = b"\xff" if greeted else b"\x00"
    for frame in given_frames:
        raw = frame.SerializeToString()
        written += len(raw).to_bytes(2, "big") + raw
    mouths.frames(written)


@thorough
@given(headers)
def test_any_header(header):
    mouths.header(header.SerializeToString())


@thorough
@given(st.integers(0, 2**16), st.data())
def test_any_envelope_with_a_few_bytes_changed(at, data):
    raw = bytearray(mouths.SOCIETY.opening(b"x"))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    mouths.envelope(bytes(raw[: len(raw) - at % 3]))
