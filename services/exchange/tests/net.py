"""A network of real exchanges in one process: real TLS on loopback, real databases, enrolled as nodes are."""

import asyncio
import contextlib
import os
import shutil
import socket
import uuid
from dataclasses import dataclass
from datetime import timedelta

from cable import Cable
from sqlalchemy import func, select

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import exchange_service_pb2 as exchange_pb2
from bluepacific.exchange.v1 import exchange_service_pb2_grpc as exchange_grpc
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.exchange.v1 import topic_service_pb2_grpc as topics_grpc
from bp_exchange.adapters.inviting import invite, read_token
from bp_exchange.adapters.joining import join
from bp_exchange.adapters.key_folder import KeyFolder
from bp_exchange.adapters.tables import QueueRow
from bp_exchange.app import Exchange, assemble
from bp_exchange.settings import ExchangeSettings
from bp_exchange.usecases import bells
from bp_kit.blobs import BlobStore
from bp_kit.ports import Seams, system_clock
from bp_kit.rpc.inprocess import InProcessChannel
from bp_kit.rpc.registry import handlers_of
from bp_kit.sealing import Sealer
from bp_kit.testing.databases import fresh_database, sqlite_template
from bp_kit.testing.tokens import TestKeys, make_token

TOPIC = "bluepacific.cooperation.v1.request.opened"


async def eventually(happened, seconds=90):
    """Returns what a check returns, once that is true; for what rings no bell."""
    async with asyncio.timeout(seconds):
        while not (found := await happened()):  # noqa: ASYNC110 - databases and disks have no event to wait for
            await asyncio.sleep(0.01)
    return found


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def message(author="countries/FJI/units/ncb", recipients=("countries/TON/units/ncb",), **fields):
    values = {
        "message_id": str(uuid.uuid4()),
        "topic": TOPIC,
        "author": author,
        "recipients": list(recipients),
        "urgency": handling_pb2.URGENCY_ROUTINE,
        "conversation": "countries/FJI/requests/1",
        "payload": b"the vessel was seen at dawn",
        "handling": handling_pb2.Handling(tlp=handling_pb2.TLP_AMBER, purpose=handling_pb2.PURPOSE_INVESTIGATION),
        "receipts": True,
    }
    return topics_pb2.Message(**(values | fields))


@dataclass
class Node:
    """One exchange of the network; `start` and `stop` as its process would."""

    settings: ExchangeSettings
    blobs: BlobStore
    cable: Cable | None = None
    exchange: Exchange | None = None
    # Added to the system's time.
    ahead: timedelta = timedelta(0)

    def clock(self):
        return system_clock() + self.ahead

    async def start(self):
        outside = Seams(
            country=self.settings.countries[0],
            blobs=self.blobs,
            channel=lambda _: self.channel,
            keys=TestKeys(),
            sealer=Sealer(os.urandom(32)),
            clock=self.clock,
        )
        self.exchange = assemble(self.settings, outside)
        service = self.exchange.service
        self.channel = InProcessChannel(handlers_of(service, outside, from_node=True))
        self.people = InProcessChannel(handlers_of(service, outside, from_node=False))
        self.topics = topics_grpc.TopicServiceStub(self.channel)
        self.tasks = [asyncio.create_task(worker()) for worker in service.workers]
        return self

    async def stop(self):
        if self.exchange is None:
            return
        exchange, self.exchange = self.exchange, None
        running = set(self.tasks)
        while running:
            # As a node ends: a cancellation that comes along with an answer can get lost in what is awaited.
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=2)
        ended = await asyncio.gather(*self.tasks, return_exceptions=True)
        await exchange.service.aclose()
        failed = [one for one in ended if isinstance(one, Exception)]
        if failed:
            raise ExceptionGroup("workers failed", failed)

    async def send(self, sent):
        return await self.topics.Send(topics_pb2.SendRequest(message=sent))

    async def receive(self, count=1, service="cooperation"):
        """Returns the next deliveries to a service, acknowledged."""
        found = await self.look(count, service)
        for delivery in found:
            await self.acknowledge(delivery, service)
        return found

    async def look(self, count=1, service="cooperation"):
        """Returns the next deliveries to a service, not acknowledged."""
        found = []
        stream = self.topics.Subscribe(topics_pb2.SubscribeRequest(service=service))
        async with asyncio.timeout(90), contextlib.aclosing(aiter(stream)) as deliveries:
            while len(found) < count:
                found.append(await anext(deliveries))
        return found

    async def until(self, happened, bell):
        """Returns once it has happened; looks whenever the bell rings."""
        rung = asyncio.Event()
        async with asyncio.timeout(90):
            with self.exchange.house.bells.listening(rung.set, bell):
                while not happened():
                    await rung.wait()
                    rung.clear()

    async def acknowledge(self, delivery, service="cooperation"):
        await self.topics.Acknowledge(topics_pb2.AcknowledgeRequest(service=service, delivery_id=delivery.delivery_id))

    def token(self, *roles, country=None):
        name = f"countries/{country or self.settings.countries[0]}/officers/it"
        lifetime = 600 + self.ahead.total_seconds()
        token = make_token(name, [f"{role}@ncb" for role in roles], lifetime=lifetime)
        return (("authorization", f"Bearer {token}"),)

    async def count(self, table, *where):
        """Returns how many rows a table has."""
        async with self.exchange.house.database.read() as session:
            return await session.scalar(select(func.count()).select_from(table).where(*where))

    async def status(self):
        stub = exchange_grpc.ExchangeServiceStub(self.people)
        return await stub.GetExchangeStatus(exchange_pb2.GetExchangeStatusRequest(), metadata=self.token("auditor"))

    async def revoke(self, node_id, *roles, country=None):
        stub = exchange_grpc.ExchangeServiceStub(self.people)
        token = self.token(*(roles or ("administrator",)), country=country)
        await stub.RevokeNode(exchange_pb2.RevokeNodeRequest(node_id=node_id), metadata=token)

    async def report(self, sent, state, ground=""):
        recipient = f"countries/{self.settings.countries[0]}/units/ncb"
        request = topics_pb2.ReportRequest(message_id=sent.message_id, recipient=recipient, state=state, ground=ground)
        await self.topics.Report(request)

    async def receipts(self, until, service="cooperation"):
        """Returns the receipts up to one of that state, acknowledged."""
        found = []
        while not found or found[-1].state != until:
            (delivery,) = await self.receive(1, service)
            if delivery.HasField("receipt"):
                found.append(delivery.receipt)
        return found

    async def drained(self, peer):
        """Returns once nothing is owed to a peer any more."""

        async def empty():
            return not await self.count(QueueRow, QueueRow.peer == peer, QueueRow.set_aside == "")

        await eventually(empty, 60)

    async def linked(self, peer):
        await self.until(lambda: self.exchange.links.heard(peer), bells.LINKS)

    async def knows(self, node_id):
        register = self.exchange.house.register
        await self.until(lambda: node_id in register.directory.nodes, bells.REGISTER_CURRENT)


