"""What the mover has on its own side: the service's database and files, and the way to the other place."""

from __future__ import annotations

import fcntl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.moving.v1 import move_service_pb2_grpc
from bp_kit.alone.certificates import read_certificates
from bp_kit.alone.files import blobs_of
from bp_kit.alone.placed import ground_of
from bp_kit.alone.process import own_settings, page_token_key, pod_settings
from bp_kit.alone.settings import PodSettings
from bp_kit.alone.siblings import Siblings
from bp_kit.alone.trouble import CannotStartError
from bp_kit.issuer import RemoteIssuer
from bp_kit.keys import RemoteKeys
from bp_kit.moving.place import Standing, make_placement, read_standing
from bp_kit.moving.receiving import Ground
from bp_kit.ports import Seams
from bp_kit.sealing import Sealer
from bp_node.failure import CommandError
from bp_node.services import NAMES, settings_class

_LOCK = "SELECT pg_try_advisory_lock(hashtext('bluepacific.move'))"


@dataclass
class Here:
    """The mover's side.

    Attributes:
        service: Short name.
        pod: What the service's process is told of its node.
        ground: Its database and files.
        there: The other place.
        say: Tells what happens: a line for a person, and its facts for a script.
        seen: Digests that rows have named so far.
    """

    service: str
    pod: PodSettings
    ground: Ground
    there: Any
    say: Callable[..., None]
    seen: set[str] = field(default_factory=set)

    @property
    def there_name(self) -> str:
        """The other place's name."""
        return "central" if self.pod.place == "local" else "local"

    async def standing(self) -> Standing:
        """Returns what the database here says of its place."""
        async with self.ground.database.read() as session:
            return await read_standing(session)

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[AsyncSession]:
        """A session that sees what the database holds at one moment."""
        async with self.ground.database.read() as session:
            if not self.ground.database.is_sqlite:
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session


@asynccontextmanager
async def opened(service: str, say: Callable[..., None]) -> AsyncIterator[Here]:
    """Gives the mover's side, to one mover at a time.

    Args:
        service: Short name: `training`.
        say: See `Here`.

    Raises:
        CommandError: This is no process beside that service, or another mover is at work.
    """
    if service not in NAMES:
        raise CommandError(f"there is no service {service}: it is one of {', '.join(NAMES)}")
    try:
        pod, settings = pod_settings(), own_settings(settings_class(service))
        certificates = read_certificates(pod.tls_dir)
        key = page_token_key(pod.page_token_file)
    except CannotStartError as error:
        raise CommandError(f"run this where {service} runs, with its environment: {error.text}") from error
    if not pod.other_place:
        raise CommandError(f"nobody says where {service} would stand: BP_POD__OTHER_PLACE is not set")
    siblings = Siblings({service: pod.other_place}, certificates.for_channel())
    channel = siblings.channel(service)
    keys = RemoteKeys(pod.public_url, RemoteIssuer(lambda: channel))
    seams = Seams(pod.country, blobs_of(pod), lambda _: channel, keys, Sealer(key))
    ground = ground_of(f"bp_{service}", pod, settings, seams)
    try:
        await make_placement(ground.database)
        async with _alone(ground):
            yield Here(service, pod, ground, move_service_pb2_grpc.MoveServiceStub(channel), say)
    except SQLAlchemyError as error:
        raise CommandError(f"the database of {service} cannot be used: {getattr(error, 'orig', error)}") from error
    finally:
        await ground.database.aclose()
        await siblings.aclose()


@asynccontextmanager
async def _alone(ground: Ground) -> AsyncIterator[None]:
    busy = CommandError("another move of this service is at work")
    if ground.database.is_sqlite:
        with _locked(Path(ground.database.url.partition(":///")[2]), busy):
            yield
        return
    # Of the connection: it ends with the process, however that ends.
    async with ground.database.read() as session:
        if not await session.scalar(text(_LOCK)):
            raise busy
        yield


@contextmanager
def _locked(database: Path, busy: CommandError) -> Iterator[None]:
    with database.with_suffix(".moving").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise busy from error
        yield
