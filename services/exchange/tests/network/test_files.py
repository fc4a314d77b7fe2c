import asyncio
import os
from dataclasses import replace

import pytest
from cable import DOWN
from net import eventually, message

from bluepacific.common.v1 import blob_pb2, handling_pb2
from bp_exchange.adapters.files import SqlFiles
from bp_exchange.adapters.tables import SealedFileRow, WantedFileRow
from bp_exchange.usecases import bells
from bp_exchange.usecases.records import SealedFile, WantedFile

MIB = 1024 * 1024


async def put(node, content):
    async def chunks():
        for at in range(0, len(content), 100_000):
            yield content[at : at + 100_000]

    stored = await node.blobs.put(chunks(), limit=len(content))
    return blob_pb2.Blob(digest=stored.digest, size_bytes=stored.size, media_type="image/jpeg", file_name="vessel.jpg")


async def arrived(node, digest):
    await eventually(lambda: node.blobs.has(digest))
    return node.blobs.path(digest).read_bytes()


@pytest.mark.parametrize("size", [0, 1, 3 * MIB + 7])
async def test_a_file_arrives_with_its_message(network, size):
    content = os.urandom(size)
    blob = await put(network.fji, content)
    await network.fji.send(message(blobs=[blob]))
    (delivery,) = await network.ton.receive()
    assert list(delivery.message.blobs) == [blob]
    assert await arrived(network.ton, blob.digest) == content

    async def got():
        return not await network.ton.count(WantedFileRow)

    await eventually(got)

    async def gone():
        return not list(network.ton.settings.sealed_dir.iterdir())

    await eventually(gone)


async def test_the_centre_holds_only_what_it_cannot_read(network):
    content = b"a photograph " * 20_000
    blob = await put(network.fji, content)
    await network.fji.send(message(blobs=[blob]))
    await network.ton.receive()
    await arrived(network.ton, blob.digest)
    held = b"".join(file.read_bytes() for file in (network.folder / "ptccc").rglob("*") if file.is_file())
    assert content[:1000] not in held
    assert not await network.ptccc.blobs.has(blob.digest)
    assert await network.ptccc.count(SealedFileRow) == 1


async def test_a_cut_file_is_resumed(network):
    content = os.urandom(6 * MIB)
    blob = await put(network.fji, content)
    cable = network.ton.cable
    await network.fji.send(message(blobs=[blob]))
    for _ in range(3):
        await cable.carrying(DOWN, MIB)
        cable.cut()
    before_the_last = cable.carried[DOWN]
    assert await arrived(network.ton, blob.digest) == content
    assert before_the_last < len(content)
    # What a cut loses is what was under way, at most a window each time; starting again would cost twice the file.
    assert cable.carried[DOWN] < len(content) * 1.6


async def test_a_file_survives_the_receivers_end(network):
    content = os.urandom(4 * MIB)
    blob = await put(network.fji, content)
    carrying = asyncio.create_task(network.ton.cable.carrying(DOWN, MIB))
    await network.fji.send(message(blobs=[blob]))
    await carrying
    await network.ton.stop()
    network.ton.cable.cut()
    assert not await network.ton.blobs.has(blob.digest)
    await network.ton.start()
    assert await arrived(network.ton, blob.digest) == content
    assert network.ton.cable.carried[DOWN] < len(content) * 1.6


async def test_a_flash_overtakes_a_half_sent_file(network):
    content = os.urandom(24 * MIB)
    blob = await put(network.fji, content)
    carrying = asyncio.create_task(network.ton.cable.carrying(DOWN, MIB))
    await network.fji.send(message(blobs=[blob]))
    await network.ton.receive()
    await carrying
    await network.fji.send(message(payload=b"flash", urgency=handling_pb2.URGENCY_FLASH))
    (delivery,) = await network.ton.receive()
    assert delivery.message.payload == b"flash"
    assert not await network.ton.blobs.has(blob.digest)


async def test_a_file_that_is_not_what_was_announced_is_set_aside(network):
    """The centre's disk changed a byte: the digest tells, and it is asked for again from the beginning."""
    content = os.urandom(MIB)
    blob = await put(network.fji, content)
    network.ton.cable.unplug()
    await network.fji.send(message(blobs=[blob]))
    sealed = network.ptccc.settings.sealed_dir
    await eventually(lambda: network.ptccc.count(SealedFileRow))
    (file,) = [one for one in sealed.iterdir() if one.suffix == ""]
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    network.ton.cable.plug()
    await network.ton.cable.carrying(DOWN, MIB)
    assert not await network.ton.blobs.has(blob.digest)
    mended = file.with_suffix(".mended")
    mended.write_bytes(whole)
    mended.replace(file)  # at once: it may be read at this moment

    async def asked_again():
        # The last pieces of the wrong bytes may still be on their way.
        network.ton.exchange.house.bells.ring([bells.files_from("ptccc")])
        return await network.ton.blobs.has(blob.digest)

    await eventually(asked_again)
    assert await arrived(network.ton, blob.digest) == content


async def test_no_peer_gets_a_file_that_is_not_on_its_way(network):
    """Tonga asks for a plain file of the centre by its digest; another request is answered, that one is not."""
    secret = await put(network.ptccc, b"the centre's own")
    content = os.urandom(100_000)
    blob = await put(network.fji, content)
    link = network.ton.exchange.links.to("ptccc")
    sealed = SealedFile(secret.digest, 1000)
    wanted = WantedFile(sealed, "ptccc", 1, bytes(32), secret.digest, 16)
    async with network.ton.exchange.house.transaction() as work:
        await work.files.want([wanted])
    network.ton.exchange.house.bells.ring([bells.files_from("ptccc")])
    await network.fji.send(message(blobs=[blob]))
    assert await arrived(network.ton, blob.digest) == content
    assert network.ton.exchange.links.to("ptccc") is link
    assert not await network.ton.blobs.has(secret.digest)

    async def only_that_is_wanted():
        return await network.ton.count(WantedFileRow) == 1

    await eventually(only_that_is_wanted)


async def test_a_files_key_may_come_after_the_file_is_asked_for(network):
    """Its envelope waited for the key of an epoch: the file is taken again where it had been taken without."""
    house, digest = network.ton.exchange.house, "ab" * 32
    announced = WantedFile(SealedFile(digest, 40), "ptccc", 3)
    opened = replace(announced, key=bytes(32), plain_digest="cd" * 32, plain_size=12)
    async with house.database.write() as session:
        files = SqlFiles(session, house.seams.clock)
        await files.want([announced])
        await files.want([opened])
        await files.got(digest, None)
        assert await files.wanted("ptccc", 10) == [opened]
        await files.got(digest, bytes(32))
        assert await files.wanted("ptccc", 10) == []
