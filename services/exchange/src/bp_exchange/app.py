"""The composition root of the exchange."""

from __future__ import annotations

from dataclasses import dataclass

from bluepacific.exchange.v1 import (
    exchange_service_pb2_grpc,
    lane_service_pb2_grpc,
    proof_service_pb2_grpc,
    topic_service_pb2_grpc,
    trust_service_pb2_grpc,
)
from bp_exchange.adapters.authority import Authority
from bp_exchange.adapters.bells import Bells
from bp_exchange.adapters.files import SealedStore
from bp_exchange.adapters.key_folder import KeyFolder
from bp_exchange.adapters.leases import Leases
from bp_exchange.adapters.readings import readers_of
from bp_exchange.adapters.register_keeper import RegisterKeeper
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.api.enrolment import EnrolmentServicer
from bp_exchange.api.exchange import ExchangeServicer
from bp_exchange.api.lanes import LaneServicer
from bp_exchange.api.proofs import ProofServicer
from bp_exchange.api.topics import TopicServicer
from bp_exchange.api.trust import TrustServicer
from bp_exchange.protocol.freshness import Policy
from bp_exchange.settings import ExchangeSettings
from bp_exchange.workers.dialling import Dialler
from bp_exchange.workers.housekeeping import EpochKeeper, FileKeeper, ReadKeeper, RegisterWatch, Sweeper
from bp_exchange.workers.links import Links
from bp_exchange.workers.listening import Listener
from bp_exchange.workers.own_reads import OwnReads
from bp_exchange.workers.recovering import Recovering
from bp_exchange.workers.renewing import Renewer
from bp_exchange.workers.sole import Sole
from bp_kit.database import Database
from bp_kit.ports import Seams
from bp_kit.service import Service, Worker


@dataclass(frozen=True)
class Exchange:
    """The exchange with its inner parts, for who must see them: tests and benches.

    Attributes:
        service: What a node runs.
        house: The parts.
        links: Which links are up.
        authority: The network's, at the centre.
        listener: Where countries dial in, at the centre.
    """

    service: Service
    house: House
    links: Links
    authority: Authority | None
    listener: Listener | None


def build(settings: ExchangeSettings, seams: Seams) -> Service:
    """Puts the exchange together."""
    return assemble(settings, seams).service


def assemble(settings: ExchangeSettings, seams: Seams) -> Exchange:
    """Puts the exchange together, and keeps its parts in sight."""
    folder = KeyFolder(settings.key_dir, settings.node_id, settings.wire_version)
    authority = Authority(folder, settings, seams.clock) if settings.centre else None
    if authority:
        authority.found()
    database = Database(settings.database_url)
    bells = Bells(seams.ids())
    policy = Policy(settings.register_fresh, settings.register_emergency)
    own = folder.node(settings.countries, centre=settings.centre)
    house = House(
        database=database,
        seams=seams,
        folder=folder,
        register=RegisterKeeper(database, folder, own, bells, clock=seams.clock, policy=policy),
        sealed=SealedStore(settings.sealed_dir),
        bells=bells,
        leases=Leases(database, bells, settings.pod_name),
    )
    links = Links()
    renewer = Renewer(house, authority, settings)
    listener = None
    workers: list[Worker] = [
        RegisterWatch(house, authority, settings).run,
        renewer.run,
        Sweeper(house, settings).run,
        FileKeeper(house, settings).run,
        EpochKeeper(house).run,
        ReadKeeper(house, settings).run,
        OwnReads(house).run,
        Recovering(house).run,
        _beside_others(database, bells),
    ]
    if settings.link and authority:
        listener = Listener(house, links, settings, EnrolmentServicer(house, authority))
        workers.append(listener.run)
    elif settings.link:
        workers.append(Dialler(house, links, settings).run)
    service = Service(
        name="exchange",
        package="bp_exchange",
        database=database,
        servicers=[
            (topic_service_pb2_grpc.add_TopicServiceServicer_to_server, TopicServicer(house, links)),
            (
                exchange_service_pb2_grpc.add_ExchangeServiceServicer_to_server,
                ExchangeServicer(house, links, authority, renewer),
            ),
            (lane_service_pb2_grpc.add_LaneServiceServicer_to_server, LaneServicer(house, links)),
            (proof_service_pb2_grpc.add_ProofServiceServicer_to_server, ProofServicer(house)),
            (trust_service_pb2_grpc.add_TrustServiceServicer_to_server, TrustServicer(house)),
        ],
        workers=workers,
        readers=readers_of(house, links.heard),
    )
    return Exchange(service, house, links, authority, listener)


def _beside_others(database: Database, bells: Bells) -> Worker:
    """Several processes of a node share a PostgreSQL database; on SQLite there is one."""
    if database.is_sqlite:
        return Sole(database).run
    from bp_exchange.workers.noticing import Noticing  # noqa: PLC0415 - with PostgreSQL's driver

    return Noticing(database, bells).run
