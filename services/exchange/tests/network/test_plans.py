"""A country's contact plan: who may change it, what is refused, and that a running link obeys it."""

from contextlib import asynccontextmanager
from datetime import timedelta

import grpc
import pytest
from google.rpc import error_details_pb2
from keeper import Keeper
from net import Network, eventually, message

from bluepacific.common.v1 import blob_pb2, handling_pb2
from bluepacific.exchange.v1 import lane_service_pb2 as pb
from bluepacific.exchange.v1 import plan_pb2
from bp_exchange.adapters.tables import QueueRow
from bp_kit.testing.harness import detail, status_of_error

FLASH, ROUTINE, BULK = handling_pb2.URGENCY_FLASH, handling_pb2.URGENCY_ROUTINE, handling_pb2.URGENCY_BULK
OFFICE = plan_pb2.QuietHours(begin="08:00", end="17:00", days=[plan_pb2.WEEKDAY_MONDAY, plan_pb2.WEEKDAY_FRIDAY])
RULE = plan_pb2.PlanRule(urgency=BULK, bytes_per_second=8000, bytes_per_day=200_000_000, quiet_hours=[OFFICE])


@pytest.fixture(params=["sqlite", "postgres"])
async def either(tmp_path, request):
    async with Network(tmp_path, request.param) as running:
        yield running


@asynccontextmanager
async def refused(reason, field=""):
    with pytest.raises(grpc.RpcError) as caught:
        yield
    status = status_of_error(caught.value)
    assert detail(status, error_details_pb2.ErrorInfo()).reason == reason
    fields = [one.field for one in detail(status, error_details_pb2.BadRequest()).field_violations]
    assert not field or field in fields


def almost_always(node):
    """Quiet hours that hold now, whatever the time; of the week they leave one day."""
    today = node.clock().isoweekday()
    days = [day for day in range(1, 8) if day != (today + 2) % 7 + 1]
    return plan_pb2.QuietHours(begin="00:00", end="24:00", days=days)


async def test_a_plan_is_kept_as_it_was_set(either):
    keeper = Keeper(either.fji)
    before = await keeper.plan()
    assert (before.time_zone, list(before.rules), before.HasField("update_time")) == ("UTC", [], False)
    flash = plan_pb2.PlanRule(urgency=FLASH, bytes_per_second=16_000)
    await keeper.update(RULE, flash, time_zone="Pacific/Fiji", etag=before.etag)
    after = await keeper.plan()
    assert (after.time_zone, list(after.rules), list(after.warnings)) == ("Pacific/Fiji", [flash, RULE], [])
    assert after.HasField("update_time")
    async with refused("ETAG_MISMATCH"):
        await keeper.update(RULE, etag=before.etag)
    # Only what is set, or named.
    assert list((await keeper.update(time_zone="Pacific/Tongatapu")).rules) == [flash, RULE]
    cleared = await keeper.update(mask=["rules"], time_zone="UTC")
    assert (cleared.time_zone, list(cleared.rules)) == ("Pacific/Tongatapu", [])


async def test_only_an_administrator_of_its_country_changes_a_plan(network):
    assert (await Keeper(network.fji, "auditor").plan()).peer == "ptccc"
    for keeper in (Keeper(network.fji, "auditor"), Keeper(network.fji, "officer")):
        async with refused("PERMISSION_DENIED"):
            await keeper.update(RULE)
    async with refused("NOT_FOUND"):
        await Keeper(network.fji).update(RULE, peer="ton")
    async with refused("NOT_FOUND"):
        await Keeper(network.fji).plan(peer="nobody")


@pytest.mark.parametrize(
    ("rules", "fields", "reason", "field"),
    [
        ([], {"time_zone": "Pacific/Suva"}, "TIME_ZONE_UNKNOWN", "plan.time_zone"),
        ([], {"time_zone": "Pacific"}, "TIME_ZONE_UNKNOWN", "plan.time_zone"),
        ([], {"time_zone": "../../etc/passwd"}, "INVALID_FIELD", "plan.time_zone"),
        ([RULE, RULE], {}, "INVALID_FIELD", "plan.rules[1].urgency"),
        ([plan_pb2.PlanRule(bytes_per_second=124)], {}, "INVALID_FIELD", "plan.rules.bytes_per_second"),
        ([plan_pb2.PlanRule(bytes_per_second=-1)], {}, "INVALID_FIELD", "plan.rules[0].bytes_per_second"),
        ([plan_pb2.PlanRule(bytes_per_day=10**16)], {}, "INVALID_FIELD", "plan.rules[0].bytes_per_day"),
        ([plan_pb2.PlanRule(urgency=9)], {}, "INVALID_FIELD", "plan.rules[0].urgency"),
        (
            [plan_pb2.PlanRule(quiet_hours=[plan_pb2.QuietHours(begin="08:00", end="25:00")])],
            {},
            "INVALID_FIELD",
            "plan.rules[0].quiet_hours[0].end",
        ),
        (
            [plan_pb2.PlanRule(quiet_hours=[plan_pb2.QuietHours(begin="08:00", end="08:00")])],
            {},
            "INVALID_FIELD",
            "plan.rules.quiet_hours",
        ),
        (
            [plan_pb2.PlanRule(quiet_hours=[plan_pb2.QuietHours(begin="00:00", end="24:00")])],
            {},
            "QUIET_HOURS_LEAVE_NO_TIME",
            "plan.rules.quiet_hours",
        ),
        ([], {"mask": ["peer"]}, "INVALID_FIELD", "update_mask"),
    ],
    ids=["zone", "folder", "path", "twice", "slow", "negative", "huge", "urgency", "hour", "empty", "always", "mask"],
)
async def test_a_plan_that_cannot_be_changes_nothing(network, rules, fields, reason, field):
    keeper = Keeper(network.fji)
    before = await keeper.plan()
    async with refused(reason, field):
        await keeper.update(*rules, **fields)
    assert await keeper.plan() == before


