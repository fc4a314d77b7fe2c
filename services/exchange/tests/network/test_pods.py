"""Several processes of the centre share one PostgreSQL; on SQLite a second one is refused. A peer that reads nothing delays no other."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import grpc
import pytest
from cable import DOWN
from keeper import Keeper
from net import Network, Node, eventually, free_port, message
from raw_link import Raw

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.tables import EnvelopeRow, QueueRow
from bp_exchange.usecases import bells
from bp_exchange.workers.sole import AlreadyServedError

CENTRE = Path(__file__).with_name("centre.py")


@pytest.fixture
async def shared(tmp_path):
    """A network whose centre is on PostgreSQL."""
    async with Network(tmp_path, "postgres") as running:
        yield running


@contextlib.asynccontextmanager
async def second_pod(network):
    """Another instance of the centre's exchange in this process, with connections of its own."""
    settings = network.ptccc.settings.model_copy(update={"link": f"127.0.0.1:{free_port()}", "pod": "second"})
    pod = Node(settings, network.ptccc.blobs)
    await pod.start()
    await pod.exchange.listener.ready.wait()
    try:
        yield pod
    finally:
        await pod.stop()


@contextlib.asynccontextmanager
async def second_process(network):
    """Another process of the centre's exchange, and where it listens."""
    port = free_port()
    settings = network.ptccc.settings.model_copy(update={"link": f"127.0.0.1:{port}", "pod": "second"})
    given = network.folder / "ptccc" / "second.json"
    given.write_text(settings.model_dump_json())
    process = await asyncio.create_subprocess_exec(sys.executable, str(CENTRE), str(given))
    try:
        yield process, port
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def link_to(network, country, port):
    """Has a country linked to the process that listens on a port."""
    country.cable.target = port
    country.cable.cut()

    async def there():
        return (await Keeper(network.ptccc).lanes())[country.settings.node_id].pod == "second"

    await eventually(there, 60)


async def test_what_reaches_one_process_leaves_by_another_at_once(shared):
    """Fiji is linked to a process of its own, Tonga to the first; nobody looks for a minute, so only a bell can wake the other."""
    async with second_pod(shared) as pod:
        await eventually(lambda: heard(shared, pod))
        await link_to(shared, shared.fji, int(pod.settings.link.rpartition(":")[2]))
        for at in range(20):
            await shared.fji.send(message(payload=b"%d" % at))
        found = await shared.ton.receive(20)
        assert [one.message.payload for one in found] == [b"%d" % at for at in range(20)]
        await shared.fji.receipts(topics_pb2.DELIVERY_STATE_DELIVERED)
        await shared.ptccc.drained("ton")
        lanes = await Keeper(shared.ptccc).lanes()
        assert {peer: lane.pod for peer, lane in lanes.items()} == {"fji": "second", "ton": "first"}
        assert all(lane.connected for lane in lanes.values())
        assert all(link.connected for link in (await shared.ptccc.status()).links)


async def heard(network, pod):
    return network.ptccc.exchange.house.bells.told and pod.exchange.house.bells.told


async def test_a_killed_process_loses_and_doubles_nothing(shared):
    async with second_process(shared) as (process, port):
        await link_to(shared, shared.fji, port)
        sending = asyncio.create_task(send_all(shared.fji, 80))
        await shared.ton.receive(10)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        # As a load balancer does that no longer has it.
        shared.fji.cable.target = shared.port
        shared.fji.cable.cut()
        found = await shared.ton.receive(70)
        await sending
    assert [one.message.payload for one in found] == [b"%d" % at for at in range(10, 80)]
    await shared.fji.drained("ptccc")
    await shared.ptccc.drained("ton")
    assert await shared.ton.count(EnvelopeRow, EnvelopeRow.role == "RECEIVED") == 80
    assert await shared.ptccc.count(QueueRow, QueueRow.set_aside != "") == 0
    assert (await Keeper(shared.ptccc).lanes())["fji"].pod == "first"


async def send_all(node, count):
    for at in range(count):
        await node.send(message(payload=b"%d" % at, receipts=False))
        await asyncio.sleep(0.01)


async def test_a_newer_link_ends_the_older_one_at_another_process(shared):
    async with second_pod(shared) as pod:
        older, newer = Raw(shared), Raw(shared)
        newer.port = int(pod.settings.link.rpartition(":")[2])
        await shared.fji.stop()
        async with older:
            await older.greet()
            await shared.ptccc.until(lambda: shared.ptccc.exchange.links.heard("fji"), bells.LINKS)
            async with newer:
                await newer.greet()
                # Ended by the centre itself, not by the call's deadline.
                assert await older.ended() is grpc.StatusCode.OK
                assert pod.exchange.links.heard("fji")


async def test_a_services_deliveries_go_to_one_subscriber_at_a_time(shared):
    async with second_pod(shared) as pod:
        for at in range(3):
            await shared.fji.send(message(payload=b"%d" % at, recipients=["countries/WSM/units/ncb"]))
        request = topics_pb2.SubscribeRequest(service="cooperation")
        first = aiter(shared.ptccc.topics.Subscribe(request))
        async with asyncio.timeout(60):
            assert (await anext(first)).message.payload == b"0"
        second = asyncio.create_task(pod.receive(3))
        await first.aclose()
        # Nothing was acknowledged, so all of it comes again.
        assert [one.message.payload for one in await second] == [b"0", b"1", b"2"]


async def test_on_sqlite_a_second_process_is_refused(network):
    pod = Node(network.ptccc.settings.model_copy(update={"link": "", "pod": "second"}), network.ptccc.blobs)
    await pod.start()
    await asyncio.wait(pod.tasks, return_when=asyncio.FIRST_COMPLETED)
    with pytest.raises(ExceptionGroup) as refused:
        await pod.stop()
    (error,) = refused.value.exceptions
    assert isinstance(error, AlreadyServedError)
    assert "on SQLite there can be one only" in str(error)


async def test_a_country_that_reads_nothing_delays_no_other(network):
    await network.join("vut", "VUT")
    network.ton.cable.hold(DOWN)
    for at in range(60):
        await network.fji.send(message(conversation=f"c{at}", payload=bytes(64 * 1024), receipts=False))
    # What can be on its way to Tonga is full: the rest waits.
    for at in range(20):
        sent = message(recipients=["countries/VUT/units/ncb"], payload=b"%d" % at, receipts=False)
        await network.fji.send(sent)
    found = await network.nodes["vut"].receive(20)
    assert [one.message.payload for one in found] == [b"%d" % at for at in range(20)]
    assert await network.ptccc.count(QueueRow, QueueRow.peer == "ton") > 0
    network.ton.cable.plug()
    await network.ton.receive(60)
