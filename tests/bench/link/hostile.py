"""A member that floods: everything it may not send, as fast as the link takes it; what the centre's process grows by, and whether an honest
message still gets through.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import zstandard

from bluepacific.exchange.v1 import link_service_pb2, link_service_pb2_grpc
from bp_exchange.adapters.certificates import host_of
from bp_exchange.adapters.key_folder import AUTHORITY, CERTIFICATE, KeyFolder, private_pem
from tests.bench.link.contestant import end, until
from tests.bench.link.drain import reached
from tests.bench.link.measuring import Row, one
from tests.bench.link.pair import DrivenNode, Pair
from tests.bench.link.payloads import messages
from tests.faults.proxy import FaultProxy

sys.path.insert(0, str(Path(__file__).parents[3] / "services" / "exchange" / "tests"))
import mouths

_MIB = 1024 * 1024
_LONGEST_SECONDS = 600
_IDLE_SECONDS = 5

Frame = link_service_pb2.Frame
Item = link_service_pb2.Item


async def hostile() -> list[Row]:
    """Returns the rows of a flood."""
    with tempfile.TemporaryDirectory(prefix="bp-bench-") as folder:
        pair = Pair(Path(folder))
        async with FaultProxy(("127.0.0.1", pair.port)) as link:
            try:
                await pair.start(link.port)
                await pair.load(list(messages(20)))
                await until(lambda: reached(pair, 20), _LONGEST_SECONDS)
                return await _flood(pair, link)
            finally:
                await pair.stop()


async def _flood(pair: Pair, link: FaultProxy) -> list[Row]:
    assert pair.centre
    assert pair.country
    await end(pair.country.process)
    await asyncio.sleep(_IDLE_SECONDS)
    idle = most = pair.centre.resident()
    sending = asyncio.create_task(_send(pair))
    while not sending.done():
        most = max(most, pair.centre.resident())
        await asyncio.sleep(0.02)
    sent, seconds = await sending
    refused = _refused(pair.folder / "centre")
    pair.country = await DrivenNode.start(pair.folder / "country", link.port)
    begun = time.monotonic()
    await pair.load(list(messages(1, seed="honest")))
    honest = await until(lambda: reached(pair, 21), _LONGEST_SECONDS) - begun
    return [
        one("a flood of forged frames: most memory over idle at the centre", "MiB", most - idle),
        one("a flood of forged frames: frames a second that it took", "1/s", sent / seconds),
        one("a flood of forged frames: refusals counted", "", refused),
        one("after the flood: an honest message, from the call to its acceptance", "s", honest),
    ]


async def _send(pair: Pair) -> tuple[int, float]:
    """Sends it all on one link; returns how many frames, and the seconds until the last item was answered."""
    folder = KeyFolder(pair.folder / "country" / "keys" / "exchange", "fji")
    credentials = grpc.ssl_channel_credentials(
        folder.read(AUTHORITY), private_pem(folder.tls()), folder.read(CERTIFICATE)
    )
    options = (("grpc.ssl_target_name_override", host_of("wsm")), ("grpc.max_send_message_length", 64 * _MIB))
    frames = list(_frames(folder, KeyFolder(pair.folder / "centre" / "keys" / "exchange", "wsm")))
    begun = time.monotonic()
    async with grpc.aio.secure_channel(f"127.0.0.1:{pair.port}", credentials, options=options) as channel:
        call = link_service_pb2_grpc.LinkServiceStub(channel).Connect()
        await call.write(Frame(hello=link_service_pb2.Hello(node_id="fji", version=1)))
        reading = asyncio.create_task(_answered(call, sum(frame.HasField("item") for frame in frames)))
        for frame in frames:
            await call.write(frame)
        await reading
    return len(frames), time.monotonic() - begun


async def _answered(call: grpc.aio.StreamStreamCall[Frame, Frame], expected: int) -> None:
    async with asyncio.timeout(_LONGEST_SECONDS):
        while expected > 0:
            frame = await call.read()
            expected -= len(frame.ack.refused) + len(frame.ack.stored)


def _frames(folder: KeyFolder, centre: KeyFolder) -> Iterator[Frame]:
    """What floods: refused at every depth, the deepest behind seals that are in order."""
    society = mouths.Society()
    society.keys |= {"fji": folder.keys(), "ptccc": centre.keys()}
    bomb = zstandard.compress(bytes(256 * _MIB))
    kinds = [
        *[bytes(2 * _MIB - 4096)] * 60,
        *[society.sealed(society.header(recipients=["a"] * 650_000), b"x")] * 30,
        *[society.opening(bomb, node="wsm")] * 200,
        *[society.opening(b"no zstd", node="wsm")] * 200,
        *[society.sealed(society.header(version=9), b"x")] * 2000,
        *[b"\xff" * 200] * 8000,
    ]
    for position, raw in enumerate(kinds, 1):
        yield Frame(item=Item(position=position, envelope=raw))
        if position % 40 == 0:
            yield Frame(ack=link_service_pb2.Ack(stored=range(9_000)))
            yield Frame(blob_request=link_service_pb2.BlobRequest(digest=os.urandom(32).hex()))
            yield Frame(blob_chunk=link_service_pb2.BlobChunk(digest="ab" * 32, data=bytes(16 * 1024)))


def _refused(node: Path) -> int:
    store = sqlite3.connect(f"file:{node}/data/exchange.sqlite?mode=ro", uri=True)
    (count,) = store.execute("select coalesce(sum(count), 0) from refusal where peer = 'fji'").fetchone()
    store.close()
    return int(count)
