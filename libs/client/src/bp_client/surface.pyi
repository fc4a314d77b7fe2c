# Written by libs/client/tools/write_surface.py. Do not edit.

from typing import Any

from bluepacific.catalogue.v1 import access_agreement_service_pb2_grpc as _catalogue_access_agreement
from bluepacific.catalogue.v1 import access_request_service_pb2_grpc as _catalogue_access_request
from bluepacific.catalogue.v1 import capability_service_pb2_grpc as _catalogue_capability
from bluepacific.catalogue.v1 import uptake_service_pb2_grpc as _catalogue_uptake
from bluepacific.cooperation.v1 import access_service_pb2_grpc as _cooperation_access
from bluepacific.cooperation.v1 import attachment_service_pb2_grpc as _cooperation_attachment
from bluepacific.cooperation.v1 import directive_service_pb2_grpc as _cooperation_directive
from bluepacific.cooperation.v1 import directory_service_pb2_grpc as _cooperation_directory
from bluepacific.cooperation.v1 import entity_service_pb2_grpc as _cooperation_entity
from bluepacific.cooperation.v1 import log_service_pb2_grpc as _cooperation_log
from bluepacific.cooperation.v1 import operation_service_pb2_grpc as _cooperation_operation
from bluepacific.cooperation.v1 import read_service_pb2_grpc as _cooperation_read
from bluepacific.cooperation.v1 import reply_service_pb2_grpc as _cooperation_reply
from bluepacific.cooperation.v1 import request_service_pb2_grpc as _cooperation_request
from bluepacific.cooperation.v1 import sharing_service_pb2_grpc as _cooperation_sharing
from bluepacific.exchange.v1 import exchange_service_pb2_grpc as _exchange_exchange
from bluepacific.exchange.v1 import lane_service_pb2_grpc as _exchange_lane
from bluepacific.exchange.v1 import proof_service_pb2_grpc as _exchange_proof
from bluepacific.identity.v1 import access_review_service_pb2_grpc as _identity_access_review
from bluepacific.identity.v1 import client_service_pb2_grpc as _identity_client
from bluepacific.identity.v1 import country_service_pb2_grpc as _identity_country
from bluepacific.identity.v1 import emergency_service_pb2_grpc as _identity_emergency
from bluepacific.identity.v1 import grant_service_pb2_grpc as _identity_grant
from bluepacific.identity.v1 import officer_import_service_pb2_grpc as _identity_officer_import
from bluepacific.identity.v1 import officer_read_service_pb2_grpc as _identity_officer_read
from bluepacific.identity.v1 import officer_service_pb2_grpc as _identity_officer
from bluepacific.identity.v1 import passkey_service_pb2_grpc as _identity_passkey
from bluepacific.identity.v1 import proposal_service_pb2_grpc as _identity_proposal
from bluepacific.identity.v1 import recovery_service_pb2_grpc as _identity_recovery
from bluepacific.identity.v1 import session_service_pb2_grpc as _identity_session
from bluepacific.identity.v1 import subject_service_pb2_grpc as _identity_subject
from bluepacific.identity.v1 import unit_service_pb2_grpc as _identity_unit
from bluepacific.identity.v1 import upstream_service_pb2_grpc as _identity_upstream
from bluepacific.notifications.v1 import notification_service_pb2_grpc as _notifications_notification
from bluepacific.notifications.v1 import preference_service_pb2_grpc as _notifications_preference
from bluepacific.queue.v1 import queued_call_service_pb2_grpc as _queue_queued_call
from bluepacific.training.v1 import course_service_pb2_grpc as _training_course
from bluepacific.training.v1 import credential_service_pb2_grpc as _training_credential
from bluepacific.training.v1 import enrolment_read_service_pb2_grpc as _training_enrolment_read
from bluepacific.training.v1 import enrolment_service_pb2_grpc as _training_enrolment
from bluepacific.training.v1 import package_service_pb2_grpc as _training_package
from bluepacific.training.v1 import participation_service_pb2_grpc as _training_participation
from bp_client.async_channel import AsyncRestChannel
from bp_client.channel import RestChannel

class Catalogue:
    access_agreements: _catalogue_access_agreement.AccessAgreementServiceStub
    access_requests: _catalogue_access_request.AccessRequestServiceStub
    capabilities: _catalogue_capability.CapabilityServiceStub
    uptakes: _catalogue_uptake.UptakeServiceStub

class AsyncCatalogue:
    access_agreements: _catalogue_access_agreement.AccessAgreementServiceAsyncStub
    access_requests: _catalogue_access_request.AccessRequestServiceAsyncStub
    capabilities: _catalogue_capability.CapabilityServiceAsyncStub
    uptakes: _catalogue_uptake.UptakeServiceAsyncStub

class Cooperation:
    accesses: _cooperation_access.AccessServiceStub
    attachments: _cooperation_attachment.AttachmentServiceStub
    directives: _cooperation_directive.DirectiveServiceStub
    directories: _cooperation_directory.DirectoryServiceStub
    entities: _cooperation_entity.EntityServiceStub
    logs: _cooperation_log.LogServiceStub
    operations: _cooperation_operation.OperationServiceStub
    reads: _cooperation_read.ReadServiceStub
    replies: _cooperation_reply.ReplyServiceStub
    requests: _cooperation_request.RequestServiceStub
    sharings: _cooperation_sharing.SharingServiceStub

