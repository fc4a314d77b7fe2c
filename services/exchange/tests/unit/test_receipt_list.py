"""Many receipts under one signature say what each said."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluepacific.exchange.v1 import envelope_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.receipt_list import list_id, merged, sign_list, verify_list
from bp_exchange.protocol.refusal import Ground, RefusedItemError
from bp_verify.messages import said_by

STATES = topics_pb2.DeliveryState
ENVELOPE = uuid.UUID("01900000-0000-7000-8000-000000000001")
NOW = 1_790_000_000_000


def stated(state=STATES.DELIVERY_STATE_ACCEPTED, place=0, millis=NOW, recipient="countries/TON/units/ncb", **fields):
    places = [] if place is None else [place]
    return envelope_pb2.Stated(
        envelope_id=ENVELOPE.bytes, state=state, state_millis=millis, recipient=recipient, messages=places, **fields
    )


def told(society, statements, node="ton"):
    kept, travels = sign_list(statements, keys=society.keys[node], to_node="fji")
    receipts, again = verify_list(travels, society.directory)
    assert again == kept
    return receipts


statements = st.lists(
    st.builds(
        stated,
        state=st.sampled_from(STATES.values()[1:7]),
        place=st.none() | st.integers(0, 200),
        millis=st.integers(NOW, NOW + 10**11),
        recipient=st.sampled_from(["countries/TON", "countries/TON/units/ncb"]),
        ground=st.sampled_from(["", "BUSY"]),
    ),
    max_size=40,
    unique_by=lambda one: (one.state, tuple(one.messages), one.recipient, one.ground),
)


@given(statements)
def test_a_list_says_what_was_stated(society, found):
    said = {(one.position, one.recipient, one.state, one.millis, one.ground) for one in said_by(told(society, found))}
    assert said == {
        (one.messages[0] if one.messages else None, one.recipient, one.state, one.state_millis, one.ground)
        for one in found
    }


@given(statements, st.integers(1, 5))
def test_what_was_put_together_is_put_together_again(society, found, parts):
    some = [one for at in range(parts) for one in merged(found[at::parts])]
    assert set(said_by(told(society, some))) == set(said_by(told(society, found)))


def test_many_receipts_weigh_little(society):
    found = [stated(place=at) for at in range(200)]
    found += [stated(STATES.DELIVERY_STATE_DELIVERED, at, NOW + 5 * at) for at in range(200)]
    _, travels = sign_list(found, keys=society.keys["ton"], to_node="fji")
    assert travels.ByteSize() < 250


def test_a_changed_list_is_refused(society):
    kept, travels = sign_list([stated(place=at) for at in range(50)], keys=society.keys["ton"], to_node="fji")
    assert list_id(kept) != list_id(kept, str(ENVELOPE))
    travels.signature = bytes(64)
    with pytest.raises(RefusedItemError) as refused:
        verify_list(travels, society.directory)
    assert refused.value.ground is Ground.BAD_SEAL
    bomb = envelope_pb2.SignedReceipts(compressed=b"\x00" * 600_000)
    with pytest.raises(RefusedItemError) as refused:
        verify_list(bomb, society.directory)
    assert refused.value.ground is Ground.TOO_LARGE


@pytest.mark.parametrize(
    ("statement", "node", "ground"),
    [
        (stated(), "vut", Ground.BAD_AUTHOR),
        (stated(recipient="nodes/ton"), "ptccc", Ground.BAD_AUTHOR),
        (stated(STATES.DELIVERY_STATE_REFUSED, recipient="nodes/ton"), "vut", Ground.BAD_AUTHOR),
        (stated(recipient="nowhere"), "ton", Ground.MALFORMED),
        (stated(state=0), "ton", Ground.MALFORMED),
        (stated(ground="\0"), "ton", Ground.MALFORMED),
        (stated(trace=b"short"), "ton", Ground.MALFORMED),
        (envelope_pb2.Stated(epoch=b"12345678", envelope_id=b"short"), "ton", Ground.MALFORMED),
    ],
    ids=[
        "another's unit",
        "stored, says a relay",
        "no relay",
        "no name",
        "no state",
        "nul",
        "no trace",
        "no envelope",
    ],
)
def test_a_node_says_only_what_it_may(society, statement, node, ground):
    _, travels = sign_list([statement], keys=society.keys[node], to_node="fji")
    with pytest.raises(RefusedItemError) as refused:
        verify_list(travels, society.directory)
    assert refused.value.ground is ground


def test_a_relay_gives_up_for_a_node(society):
    found = told(society, [stated(STATES.DELIVERY_STATE_REFUSED, None, recipient="nodes/ton")], node="ptccc")
    assert [(one.position, one.recipient) for one in said_by(found)] == [(None, "nodes/ton")]