@pytest.mark.parametrize(
    ("rule", "warning"),
    [
        (plan_pb2.PlanRule(urgency=FLASH, quiet_hours=[OFFICE]), plan_pb2.PLAN_WARNING_FLASH_QUIET),
        (plan_pb2.PlanRule(urgency=FLASH, bytes_per_day=10**6), plan_pb2.PLAN_WARNING_FLASH_VOLUME),
        (plan_pb2.PlanRule(urgency=FLASH, bytes_per_second=125), plan_pb2.PLAN_WARNING_FLASH_SLOW),
    ],
    ids=["quiet", "volume", "slow"],
)
async def test_whoever_silences_flash_is_told(network, rule, warning):
    keeper = Keeper(network.fji)
    assert list((await keeper.update(rule)).warnings) == [warning]
    assert list((await keeper.plan()).warnings) == [warning]
    assert list((await keeper.update(plan_pb2.PlanRule(quiet_hours=[OFFICE]))).warnings) == []


async def test_a_running_link_obeys_a_plan_and_its_end(either):
    keeper, fji = Keeper(either.fji), either.fji
    await keeper.update(plan_pb2.PlanRule(urgency=BULK, quiet_hours=[almost_always(fji)]))
    bulk, routine = (message(urgency=urgency, conversation="", payload=bytes(100)) for urgency in (BULK, ROUTINE))
    await fji.send(bulk)
    await fji.send(routine)
    (delivery,) = await either.ton.receive()
    assert delivery.message.message_id == routine.message_id
    lane = await keeper.lane()
    (hold,) = lane.outgoing.holds
    assert (hold.urgency, hold.reason) == (BULK, plan_pb2.HOLD_REASON_QUIET_HOURS)
    assert hold.until_time.ToDatetime() > fji.clock().replace(tzinfo=None)
    assert lane.outgoing.state == pb.LANE_STATE_HELD
    assert not lane.outgoing.HasField("drain_seconds") or lane.outgoing.drain_seconds > 3600
    await keeper.clear()
    (delivery,) = await either.ton.receive()
    assert delivery.message.message_id == bulk.message_id


async def test_a_spent_volume_holds_until_the_countrys_midnight_also_after_a_restart(network):
    keeper, fji = Keeper(network.fji), network.fji
    await keeper.update(plan_pb2.PlanRule(urgency=ROUTINE, bytes_per_day=1), time_zone="Pacific/Fiji")
    first, second = message(), message()
    await fji.send(first)
    assert (await network.ton.receive())[0].message.message_id == first.message_id
    await fji.stop()
    await fji.start()
    await network.linked("fji")
    await fji.send(second)
    await fji.send(message(urgency=FLASH, conversation="", payload=b"flash"))
    assert (await network.ton.receive())[0].message.payload == b"flash"
    lane = await Keeper(fji).lane()
    assert [hold.reason for hold in lane.outgoing.holds] == [plan_pb2.HOLD_REASON_VOLUME]
    (spent,) = lane.spent_volumes
    assert spent.size_bytes >= spent.bytes_per_day == 1
    # Once that day is over.
    await fji.stop()
    fji.ahead = timedelta(days=1)
    await fji.start()
    assert (await network.ton.receive())[0].message.message_id == second.message_id
    assert await fji.count(QueueRow, QueueRow.set_aside != "") == 0


async def test_the_peer_says_what_it_owes(either):
    """Fiji's own plan holds back what waits there for Tonga; the centre sees that it waits."""
    fji, centre = either.fji, either.ptccc
    await Keeper(fji).update(plan_pb2.PlanRule(urgency=BULK, quiet_hours=[almost_always(fji)]))
    await fji.send(message(urgency=BULK))
    # It is told at the greeting, and again when it has changed.
    fji.cable.cut()

    async def told():
        lanes = await Keeper(centre).lanes()
        return lanes["fji"].incoming.waiting

    (waiting,) = await eventually(told, 60)
    assert (waiting.urgency, waiting.count) == (BULK, 1)
    assert waiting.size_bytes > 0
    incoming = (await Keeper(centre).lanes())["fji"].incoming
    assert incoming.HasField("tell_time")
    assert incoming.state in (pb.LANE_STATE_MOVING, pb.LANE_STATE_DOWN)


async def test_a_file_is_asked_for_when_the_plan_lets_it(network):
    """Tonga's own quiet hours: the message comes, its file waits at the centre."""
    fji, ton = network.fji, network.ton
    keeper = Keeper(ton)
    await keeper.update(plan_pb2.PlanRule(urgency=ROUTINE, quiet_hours=[almost_always(ton)]))
    stored = await fji.blobs.put(pieces(b"x" * 200_000), limit=10**6)
    blob = blob_pb2.Blob(digest=stored.digest, size_bytes=stored.size, media_type="image/jpeg", file_name="vessel.jpg")
    await fji.send(message(blobs=[blob]))
    await ton.receive()

    async def held():
        return (await keeper.lane()).incoming.holds

    (hold,) = await eventually(held, 60)
    assert (hold.urgency, hold.reason) == (ROUTINE, plan_pb2.HOLD_REASON_QUIET_HOURS)
    incoming = (await keeper.lane()).incoming
    assert (incoming.files, incoming.state) == (1, pb.LANE_STATE_HELD)
    assert not await ton.blobs.has(stored.digest)
    await keeper.clear()

    async def here():
        return await ton.blobs.has(stored.digest)

    await eventually(here, 60)


async def pieces(data):
    yield data
