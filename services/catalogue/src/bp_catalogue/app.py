"""The composition root of the catalogue."""

from __future__ import annotations

from bluepacific.catalogue.v1 import (
    access_agreement_service_pb2_grpc,
    access_request_service_pb2_grpc,
    capability_service_pb2_grpc,
    uptake_service_pb2_grpc,
)
from bp_catalogue.adapters.holdings import HOLDINGS
from bp_catalogue.adapters.unit_of_work import Workshop
from bp_catalogue.api.agreements import AccessAgreementServicer
from bp_catalogue.api.capabilities import CapabilityServicer
from bp_catalogue.api.requests import AccessRequestServicer
from bp_catalogue.api.uptake import UptakeServicer
from bp_catalogue.settings import CatalogueSettings
from bp_catalogue.usecases.work import Rules
from bp_catalogue.workers.librarian import Librarian
from bp_catalogue.workers.reporting import Reporter
from bp_catalogue.workers.topics import Handlers
from bp_kit.database import Database
from bp_kit.inbox import Subscriber
from bp_kit.outbox import OutboxRelay
from bp_kit.ports import Seams
from bp_kit.service import Service
from bp_kit.subjects.desk import SubjectDesk


def build(settings: CatalogueSettings, seams: Seams) -> Service:
    """Puts the catalogue together."""
    database = Database(settings.database_url)
    rules = Rules(
        centre=settings.centre_country,
        ncb_unit=settings.ncb_unit,
        agreement_period=min(settings.agreement_period, settings.agreement_limit),
        agreement_limit=settings.agreement_limit,
        uptake_refresh=settings.uptake_refresh,
    )
    workshop = Workshop(database, seams, rules)
    handlers = {**Handlers(workshop).by_topic(), **SubjectDesk(HOLDINGS, seams, "catalogue").by_topic()}
    return Service(
        name="catalogue",
        package="bp_catalogue",
        database=database,
        holdings=HOLDINGS,
        servicers=[
            (capability_service_pb2_grpc.add_CapabilityServiceServicer_to_server, CapabilityServicer(workshop)),
            (
                access_request_service_pb2_grpc.add_AccessRequestServiceServicer_to_server,
                AccessRequestServicer(workshop),
            ),
            (
                access_agreement_service_pb2_grpc.add_AccessAgreementServiceServicer_to_server,
                AccessAgreementServicer(workshop),
            ),
            (uptake_service_pb2_grpc.add_UptakeServiceServicer_to_server, UptakeServicer(workshop)),
        ],
        workers=[
            OutboxRelay(database, seams, "catalogue").run,
            Subscriber(database, seams, "catalogue", handlers).run,
            Reporter(workshop, settings.uptake_interval).run,
            Librarian(workshop, settings.catalogue_interval).run,
        ],
    )
