"""What tests do with a running service, in few words."""

import uuid

from bluepacific.catalogue.v1 import access_agreement_service_pb2 as agreements_pb2
from bluepacific.catalogue.v1 import access_agreement_service_pb2_grpc as agreements_grpc
from bluepacific.catalogue.v1 import access_request_pb2, capability_pb2
from bluepacific.catalogue.v1 import access_request_service_pb2 as requests_pb2
from bluepacific.catalogue.v1 import access_request_service_pb2_grpc as requests_grpc
from bluepacific.catalogue.v1 import capability_service_pb2 as capabilities_pb2
from bluepacific.catalogue.v1 import capability_service_pb2_grpc as capabilities_grpc
from bluepacific.catalogue.v1 import uptake_service_pb2_grpc as uptake_grpc
from bluepacific.common.v1 import handling_pb2, text_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2

VESSELS = "countries/WSM/capabilities/SV"
PUBLISHED = "bluepacific.catalogue.v1.capabilities.published"
REQUESTED = "bluepacific.catalogue.v1.catalogue.requested"
REPORTED = "bluepacific.catalogue.v1.uptake.reported"
NOTIFY = "bluepacific.notifications.v1.notification.requested"


class Office:
    """One country's catalogue service.

    Args:
        under_test: From the kit's harness.
        country: Its code.
    """

    def __init__(self, under_test, country):
        self.under_test = under_test
        self.country = country
        self.topics = under_test.topics
        self.capabilities = capabilities_grpc.CapabilityServiceStub(under_test.channel)
        self.requests = requests_grpc.AccessRequestServiceStub(under_test.channel)
        self.agreements = agreements_grpc.AccessAgreementServiceStub(under_test.channel)
        self.uptake = uptake_grpc.UptakeServiceStub(under_test.channel)
        self.refused = under_test.refused

    def as_(self, who, *roles, country=None, language="en"):
        """Returns call metadata of an officer with roles: `as_("ana", "officer@tcu")`."""
        name = f"countries/{country or self.country}/officers/{who}"
        return self.under_test.token(name, roles, language=language)

    @property
    def publisher(self):
        return self.as_("lagi", "course_manager@ptccc")

    @property
    def officer(self):
        return self.as_("litia", "officer@tcu")

    @property
    def head(self):
        return self.as_("jone", "ncb_head@ncb")

    def publish(self, *codes, metadata=None, parent=None, request_id=""):
        request = capabilities_pb2.PublishReferenceRequest(
            parent=parent or f"countries/{self.country}", codes=codes, request_id=request_id
        )
        return self.capabilities.PublishReference(request, metadata=metadata or self.publisher)

    def get(self, name=VESSELS, metadata=None):
        request = capabilities_pb2.GetCapabilityRequest(name=name)
        return self.capabilities.GetCapability(request, metadata=metadata or self.officer)

    def list(self, metadata=None, parent="countries/-", **fields):
        request = capabilities_pb2.ListCapabilitiesRequest(parent=parent, **fields)
        return self.capabilities.ListCapabilities(request, metadata=metadata or self.officer)

    def create(self, capability_id="DRONES", metadata=None, **fields):
        values = {
            "title": text_pb2.LocalizedText(texts={"en": "Drones"}),
            "kind": capability_pb2.CAPABILITY_KIND_SUPPORT,
        }
        request = capabilities_pb2.CreateCapabilityRequest(
            parent=f"countries/{self.country}",
            capability_id=capability_id,
            capability=capability_pb2.Capability(**(values | fields)),
        )
        return self.capabilities.CreateCapability(request, metadata=metadata or self.publisher)

    def update(self, name=VESSELS, *, paths=(), metadata=None, **fields):
        request = capabilities_pb2.UpdateCapabilityRequest(capability=capability_pb2.Capability(name=name, **fields))
        request.update_mask.paths.extend(paths)
        return self.capabilities.UpdateCapability(request, metadata=metadata or self.publisher)

    def ask(self, capability=VESSELS, unit="tcu", metadata=None, *, request_id="", **fields):
        values = {
            "capability": capability,
            "unit": f"countries/{self.country}/units/{unit}",
            "justification": "Boats without papers in Suva.",
            "purpose": handling_pb2.PURPOSE_INVESTIGATION,
        }
        request = requests_pb2.CreateAccessRequestRequest(
            parent=f"countries/{self.country}",
            access_request=access_request_pb2.AccessRequest(**(values | fields)),
            request_id=request_id,
        )
        return self.requests.CreateAccessRequest(request, metadata=metadata or self.officer)

    def get_request(self, name, metadata=None):
        request = requests_pb2.GetAccessRequestRequest(name=name)
        return self.requests.GetAccessRequest(request, metadata=metadata or self.officer)

    def list_requests(self, metadata=None, **fields):
        request = requests_pb2.ListAccessRequestsRequest(parent=f"countries/{self.country}", **fields)
        return self.requests.ListAccessRequests(request, metadata=metadata or self.officer)

    def approve(self, name, metadata=None, **fields):
        request = requests_pb2.ApproveAccessRequestRequest(name=name, **fields)
        return self.requests.ApproveAccessRequest(request, metadata=metadata or self.head)

    def refuse(self, name, metadata=None, note="Not now.", **fields):
        request = requests_pb2.RefuseAccessRequestRequest(name=name, note=note, **fields)
        return self.requests.RefuseAccessRequest(request, metadata=metadata or self.head)

    def withdraw(self, name, metadata=None, **fields):
        request = requests_pb2.WithdrawAccessRequestRequest(name=name, **fields)
        return self.requests.WithdrawAccessRequest(request, metadata=metadata or self.officer)

    def get_agreement(self, name, metadata=None):
        request = agreements_pb2.GetAccessAgreementRequest(name=name)
        return self.agreements.GetAccessAgreement(request, metadata=metadata or self.officer)

    def list_agreements(self, metadata=None, **fields):
        request = agreements_pb2.ListAccessAgreementsRequest(parent=f"countries/{self.country}", **fields)
        return self.agreements.ListAccessAgreements(request, metadata=metadata or self.officer)

    def end(self, name, metadata=None, note="No longer needed.", **fields):
        request = agreements_pb2.EndAccessAgreementRequest(name=name, note=note, **fields)
        return self.agreements.EndAccessAgreement(request, metadata=metadata or self.head)

    async def deliver(self, topic, payload, author):
        content = payload if isinstance(payload, bytes) else payload.SerializeToString()
        await self.topics.deliver(
            topics_pb2.Message(
                message_id=str(uuid.uuid4()),
                topic=topic,
                author=author,
                recipients=[f"countries/{self.country}"],
                payload=content,
            )
        )

    async def pass_on(self, topic, to, count=1):
        """Delivers the last message sent on a topic, once there are that many, to another country's service; returns it."""
        message = (await self.topics.wait_sent(topic, count))[-1]
        await to.topics.deliver(message)
        return message