class AsyncCooperation:
    accesses: _cooperation_access.AccessServiceAsyncStub
    attachments: _cooperation_attachment.AttachmentServiceAsyncStub
    directives: _cooperation_directive.DirectiveServiceAsyncStub
    directories: _cooperation_directory.DirectoryServiceAsyncStub
    entities: _cooperation_entity.EntityServiceAsyncStub
    logs: _cooperation_log.LogServiceAsyncStub
    operations: _cooperation_operation.OperationServiceAsyncStub
    reads: _cooperation_read.ReadServiceAsyncStub
    replies: _cooperation_reply.ReplyServiceAsyncStub
    requests: _cooperation_request.RequestServiceAsyncStub
    sharings: _cooperation_sharing.SharingServiceAsyncStub

class Exchange:
    exchanges: _exchange_exchange.ExchangeServiceStub
    lanes: _exchange_lane.LaneServiceStub
    proofs: _exchange_proof.ProofServiceStub

class AsyncExchange:
    exchanges: _exchange_exchange.ExchangeServiceAsyncStub
    lanes: _exchange_lane.LaneServiceAsyncStub
    proofs: _exchange_proof.ProofServiceAsyncStub

class Identity:
    access_reviews: _identity_access_review.AccessReviewServiceStub
    clients: _identity_client.ClientServiceStub
    countries: _identity_country.CountryServiceStub
    emergencies: _identity_emergency.EmergencyServiceStub
    grants: _identity_grant.GrantServiceStub
    officer_imports: _identity_officer_import.OfficerImportServiceStub
    officer_reads: _identity_officer_read.OfficerReadServiceStub
    officers: _identity_officer.OfficerServiceStub
    passkeys: _identity_passkey.PasskeyServiceStub
    proposals: _identity_proposal.ProposalServiceStub
    recoveries: _identity_recovery.RecoveryServiceStub
    sessions: _identity_session.SessionServiceStub
    subjects: _identity_subject.SubjectServiceStub
    units: _identity_unit.UnitServiceStub
    upstreams: _identity_upstream.UpstreamServiceStub

class AsyncIdentity:
    access_reviews: _identity_access_review.AccessReviewServiceAsyncStub
    clients: _identity_client.ClientServiceAsyncStub
    countries: _identity_country.CountryServiceAsyncStub
    emergencies: _identity_emergency.EmergencyServiceAsyncStub
    grants: _identity_grant.GrantServiceAsyncStub
    officer_imports: _identity_officer_import.OfficerImportServiceAsyncStub
    officer_reads: _identity_officer_read.OfficerReadServiceAsyncStub
    officers: _identity_officer.OfficerServiceAsyncStub
    passkeys: _identity_passkey.PasskeyServiceAsyncStub
    proposals: _identity_proposal.ProposalServiceAsyncStub
    recoveries: _identity_recovery.RecoveryServiceAsyncStub
    sessions: _identity_session.SessionServiceAsyncStub
    subjects: _identity_subject.SubjectServiceAsyncStub
    units: _identity_unit.UnitServiceAsyncStub
    upstreams: _identity_upstream.UpstreamServiceAsyncStub

class Notifications:
    notifications: _notifications_notification.NotificationServiceStub
    preferences: _notifications_preference.PreferenceServiceStub

class AsyncNotifications:
    notifications: _notifications_notification.NotificationServiceAsyncStub
    preferences: _notifications_preference.PreferenceServiceAsyncStub

class Queue:
    queued_calls: _queue_queued_call.QueuedCallServiceStub

class AsyncQueue:
    queued_calls: _queue_queued_call.QueuedCallServiceAsyncStub

class Training:
    courses: _training_course.CourseServiceStub
    credentials: _training_credential.CredentialServiceStub
    enrolment_reads: _training_enrolment_read.EnrolmentReadServiceStub
    enrolments: _training_enrolment.EnrolmentServiceStub
    packages: _training_package.PackageServiceStub
    participations: _training_participation.ParticipationServiceStub

class AsyncTraining:
    courses: _training_course.CourseServiceAsyncStub
    credentials: _training_credential.CredentialServiceAsyncStub
    enrolment_reads: _training_enrolment_read.EnrolmentReadServiceAsyncStub
    enrolments: _training_enrolment.EnrolmentServiceAsyncStub
    packages: _training_package.PackageServiceAsyncStub
    participations: _training_participation.ParticipationServiceAsyncStub

class Surface:
    channel: RestChannel
    catalogue: Catalogue
    cooperation: Cooperation
    exchange: Exchange
    identity: Identity
    notifications: Notifications
    queue: Queue
    training: Training
    def __init__(self, channel: RestChannel) -> None: ...

class AsyncSurface:
    channel: AsyncRestChannel
    catalogue: AsyncCatalogue
    cooperation: AsyncCooperation
    exchange: AsyncExchange
    identity: AsyncIdentity
    notifications: AsyncNotifications
    queue: AsyncQueue
    training: AsyncTraining
    def __init__(self, channel: AsyncRestChannel) -> None: ...

def areas() -> dict[str, dict[str, str]]: ...
def plural(stem: str) -> str: ...
def stub_class(area: str, stem: str) -> type[Any]: ...