class Network:
    """The centre and two countries, enrolled and linked, each country by a cable of its own.

    Args:
        folder: For everything on disk.
        kind: `sqlite` or `postgres`.
        first_release: Nodes that understand no envelopes but the first release's.
    """

    def __init__(self, folder, kind="sqlite", first_release=()):
        self.folder = folder
        self._first_release = first_release
        self._kind = kind
        self.port = free_port()
        self.nodes = {}
        self._stack = contextlib.AsyncExitStack()

    async def add(self, node_id, country):
        """Adds a node that is neither enrolled nor started."""
        place = self.folder / node_id
        place.mkdir()
        centre = node_id == "ptccc"
        cable = None if centre else await self._stack.enter_async_context(Cable(self.port))
        usual = {
            "database_url": await self._database(place),
            "key_dir": place / "keys",
            "node_id": node_id,
            "countries": (country,),
            "centre": centre,
            "wire_version": 1 if node_id in self._first_release else 2,
            "link": f"127.0.0.1:{cable.port if cable else self.port}",
            "redial_first": timedelta(milliseconds=20),
            "redial_longest": timedelta(milliseconds=100),
            "sweep_interval": timedelta(milliseconds=100),
            "pod": "first",
        }
        settings = ExchangeSettings(**usual)
        node = self.nodes[node_id] = Node(settings, BlobStore(place / "blobs"), cable)
        self._stack.push_async_callback(node.stop)
        return node

    async def _database(self, place):
        if self._kind == "postgres":
            return await self._stack.enter_async_context(fresh_database("postgres", "bp_exchange"))
        shutil.copy(await sqlite_template("bp_exchange"), place / "exchange.sqlite")
        return f"sqlite+aiosqlite:///{place}/exchange.sqlite"

    async def join(self, node_id, country):
        """Adds a node, enrols it and waits until it is linked."""
        node = await self.add(node_id, country)
        await self.enrol(node_id)
        await node.start()
        await self.linked(node_id)
        return node

    async def linked(self, node_id):
        await self.nodes[node_id].linked("ptccc")
        await self.nodes["ptccc"].linked(node_id)

    async def __aenter__(self):
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_exit(self._stack)
            await (await self.add("ptccc", "WSM")).start()
            await self.nodes["ptccc"].exchange.listener.ready.wait()
            await self.join("fji", "FJI")
            await self.join("ton", "TON")
            await self.nodes["fji"].knows("ton")
            stack.pop_all()
        return self

    async def __aexit__(self, *_):
        await self._stack.aclose()

    async def invite(self, node_id, countries=None):
        centre = self.nodes["ptccc"]
        async with centre.exchange.house.database.write() as session:
            return await invite(
                session,
                centre.exchange.authority,
                centre.settings,
                node_id=node_id,
                countries=countries or self.nodes[node_id].settings.countries,
                clock=system_clock,
            )

    async def doors_open(self):
        """Has the listener look for invitations at once."""
        await self.nodes["ptccc"].exchange.listener.look_for_invitations()

    async def enrol(self, node_id):
        told = read_token(await self.invite(node_id))
        await self.doors_open()
        settings = self.nodes[node_id].settings
        return await join(KeyFolder(settings.key_dir, node_id, settings.wire_version), told, system_clock())

    def __getattr__(self, name):
        try:
            return self.nodes[name]
        except KeyError:
            raise AttributeError(name) from None
