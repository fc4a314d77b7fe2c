import asyncio
import contextlib
import uuid

import pytest
from net import message

from bluepacific.common.v1 import blob_pb2
from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bluepacific.exchange.v1 import exchange_service_pb2_grpc as exchange_grpc
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.exchange.v1 import topic_service_pb2_grpc as topics_grpc

STATES = topics_pb2.DeliveryState


def local(**fields):
    return message(**({"recipients": ["countries/FJI/units/tcu"]} | fields))


async def send(topics, sent):
    return await topics.Send(topics_pb2.SendRequest(message=sent))


async def deliveries(topics, count, service="cooperation"):
    found = []
    stream = topics.Subscribe(topics_pb2.SubscribeRequest(service=service))
    async with asyncio.timeout(90):
        async for delivery in stream:
            found.append(delivery)
            if len(found) == count:
                break
    with contextlib.suppress(AttributeError):
        stream.cancel()
    return found


async def acknowledge(topics, delivery, service="cooperation"):
    await topics.Acknowledge(topics_pb2.AcknowledgeRequest(service=service, delivery_id=delivery.delivery_id))


async def test_a_message_for_this_node_needs_no_link(topics):
    sent = local()
    answer = await send(topics, sent)
    assert answer.message_id == sent.message_id
    assert answer.HasField("accept_time")
    accepted, delivery = await deliveries(topics, 2)
    assert accepted.receipt.state == STATES.DELIVERY_STATE_ACCEPTED
    assert delivery.message.payload == sent.payload
    await acknowledge(topics, accepted)
    await acknowledge(topics, delivery)
    await acknowledge(topics, delivery)
    (receipt,) = await deliveries(topics, 1)
    assert receipt.receipt.state == STATES.DELIVERY_STATE_DELIVERED
    assert receipt.receipt.recipient == "countries/FJI/units/tcu"


async def test_a_repeat_is_harmless_and_another_message_under_its_id_is_not(topics, fji):
    sent = local(receipts=False)
    first = await send(topics, sent)
    again = await send(topics, sent)
    assert again.accept_time == first.accept_time
    assert len(await deliveries(topics, 1)) == 1
    other = local(message_id=sent.message_id, payload=b"something else", receipts=False)
    await fji.refused(send(topics, other), "MESSAGE_ID_REUSED", field="message.message_id")


async def test_repeats_at_the_same_time_are_one(topics, fji):
    sent = local(receipts=False)
    answers = await asyncio.gather(*(send(topics, sent) for _ in range(8)))
    assert len({one.accept_time.ToNanoseconds() for one in answers}) == 1
    (delivery,) = await deliveries(topics, 1)
    await acknowledge(topics, delivery)
    last = local(receipts=False)
    await send(topics, last)
    (delivery,) = await deliveries(topics, 1)
    assert delivery.message.message_id == last.message_id


async def test_a_country_without_a_node_is_refused(topics, fji):
    call = send(topics, local(recipients=["countries/TON"]))
    await fji.refused(call, "COUNTRY_NOT_REGISTERED", field="message.recipients")


async def test_a_node_speaks_for_its_own_countries_only(topics, fji):
    await fji.refused(send(topics, local(author="countries/TON")), "INVALID_FIELD", field="message.author")


async def test_all_countries_of_the_node_get_one_delivery(topics):
    await send(topics, local(recipients=["countries/-"], receipts=False))
    (delivery,) = await deliveries(topics, 1)
    assert list(delivery.message.recipients) == ["countries/FJI", "countries/TUV"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("message_id", "x"),
        ("message_id", "75A812E2-50AF-469B-B0EF-BD36DBA6F601"),
        ("topic", "cooperation"),
        ("topic", "bluepacific." + "a" * 200 + ".b.c"),
        ("author", "fji"),
        ("recipients", []),
        ("recipients", ["countries/FJI", "countries/FJI"]),
        ("conversation", "a\0b"),
        ("conversation", "a" * 256),
        ("urgency", 99),
        ("payload", bytes(1024 * 1024 + 1)),
        ("traceparent", "00-x"),
        ("blobs", [blob_pb2.Blob(digest="../x")]),
    ],
)
async def test_bad_input_names_its_field(topics, fji, field, value):
    await fji.refused(send(topics, local(**{field: value})), "INVALID_FIELD")


