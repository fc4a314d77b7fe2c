"""What tests do with a running service, in few words."""

import uuid

from google.api.httpbody_pb2 import HttpBody

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import attachment_service_pb2 as attachments_pb2
from bluepacific.cooperation.v1 import attachment_service_pb2_grpc as attachments_grpc
from bluepacific.cooperation.v1 import directive_pb2, operation_pb2, reply_pb2, request_pb2
from bluepacific.cooperation.v1 import directive_service_pb2 as directives_pb2
from bluepacific.cooperation.v1 import directive_service_pb2_grpc as directives_grpc
from bluepacific.cooperation.v1 import directory_service_pb2_grpc as directory_grpc
from bluepacific.cooperation.v1 import entity_service_pb2 as entities_pb2
from bluepacific.cooperation.v1 import entity_service_pb2_grpc as entities_grpc
from bluepacific.cooperation.v1 import operation_service_pb2 as operations_pb2
from bluepacific.cooperation.v1 import operation_service_pb2_grpc as operations_grpc
from bluepacific.cooperation.v1 import reply_service_pb2 as replies_pb2
from bluepacific.cooperation.v1 import reply_service_pb2_grpc as replies_grpc
from bluepacific.cooperation.v1 import request_service_pb2 as requests_pb2
from bluepacific.cooperation.v1 import request_service_pb2_grpc as requests_grpc
from bluepacific.cooperation.v1 import sharing_service_pb2 as sharings_pb2
from bluepacific.cooperation.v1 import sharing_service_pb2_grpc as sharings_grpc
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bluepacific.identity.v1 import events_pb2 as identity_pb2
from bluepacific.identity.v1 import unit_pb2
from bluepacific.notifications.v1 import events_pb2 as notifications_pb2
from bp_kit.testing.canaries import plant
from bp_kit.testing.tokens import make_token

PREFIX = "bluepacific.cooperation.v1."
NOTIFICATION = "bluepacific.notifications.v1.notification.requested"
FJI, TON, PTCCC, CUSTOMS = (
    "countries/FJI/units/ncb",
    "countries/TON/units/ncb",
    "countries/WSM/units/ptccc",
    "countries/TON/units/customs",
)
AMBER = handling_pb2.Handling(tlp=handling_pb2.TLP_AMBER, purpose=handling_pb2.PURPOSE_INVESTIGATION)

# What is written in tests, which nobody else may be told.
TITLE, TEXT, ANSWER = (
    plant("title", "FV Moana Star"),
    plant("text", "Who owns her?"),
    plant("answer", "Seen at anchor."),
)
OPERATION = plant("operation", "Kaveinga of the reef")


