"""The composition root of training."""

from __future__ import annotations

from bluepacific.training.v1 import (
    course_service_pb2_grpc,
    credential_service_pb2_grpc,
    enrolment_read_service_pb2_grpc,
    enrolment_service_pb2_grpc,
    package_service_pb2_grpc,
    participation_service_pb2_grpc,
)
from bp_kit.database import Database
from bp_kit.inbox import Subscriber
from bp_kit.outbox import OutboxRelay
from bp_kit.ports import Seams
from bp_kit.readers import Readers
from bp_kit.service import Service
from bp_kit.subjects.desk import SubjectDesk
from bp_training.adapters.frameworks import known_tags
from bp_training.adapters.holdings import HOLDINGS
from bp_training.adapters.package_store import PackageStore
from bp_training.adapters.signatures import IssuerKeys
from bp_training.adapters.unit_of_work import Workshop
from bp_training.api.courses import CourseServicer
from bp_training.api.credentials import CredentialServicer
from bp_training.api.enrolments import EnrolmentServicer
from bp_training.api.packages import PackageServicer
from bp_training.api.participation import ParticipationServicer
from bp_training.api.reads import EnrolmentReadServicer
from bp_training.settings import TrainingSettings
from bp_training.usecases.work import Rules
from bp_training.workers.library import Librarian
from bp_training.workers.reporting import Reporter
from bp_training.workers.topics import Handlers


def build(settings: TrainingSettings, seams: Seams) -> Service:
    """Puts training together."""
    database = Database(settings.database_url)
    rules = Rules(
        centre=settings.centre_country,
        threshold=settings.participation_threshold,
        statement_limit=settings.statement_limit,
        issuer_name=settings.issuer_name,
        known_tags=known_tags(),
    )
    workshop = Workshop(database, seams, IssuerKeys(settings.key_dir), rules)
    handlers = {**Handlers(workshop).by_topic(), **SubjectDesk(HOLDINGS, seams, "training").by_topic()}
    store = PackageStore(seams.blobs, settings.package_limits)
    return Service(
        name="training",
        package="bp_training",
        database=database,
        holdings=HOLDINGS,
        servicers=[
            (course_service_pb2_grpc.add_CourseServiceServicer_to_server, CourseServicer(workshop)),
            (package_service_pb2_grpc.add_PackageServiceServicer_to_server, PackageServicer(workshop, store)),
            (enrolment_service_pb2_grpc.add_EnrolmentServiceServicer_to_server, EnrolmentServicer(workshop)),
            (credential_service_pb2_grpc.add_CredentialServiceServicer_to_server, CredentialServicer(workshop)),
            (
                participation_service_pb2_grpc.add_ParticipationServiceServicer_to_server,
                ParticipationServicer(workshop),
            ),
            (
                enrolment_read_service_pb2_grpc.add_EnrolmentReadServiceServicer_to_server,
                EnrolmentReadServicer(workshop, Readers(seams)),
            ),
        ],
        workers=[
            OutboxRelay(database, seams, "training").run,
            Subscriber(database, seams, "training", handlers).run,
            Reporter(workshop, settings.participation_interval).run,
            Librarian(workshop, settings.library_interval).run,
        ],
    )
