"""A register that grows old while its network runs: what goes on, what waits, and that a newer one mends it."""

from datetime import timedelta

import grpc
import pytest
from net import message
from sqlalchemy import select
from stick import blocks_of, export

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bluepacific.exchange.v1 import medium_pb2, register_pb2
from bp_exchange.adapters.inviting import read_token
from bp_exchange.adapters.joining import join
from bp_exchange.adapters.key_folder import KeyFolder
from bp_exchange.adapters.tables import QueueRow, RegisterRow
from bp_exchange.protocol.envelope import header_of
from bp_exchange.protocol.freshness import Standing
from bp_exchange.protocol.medium import LENGTH_BYTES
from bp_exchange.usecases import bells
from bp_kit.ports import system_clock
from bp_kit.testing.harness import detail, status_of_error
from bp_verify.trust import RegisterNotTrustedError, trust

WEEK = timedelta(days=7)


def reason_of(error):
    from google.rpc import error_details_pb2

    return detail(status_of_error(error), error_details_pb2.ErrorInfo()).reason


async def grown_old(network, node, age):
    """Moves a node's clock on; the centre's stays, as if nobody had signed meanwhile."""
    node.ahead = age
    register = node.exchange.house.register
    await register.note()
    return register


async def refreshed(network):
    """The centre signs its timestamp anew, as by its own watch, for a time when the others' clocks are where they are."""
    house, authority = network.ptccc.exchange.house, network.ptccc.exchange.authority
    async with house.transaction() as work:
        await work.keep_register(authority.refresh(await work.held_register()))


async def test_stale_for_a_week_then_replaced(network):
    """Dark for two weeks, Fiji goes on with whom it knew; what was published meanwhile comes with the link."""
    network.fji.cable.unplug()
    register = await grown_old(network, network.fji, 2 * WEEK)
    old = register.current
    assert register.standing is Standing.STALE
    await network.fji.send(message())
    network.ptccc.ahead = network.ton.ahead = 2 * WEEK
    await refreshed(network)
    network.fji.cable.plug()
    (delivery,) = await network.ton.receive()
    assert delivery.message.payload
    await network.fji.until(lambda: register.standing is Standing.FRESH, bells.REGISTER_CURRENT)
    assert register.current.version == old.version
    assert register.current.timestamp_version > old.timestamp_version
    with pytest.raises(RegisterNotTrustedError):
        trust(old.bundle, register.current)


async def test_neither_a_restart_nor_a_clock_set_back_makes_it_fresh(network):
    network.fji.cable.unplug()
    register = await grown_old(network, network.fji, 2 * WEEK)
    network.fji.ahead = timedelta(0)
    assert register.standing is Standing.STALE
    await network.fji.stop()
    await network.fji.start()
    register = network.fji.exchange.house.register
    await register.ensure()
    assert register.standing is Standing.STALE
    assert (await network.fji.status()).register_freshness == exchange_pb2.REGISTER_FRESHNESS_STALE


async def test_in_an_emergency_only_what_is_urgent_leaves_and_the_rest_waits(network):
    network.fji.cable.unplug()
    register = await grown_old(network, network.fji, 6 * WEEK)
    assert register.standing is Standing.EMERGENCY
    status = await network.fji.status()
    assert status.register_freshness == exchange_pb2.REGISTER_FRESHNESS_EMERGENCY
    assert status.register_age_seconds >= 6 * WEEK.total_seconds() - 60
    routine = message(conversation="countries/FJI/requests/1")
    flash = message(urgency=handling_pb2.URGENCY_FLASH, conversation="countries/FJI/requests/2", payload=b"now")
    await network.fji.send(routine)
    await network.fji.send(flash)
    network.fji.cable.plug()
    (delivery,) = await network.ton.receive()
    assert delivery.message.payload == b"now"
    assert await network.fji.count(QueueRow, QueueRow.peer == "ptccc") == 1
    network.ptccc.ahead = network.ton.ahead = 6 * WEEK
    await refreshed(network)
    (delivery,) = await network.ton.receive()
    assert delivery.message.message_id == routine.message_id


async def test_a_node_that_is_new_in_an_old_register_waits(network):
    """A stick brings a newer register whose timestamp has long expired: whom it revokes is out, whom it adds is not in yet."""
    network.fji.cable.unplug()
    register = await grown_old(network, network.fji, 3 * WEEK)
    await network.join("vut", "VUT")
    newer = trust(network.ptccc.exchange.house.register.current.bundle, register.current)
    async with network.fji.exchange.house.transaction() as work:
        await work.keep_register(newer)
    await register.load()
    assert register.current.version == newer.version
    assert register.standing is Standing.STALE
    assert "vut" not in register.directory.nodes
    assert "ton" in register.directory.nodes
    network.ptccc.ahead = 3 * WEEK
    await refreshed(network)
    network.fji.cable.plug()
    await network.fji.knows("vut")


async def test_nobody_is_let_in_by_an_old_register(network, tmp_path):
    told = read_token(await network.invite("vut", ("VUT",)))
    await network.doors_open()
    house = network.ptccc.exchange.house
    for task in network.ptccc.tasks[:1]:
        task.cancel()
    register = house.register
    received = register._timestamp
    network.ptccc.ahead = timedelta(0)
    register._timestamp = received.at(received.received + 2 * WEEK)
    with pytest.raises(grpc.RpcError) as refused:
        await join(KeyFolder(tmp_path / "vut", "vut"), told, system_clock())
    assert reason_of(refused.value) == "REGISTER_NOT_FRESH"


async def test_how_old_it_is_stands_in_the_database(network):
    await grown_old(network, network.fji, 2 * WEEK)
    async with network.fji.exchange.house.database.read() as session:
        row = (await session.scalars(select(RegisterRow))).one()
    assert row.latest_time - row.receive_time >= 2 * WEEK - timedelta(minutes=1)
    assert {"fji", "ton", "ptccc"} == set(row.admitted)
    assert register_pb2.RegisterBundle.FromString(row.bundle).roots


async def test_a_medium_obeys_the_same_policy_as_a_link(network):
    """Exported in an emergency, it carries what is urgent; the rest waits in the queue for a newer register."""
    network.fji.cable.unplug()
    await grown_old(network, network.fji, 6 * WEEK)
    routine, flash = message(), message(urgency=handling_pb2.URGENCY_FLASH)
    await network.fji.send(routine)
    await network.fji.send(flash)
    carried = [item for block in blocks_of(await export(network.fji)) for item in content_of(block).items]
    envelopes = [one.item.envelope for one in carried if one.item.HasField("envelope")]
    assert [header_of(one).urgency for one in envelopes] == [handling_pb2.URGENCY_FLASH]
    assert await network.fji.count(QueueRow, QueueRow.set_aside != "") == 0
    network.ptccc.ahead = network.ton.ahead = 6 * WEEK
    await refreshed(network)
    network.fji.cable.plug()
    assert len(await network.ton.receive(2)) == 2


def content_of(block):
    return medium_pb2.MediumContent.FromString(medium_pb2.MediumBlock.FromString(block[LENGTH_BYTES:]).content)
