"""The links that are up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import grpc

from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.protocol.refusal import Ground
from bp_exchange.workers.link import Link, LinkEndedError

MAX_FRAME_BYTES = 2 * 1024 * 1024 + 64 * 1024
# What is longer than this ends the stream before it is in memory, and nobody learns why; up to it a frame that is too large is counted.
TRANSPORT_BYTES = 2 * MAX_FRAME_BYTES
# What both ends bear.
CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", TRANSPORT_BYTES),
    ("grpc.max_send_message_length", MAX_FRAME_BYTES),
    # As much as a session has under way at most; a probe would ping on thin links, and on fast ones take what memory it can.
    ("grpc.http2.lookahead_bytes", 1024 * 1024),
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.keepalive_permit_without_calls", 1),
)

Frame = link_service_pb2.Frame


class Links:
    """Links by peer; a newer link to the same peer ends the older one, which is half open at best."""

    def __init__(self) -> None:
        self._up: dict[str, tuple[Link, asyncio.Task[None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._up)

    def to(self, peer: str) -> Link | None:
        """Returns the link to a peer, if there is one."""
        held = self._up.get(peer)
        return held[0] if held else None

    def heard(self, peer: str) -> datetime | None:
        """Returns when a connected peer was last heard; None when it is not connected."""
        held = self._up.get(peer)
        return held[0].last_contact if held and held[0].greeted.is_set() else None

    async def close(self) -> None:
        """Ends all links, and returns when they have ended."""
        tasks = self._tasks - {task for task in (asyncio.current_task(),) if task}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    @contextmanager
    def holding(self, link: Link) -> Iterator[None]:
        """Counts a link as up within the block, which runs in a task of its own."""
        task = asyncio.current_task()
        assert task
        if link.peer in self._up:
            self._up[link.peer][1].cancel()
        self._up[link.peer] = (link, task)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            yield
        finally:
            held = self._up.get(link.peer)
            if held and held[0] is link:
                del self._up[link.peer]


class GrpcStream:
    """A link's transport over gRPC, at either end: `call` is the client's call or the server's context."""

    def __init__(self, call: object) -> None:
        self._call: grpc.aio.StreamStreamCall[Frame, Frame] = call  # type: ignore[assignment] # both read and write alike

    async def read(self) -> Frame | None:
        """Returns the peer's next frame; None at the end.

        Raises:
            LinkEndedError: The transport broke, or the frame is too large.
        """
        try:
            frame = await self._call.read()
        except grpc.RpcError as error:
            raise LinkEndedError(str(error.code())) from None
        if not isinstance(frame, Frame):
            return None
        if frame.ByteSize() > MAX_FRAME_BYTES:
            raise LinkEndedError("a frame that is too large", Ground.FRAME_TOO_LARGE)
        return frame

    async def write(self, frame: Frame) -> None:
        """Gives a frame to the transport.

        Raises:
            LinkEndedError: The transport broke.
        """
        try:
            await self._call.write(frame)
        except (grpc.RpcError, asyncio.InvalidStateError):
            raise LinkEndedError("cannot be written to") from None
