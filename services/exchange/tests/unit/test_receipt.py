import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluepacific.exchange.v1 import envelope_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.protocol.receipt import climbs, sign_receipt, verify_receipt
from bp_exchange.protocol.refusal import Ground, RefusedItemError

ID = "01900000-0000-7000-8000-000000000001"
STATES = topics_pb2.DeliveryState


def signed(society, node="ton", **fields):
    values = {
        "message_id": ID,
        "recipient": "countries/TON/units/ncb",
        "state": STATES.DELIVERY_STATE_DELIVERED,
    }
    receipt = topics_pb2.Receipt(**(values | fields))
    return sign_receipt(receipt, keys=society.keys[node], to_node="fji", receipt_id=ID)


def ground(society, one, directory=None):
    with pytest.raises(RefusedItemError) as refused:
        verify_receipt(one, directory or society.directory)
    return refused.value.ground


def test_a_receipt_of_the_recipients_node_is_believed(society):
    assert verify_receipt(signed(society), society.directory).state == STATES.DELIVERY_STATE_DELIVERED


def test_what_was_said_cannot_be_changed(society):
    one = signed(society)
    other = topics_pb2.Receipt.FromString(one.receipt)
    other.state = STATES.DELIVERY_STATE_ACTIONED
    one.receipt = other.SerializeToString()
    assert ground(society, one) is Ground.BAD_SEAL


def test_only_the_recipients_node_can_say_so(society):
    assert ground(society, signed(society, node="vut")) is Ground.BAD_AUTHOR


def test_a_relay_says_only_that_it_gave_up(society):
    for state in (STATES.DELIVERY_STATE_REFUSED, STATES.DELIVERY_STATE_EXPIRED):
        assert verify_receipt(signed(society, node="ptccc", state=state), society.directory)
    opened = signed(society, node="ptccc", state=STATES.DELIVERY_STATE_OPENED)
    assert ground(society, opened) is Ground.BAD_AUTHOR


def test_a_revoked_or_unknown_node_is_not_believed(society):
    assert ground(society, signed(society), society.directory_of(revoked=["ton"])) is Ground.REVOKED_SENDER
    one = signed(society)
    one.node = "nobody"
    assert ground(society, one) is Ground.UNKNOWN_SENDER


@pytest.mark.parametrize(
    "fields",
    [
        {"message_id": "x"},
        {"recipient": "everybody"},
        {"ground": "a\0b"},
        {"ground": "a" * 101},
        {"traceparent": "x"},
        {"state": 99},
    ],
)
def test_malformed_receipts_are_refused(society, fields):
    assert ground(society, signed(society, **fields)) is Ground.MALFORMED


@given(st.binary(max_size=300))
def test_junk_is_refused(society, junk):
    one = envelope_pb2.SignedReceipt(receipt=junk, node="ton", signature=bytes(64))
    assert ground(society, one) is Ground.BAD_SEAL


@given(st.lists(st.sampled_from(STATES.values())))
def test_the_ladder_only_climbs_and_its_ends_are_final(reports):
    final = {STATES.DELIVERY_STATE_REFUSED, STATES.DELIVERY_STATE_EXPIRED, STATES.DELIVERY_STATE_RECALLED}
    rung = 0
    for state in reports:
        if climbs(rung, state):
            assert state > rung
            assert rung not in final
            rung = state
