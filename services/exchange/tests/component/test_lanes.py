"""The lanes of one node, over real gRPC: who may, what is refused, and what was set aside, by page."""

from datetime import timedelta

import pytest
from google.api import httpbody_pb2
from net import eventually

from bluepacific.exchange.v1 import lane_service_pb2 as pb
from bluepacific.exchange.v1 import lane_service_pb2_grpc as lanes_grpc
from bp_exchange.adapters.tables import QueueRow
from bp_kit.database import Database
from bp_kit.ports import new_id, system_clock

ADMIN = "countries/FJI/officers/it"


@pytest.fixture
def lanes(fji):
    return lanes_grpc.LaneServiceStub(fji.channel)


@pytest.fixture
def administrator(fji):
    return fji.token(ADMIN, roles=["administrator@ncb"])


async def queue(fji, count, **values):
    """Puts receipts into a lane, as an older release may have left them."""
    ids = sorted(new_id() for _ in range(count))
    usual = {"peer": "ton", "urgency": 2, "body": b"", "size": 100, "thread": "", "set_aside": "", "reason": ""}
    database = Database(fji.service.database.url)
    async with database.write() as session:
        session.add_all(QueueRow(item_id=one, queue_time=system_clock(), **(usual | values)) for one in ids)
    await database.aclose()
    return ids


async def media(*pieces):
    for piece in pieces:
        yield pb.ImportMediumRequest(content=httpbody_pb2.HttpBody(data=piece))


@pytest.mark.parametrize("roles", [["officer@ncb"], ["auditor@ncb"]])
async def test_only_administrators_change_lanes(fji, lanes, roles):
    token = fji.token(ADMIN, roles=roles)
    for call in (
        lanes.SetItemAside(pb.SetItemAsideRequest(peer="ton", item_id=new_id(), reason="x"), metadata=token),
        lanes.RetrySetAsideItems(pb.RetrySetAsideItemsRequest(peer="ton"), metadata=token),
        lanes.ImportMedium(media(b"x"), metadata=token),
    ):
        await fji.refused(call, reason="PERMISSION_DENIED")


async def test_a_guests_administrator_sees_and_changes_nothing(fji, lanes):
    """The node serves Tuvalu too; its lanes are Fiji's."""
    token = fji.token("countries/TUV/officers/it", roles=["administrator@ncb"])
    for call in (
        lanes.GetLanes(pb.GetLanesRequest(), metadata=token),
        lanes.ListSetAsideItems(pb.ListSetAsideItemsRequest(), metadata=token),
        lanes.SetItemAside(pb.SetItemAsideRequest(peer="ton", item_id=new_id(), reason="x"), metadata=token),
        lanes.RetrySetAsideItems(pb.RetrySetAsideItemsRequest(peer="ton"), metadata=token),
        lanes.ImportMedium(media(b"x"), metadata=token),
    ):
        await fji.refused(call, reason="PERMISSION_DENIED")


async def test_a_node_that_is_not_enrolled_has_no_lanes(fji, lanes, administrator):
    answer = await lanes.GetLanes(pb.GetLanesRequest(), metadata=administrator)
    assert answer.node_id == "fji"
    assert not answer.lanes
    assert not answer.HasField("register_expire_time")
    await fji.refused(lanes.ImportMedium(media(b"x"), metadata=administrator), reason="UNAVAILABLE")
    retry = lanes.RetrySetAsideItems(pb.RetrySetAsideItemsRequest(peer="ptccc"), metadata=administrator)
    await fji.refused(retry, reason="NOT_FOUND")


@pytest.mark.parametrize(
    "wrong",
    [
        {"peer": ""},
        {"peer": "T N"},
        {"item_id": "x"},
        {"reason": ""},
        {"reason": "a\0b"},
        {"reason": "x" * 201},
    ],
)
async def test_a_bad_field_is_named(fji, lanes, administrator, wrong):
    request = pb.SetItemAsideRequest(**({"peer": "ton", "item_id": new_id(), "reason": "x"} | wrong))
    await fji.refused(lanes.SetItemAside(request, metadata=administrator), reason="INVALID_FIELD")


async def test_set_aside_items_are_listed_by_page_and_peer(fji, lanes, administrator):
    waiting = await queue(fji, 3)
    await queue(fji, 1, peer="wsm", set_aside="BAD_SEAL", set_aside_time=None)
    for item_id in waiting:
        request = pb.SetItemAsideRequest(peer="ton", item_id=item_id, reason="their disk")
        item = await lanes.SetItemAside(request, metadata=administrator)
        assert (item.ground, item.reason, item.receipt) == ("BY_HAND", "their disk", True)
        assert item.HasField("set_aside_time")
        await fji.refused(lanes.SetItemAside(request, metadata=administrator), reason="NOT_FOUND")
    found, request = [], pb.ListSetAsideItemsRequest(peer="ton", page_size=2)
    for _ in range(2):
        page = await lanes.ListSetAsideItems(request, metadata=administrator)
        found += [item.item_id for item in page.items]
        request.page_token = page.next_page_token
    assert sorted(found) == waiting
    assert not page.next_page_token
    everybody = await lanes.ListSetAsideItems(pb.ListSetAsideItemsRequest(), metadata=administrator)
    assert [item.ground for item in everybody.items].count("BAD_SEAL") == 1
    assert len(everybody.items) == 4


async def test_what_is_set_aside_by_hand_still_expires(fji, lanes, administrator):
    soon = system_clock() + timedelta(seconds=1)
    (by_hand,) = await queue(fji, 1, expire_time=soon)
    (by_peer,) = await queue(fji, 1, expire_time=soon, set_aside="BAD_SEAL")
    request = pb.SetItemAsideRequest(peer="ton", item_id=by_hand, reason="x")
    await lanes.SetItemAside(request, metadata=administrator)

    async def listed():
        page = await lanes.ListSetAsideItems(pb.ListSetAsideItemsRequest(), metadata=administrator)
        return [item.item_id for item in page.items]

    async def swept():
        return await listed() == [by_peer]

    await eventually(swept)