async def test_moments_out_of_range_are_refused(topics, fji):
    sent = local()
    sent.expire_time.seconds = 2**62
    await fji.refused(send(topics, sent), "INVALID_FIELD", field="message.expire_time")


async def test_reports_are_for_messages_that_are_here(topics, fji):
    sent = local(receipts=False)
    await send(topics, sent)
    opened = STATES.DELIVERY_STATE_OPENED
    report = topics_pb2.ReportRequest(message_id=sent.message_id, recipient="countries/FJI/units/tcu", state=opened)
    await topics.Report(report)
    for change in (
        {"message_id": str(uuid.uuid4())},
        {"recipient": "countries/FJI/units/other"},
        {"recipient": "countries/TON/units/ncb"},
    ):
        other = topics_pb2.ReportRequest()
        other.CopyFrom(report)
        for field, value in change.items():
            setattr(other, field, value)
        await fji.refused(topics.Report(other), "NOT_FOUND")
    report.state = STATES.DELIVERY_STATE_SENT
    await fji.refused(topics.Report(report), "INVALID_FIELD", field="state")


async def test_only_services_of_the_node_may_call(fji):
    people = topics_grpc.TopicServiceStub(fji.channel)
    token = fji.token("countries/FJI/officers/ana", ["administrator@ncb"])
    await fji.refused(people.Send(topics_pb2.SendRequest(message=local()), metadata=token), "PERMISSION_DENIED")


async def test_an_expired_message_is_not_delivered(topics):
    sent = local()
    sent.expire_time.FromSeconds(1)
    await send(topics, sent)
    accepted, *_ = await deliveries(topics, 1)
    await acknowledge(topics, accepted)
    (expired,) = await deliveries(topics, 1)
    assert expired.receipt.state == STATES.DELIVERY_STATE_EXPIRED


async def test_the_status_is_for_administrators_and_auditors(fji):
    stub = exchange_grpc.ExchangeServiceStub(fji.channel)
    request = exchange_pb2.GetExchangeStatusRequest()
    status = await stub.GetExchangeStatus(
        request, metadata=fji.token("countries/FJI/officers/it", ["administrator@ncb"])
    )
    assert (status.node_id, len(status.fingerprint.split()), status.log_size) == ("fji", 6, 0)
    assert status.register_freshness == exchange_pb2.REGISTER_FRESHNESS_STALE
    officer = fji.token("countries/FJI/officers/ana", ["officer@ncb"])
    await fji.refused(stub.GetExchangeStatus(request, metadata=officer), "PERMISSION_DENIED")


async def erase(topics, *ids, service="cooperation"):
    await topics.EraseContent(topics_pb2.EraseContentRequest(service=service, message_ids=ids))


async def test_content_that_waits_for_its_service_is_taken_back(topics):
    sent, other = local(), local(receipts=False)
    await send(topics, sent)
    await send(topics, other)
    await erase(topics, sent.message_id, str(uuid.uuid4()), service="training")
    await erase(topics, sent.message_id, str(uuid.uuid4()))
    await erase(topics, sent.message_id)
    accepted, left, recalled = await deliveries(topics, 3)
    assert accepted.receipt.state == STATES.DELIVERY_STATE_ACCEPTED
    assert left.message.message_id == other.message_id
    assert (recalled.receipt.message_id, recalled.receipt.state) == (sent.message_id, STATES.DELIVERY_STATE_RECALLED)
    # It stays known, so that a repeat is one.
    await send(topics, sent)
    assert len(await deliveries(topics, 3)) == 3


async def test_content_that_was_delivered_is_erased_too(topics):
    sent = local(receipts=False)
    await send(topics, sent)
    (delivery,) = await deliveries(topics, 1)
    await acknowledge(topics, delivery)
    await erase(topics, sent.message_id)
    await erase(topics, sent.message_id)