class Bureau:
    """One country's cooperation service.

    Args:
        under_test: From the kit's harness.
        country: Its code.
    """

    def __init__(self, under_test, country):
        self.under_test = under_test
        self.country = country
        self.topics = under_test.topics
        self.requests = requests_grpc.RequestServiceStub(under_test.channel)
        self.replies = replies_grpc.ReplyServiceStub(under_test.channel)
        self.attachments = attachments_grpc.AttachmentServiceStub(under_test.channel)
        self.entities = entities_grpc.EntityServiceStub(under_test.channel)
        self.directives = directives_grpc.DirectiveServiceStub(under_test.channel)
        self.sharings = sharings_grpc.SharingServiceStub(under_test.channel)
        self.operations = operations_grpc.OperationServiceStub(under_test.channel)
        self.directory = directory_grpc.DirectoryServiceStub(under_test.channel)
        self.refused = under_test.refused
        self.lifetime = 600

    def as_(self, who, *roles, purpose="INVESTIGATION", language="en", clearance=0):
        """Returns call metadata of an officer: `as_("mele", "duty_officer@ncb")`."""
        name = f"countries/{self.country}/officers/{who}"
        token = make_token(name, roles, lifetime=self.lifetime, clearance=clearance)
        found = (("authorization", f"Bearer {token}"), ("accept-language", language))
        return (*found, ("x-purpose", purpose)) if purpose else found

    @property
    def officer(self):
        """Somebody of the NCB, or in Samoa of PTCCC, who may do everything."""
        return self.as_("ana", "officer@ptccc" if self.country == "WSM" else "officer@ncb")

    async def learn_units(self, *names, active=True, version=1):
        """Hears of units from their countries' identity."""
        for name in names or (FJI, TON, PTCCC, CUSTOMS):
            country = name.split("/")[1]
            state = unit_pb2.UNIT_STATE_ACTIVE if active else unit_pb2.UNIT_STATE_INACTIVE
            event = identity_pb2.UnitChanged(
                name=name,
                country=country,
                display_name=name.rpartition("/")[2].upper(),
                kind=unit_pb2.UNIT_KIND_NCB,
                state=state,
                version=version,
            )
            await self.topics.deliver(message("unit.changed", event, f"countries/{country}", ["countries/-"]))

    def draft(self, *, as_=None, **fields):
        values = {"title": TITLE, "text": TEXT, "recipients": [PTCCC, TON], "handling": AMBER}
        values["urgency"] = handling_pb2.URGENCY_URGENT
        request = requests_pb2.CreateRequestRequest(
            parent=f"countries/{self.country}", request=request_pb2.Request(**(values | fields))
        )
        return self.requests.CreateRequest(request, metadata=as_ or self.officer)

    def send(self, name, *, as_=None, **fields):
        request = requests_pb2.SendRequestRequest(name=name, **fields)
        return self.requests.SendRequest(request, metadata=as_ or self.officer)

    async def sent_request(self, **fields):
        return await self.send((await self.draft(**fields)).name)

    def get(self, name, as_=None):
        as_ = as_ or self.officer
        if "/replies/" in name:
            return self.replies.GetReply(replies_pb2.GetReplyRequest(name=name), metadata=as_)
        return self.requests.GetRequest(requests_pb2.GetRequestRequest(name=name), metadata=as_)

    def listed(self, as_=None, parent="countries/-", **fields):
        request = requests_pb2.ListRequestsRequest(parent=parent, **fields)
        return self.requests.ListRequests(request, metadata=as_ or self.officer)

    def close(self, name, as_=None):
        return self.requests.CloseRequest(requests_pb2.CloseRequestRequest(name=name), metadata=as_ or self.officer)

    def draft_reply(self, request, *, as_=None, **fields):
        values = {"text": ANSWER}
        asked = replies_pb2.CreateReplyRequest(parent=request, reply=reply_pb2.Reply(**(values | fields)))
        return self.replies.CreateReply(asked, metadata=as_ or self.officer)

    def send_reply(self, name, as_=None):
        return self.replies.SendReply(replies_pb2.SendReplyRequest(name=name), metadata=as_ or self.officer)

    async def sent_reply(self, request, *, as_=None, **fields):
        return await self.send_reply((await self.draft_reply(request, as_=as_, **fields)).name, as_=as_)

    def listed_replies(self, request, as_=None, **fields):
        asked = replies_pb2.ListRepliesRequest(parent=request, **fields)
        return self.replies.ListReplies(asked, metadata=as_ or self.officer)

    def recall(self, name, as_=None, ground=directive_pb2.DIRECTIVE_GROUND_SENT_IN_ERROR, **fields):
        values = {"name": name, "ground": ground} | fields
        if "/replies/" in name:
            return self.directives.RecallReply(
                directives_pb2.RecallReplyRequest(**values), metadata=as_ or self.officer
            )
        request = directives_pb2.RecallRequestRequest(**values)
        return self.directives.RecallRequest(request, metadata=as_ or self.officer)

    def correct(self, name, as_=None, **fields):
        values = {"name": name, "ground": directive_pb2.DIRECTIVE_GROUND_INACCURATE} | fields
        if "/replies/" in name:
            request = directives_pb2.CorrectReplyRequest(**values)
            return self.directives.CorrectReply(request, metadata=as_ or self.officer)
        request = directives_pb2.CorrectRequestRequest(**({"title": TITLE} | values))
        return self.directives.CorrectRequest(request, metadata=as_ or self.officer)

    def change_handling(self, name, handling, as_=None, **fields):
        values = {"name": name, "ground": directive_pb2.DIRECTIVE_GROUND_PROTECTION, "handling": handling} | fields
        if "/replies/" in name:
            request = directives_pb2.ChangeReplyHandlingRequest(**values)
            return self.directives.ChangeReplyHandling(request, metadata=as_ or self.officer)
        request = directives_pb2.ChangeRequestHandlingRequest(**values)
        return self.directives.ChangeRequestHandling(request, metadata=as_ or self.officer)

    async def outstanding(self, as_=None, **fields):
        request = directives_pb2.ListOutstandingAnswersRequest(parent=f"countries/{self.country}", **fields)
        answer = await self.directives.ListOutstandingAnswers(request, metadata=as_ or self.officer)
        return [*answer.outstanding_answers]

    async def told_about(self, request, as_=None, **fields):
        asked = directives_pb2.ListDirectivesRequest(parent=request, **fields)
        return [*(await self.directives.ListDirectives(asked, metadata=as_ or self.officer)).directives]

    async def revisions(self, request, as_=None):
        asked = directives_pb2.ListRevisionsRequest(parent=request)
        return [*(await self.directives.ListRevisions(asked, metadata=as_ or self.officer)).revisions]

    def share(self, name, *recipients, as_=None):
        request = sharings_pb2.ShareRequestRequest(name=name, recipients=recipients)
        return self.sharings.ShareRequest(request, metadata=as_ or self.officer)

    def make_operation(self, as_=None, **fields):
        operation = operation_pb2.Operation(**({"display_name": OPERATION} | fields))
        request = operations_pb2.CreateOperationRequest(parent=f"countries/{self.country}", operation=operation)
        return self.operations.CreateOperation(request, metadata=as_ or self.officer)

    def operation(self, name, as_=None):
        request = operations_pb2.GetOperationRequest(name=name)
        return self.operations.GetOperation(request, metadata=as_ or self.officer)

    async def listed_operations(self, as_=None, parent="countries/-", **fields):
        request = operations_pb2.ListOperationsRequest(parent=parent, **fields)
        return [*(await self.operations.ListOperations(request, metadata=as_ or self.officer)).operations]

    def change_operation(self, operation, *paths, as_=None):
        request = operations_pb2.UpdateOperationRequest(operation=operation)
        request.update_mask.paths.extend(paths)
        return self.operations.UpdateOperation(request, metadata=as_ or self.officer)

    def add_member(self, operation, officer, as_=None, **fields):
        request = operations_pb2.CreateMemberRequest(
            parent=operation, member=operation_pb2.Member(officer=officer, **fields)
        )
        return self.operations.CreateMember(request, metadata=as_ or self.officer)

    def remove_member(self, name, as_=None):
        return self.operations.DeleteMember(operations_pb2.DeleteMemberRequest(name=name), metadata=as_ or self.officer)

    async def members(self, operation, as_=None, **fields):
        request = operations_pb2.ListMembersRequest(parent=operation, **fields)
        found = (await self.operations.ListMembers(request, metadata=as_ or self.officer)).members
        return [one.officer for one in found]

    def upload(self, parent, content, *, as_=None, piece=256 * 1024, media_type="application/pdf", **fields):
        names = {"parent": parent, "file_name": "papers.pdf"} | fields

        async def pieces():
            body = HttpBody(content_type=media_type, data=content[:piece])
            yield attachments_pb2.UploadAttachmentRequest(content=body, **names)
            for start in range(piece, len(content), piece):
                yield attachments_pb2.UploadAttachmentRequest(content=HttpBody(data=content[start : start + piece]))

        return self.attachments.UploadAttachment(pieces(), metadata=as_ or self.officer)

    async def download(self, name, as_=None):
        """Returns what the parts of a download say and hold."""
        call = self.attachments.DownloadAttachment(
            attachments_pb2.DownloadAttachmentRequest(name=name), metadata=as_ or self.officer
        )
        return await joined(call)

    def listed_attachments(self, request, as_=None):
        asked = attachments_pb2.ListAttachmentsRequest(parent=request)
        return self.attachments.ListAttachments(asked, metadata=as_ or self.officer)

    def search(self, query="", as_=None, parent="countries/-", **fields):
        asked = entities_pb2.SearchEntitiesRequest(parent=parent, query=query, **fields)
        return self.entities.SearchEntities(asked, metadata=as_ or self.officer)

    async def pass_on(self, topic, *others, count=1):
        """Carries the newest message of a topic, and its files, to other nodes as the exchanges do; returns it."""
        carried = (await self.topics.wait_sent(PREFIX + topic, count))[-1]
        for other in others:
            for blob in carried.blobs:
                await copy_blob(self, other, blob.digest)
            await other.topics.deliver(carried)
        return carried

    async def receive(self, carried, unit, state, moment):
        """Gets a receipt for a message that was sent from here."""
        receipt = topics_pb2.Receipt(message_id=carried.message_id, recipient=unit, state=state)
        receipt.state_time.FromDatetime(moment)
        await self.topics.receipt(receipt)

    async def told(self, template, count=1):
        """Returns the notifications asked for with a template, once there are that many."""
        number = count
        while True:
            sent = await self.topics.wait_sent(NOTIFICATION, number)
            found = [notifications_pb2.NotificationRequested.FromString(one.payload) for one in sent]
            found = [one for one in found if one.template == template]
            if len(found) >= count:
                return found
            number = len(sent) + 1


def message(topic, payload, author, recipients, **fields):
    """Returns a message as another node's exchange delivers it."""
    values = {"message_id": str(uuid.uuid4()), "topic": PREFIX + topic, "author": author, "recipients": recipients}
    return topics_pb2.Message(payload=payload.SerializeToString(), **(values | fields))


async def copy_blob(source, target, digest):
    store = target.under_test.seams.blobs
    copied = await store.put(source.under_test.seams.blobs.open(digest), limit=10**9)
    assert copied.digest == digest


async def joined(call):
    """Returns the media type, the metadata and the content of a download."""
    bodies = [body async for body in call]
    told = dict(await call.initial_metadata())
    return bodies[0].content_type, told, b"".join(body.data for body in bodies)
