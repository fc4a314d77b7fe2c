"""The composition root of cooperation."""

from __future__ import annotations

from bluepacific.cooperation.v1 import (
    access_service_pb2_grpc,
    attachment_service_pb2_grpc,
    directive_service_pb2_grpc,
    directory_service_pb2_grpc,
    entity_service_pb2_grpc,
    log_service_pb2_grpc,
    operation_service_pb2_grpc,
    read_service_pb2_grpc,
    reply_service_pb2_grpc,
    request_service_pb2_grpc,
    sharing_service_pb2_grpc,
)
from bp_access.deciding import Decider
from bp_cooperation.adapters.holdings import CooperationHoldings
from bp_cooperation.adapters.sealed_files import SealedFiles
from bp_cooperation.adapters.unit_of_work import Workshop
from bp_cooperation.adapters.ways import Ways
from bp_cooperation.api.access import AccessServicer
from bp_cooperation.api.attachments import AttachmentServicer
from bp_cooperation.api.directives import DirectiveServicer
from bp_cooperation.api.directory import DirectoryServicer
from bp_cooperation.api.entities import EntityServicer
from bp_cooperation.api.log import LogServicer
from bp_cooperation.api.operations import OperationServicer
from bp_cooperation.api.reads import ReadServicer
from bp_cooperation.api.replies import ReplyServicer
from bp_cooperation.api.requests import RequestServicer
from bp_cooperation.api.sharings import SharingServicer
from bp_cooperation.settings import CooperationSettings
from bp_cooperation.usecases.access import Access
from bp_cooperation.workers.retention import Keeper
from bp_cooperation.workers.topics import Handlers
from bp_kit.database import Database
from bp_kit.inbox import Subscriber
from bp_kit.outbox import OutboxRelay
from bp_kit.ports import Seams
from bp_kit.readers import Readers
from bp_kit.service import Service
from bp_kit.subjects.desk import SubjectDesk


def build(settings: CooperationSettings, seams: Seams) -> Service:
    """Puts cooperation together."""
    database = Database(settings.database_url, secure_delete=True)
    workshop = Workshop(
        database, seams, settings.rules(seams.country), Ways(seams), Access(Decider(settings.country_rules()))
    )
    files = SealedFiles(seams.blobs)
    handlers = Handlers(workshop)
    holdings = CooperationHoldings(workshop)
    by_topic = {**handlers.by_topic(), **SubjectDesk(holdings, seams, "cooperation").by_topic()}
    return Service(
        name="cooperation",
        package="bp_cooperation",
        database=database,
        holdings=holdings,
        servicers=[
            (request_service_pb2_grpc.add_RequestServiceServicer_to_server, RequestServicer(workshop)),
            (reply_service_pb2_grpc.add_ReplyServiceServicer_to_server, ReplyServicer(workshop)),
            (
                attachment_service_pb2_grpc.add_AttachmentServiceServicer_to_server,
                AttachmentServicer(workshop, files),
            ),
            (entity_service_pb2_grpc.add_EntityServiceServicer_to_server, EntityServicer(workshop)),
            (directive_service_pb2_grpc.add_DirectiveServiceServicer_to_server, DirectiveServicer(workshop)),
            (sharing_service_pb2_grpc.add_SharingServiceServicer_to_server, SharingServicer(workshop)),
            (operation_service_pb2_grpc.add_OperationServiceServicer_to_server, OperationServicer(workshop)),
            (access_service_pb2_grpc.add_AccessServiceServicer_to_server, AccessServicer(workshop)),
            (log_service_pb2_grpc.add_LogServiceServicer_to_server, LogServicer(workshop)),
            (read_service_pb2_grpc.add_ReadServiceServicer_to_server, ReadServicer(workshop, Readers(seams))),
            (directory_service_pb2_grpc.add_DirectoryServiceServicer_to_server, DirectoryServicer(workshop)),
        ],
        workers=[
            OutboxRelay(database, seams, "cooperation").run,
            Subscriber(database, seams, "cooperation", by_topic, on_receipt=handlers.receipt).run,
            Keeper(workshop, files, settings.retention_interval).run,
        ],
    )
