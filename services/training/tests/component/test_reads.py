"""Who read a learner's record: in the node's log, and told to the learner and to who answers for that."""

import pytest

from bluepacific.training.v1 import credential_service_pb2 as credentials_pb2
from bluepacific.training.v1 import enrolment_read_service_pb2 as pb
from bluepacific.training.v1 import enrolment_read_service_pb2_grpc as grpc_
from bluepacific.training.v1 import enrolment_service_pb2 as enrolments_pb2


def readers(classroom, name, who, *roles):
    stub = grpc_.EnrolmentReadServiceStub(classroom.under_test.channel)
    return stub.ListReads(pb.ListReadsRequest(parent=name), metadata=classroom.as_(who, *roles))


@pytest.fixture
async def enrolment(wsm, ton):
    """Mele's, with a credential; a trainer has read it, she has read her credential, a colleague was refused."""
    await wsm.published_course()
    await wsm.pass_on("course.published", ton)
    await ton.learn_of("mele")
    made = await ton.complete("countries/WSM/courses/vessel-identity", "mele")
    request = enrolments_pb2.GetEnrolmentRequest(name=made.name)
    await ton.enrolments.GetEnrolment(request, metadata=ton.as_("tevita", "trainer"))
    credential = credentials_pb2.GetCredentialRequest(name=made.credential)
    await ton.credentials.GetCredential(credential, metadata=ton.as_("mele", "learner"))
    await ton.refused(ton.enrolments.GetEnrolment(request, metadata=ton.as_("sione", "learner")), "NOT_FOUND")
    await ton.topics.wait_reads(3)
    return made


@pytest.mark.parametrize(
    ("who", "role"), [("mele", "learner"), ("dee", "data_protection_officer"), ("audrey", "auditor")]
)
async def test_the_learner_and_who_answers_for_it_see_who_read_it(ton, enrolment, who, role):
    found = (await readers(ton, enrolment.name, who, role)).reads
    assert [(one.reader.rpartition("/")[2], one.record, one.allowed) for one in found] == [
        ("sione", enrolment.name, False),
        ("mele", enrolment.credential, True),
        ("tevita", enrolment.name, True),
    ]


async def test_for_nobody_else_is_there_such_an_enrolment(ton, enrolment):
    for who, role in (("tevita", "trainer"), ("sione", "learner"), ("sina", "course_manager")):
        await ton.refused(readers(ton, enrolment.name, who, role), "NOT_FOUND")
    absent = f"countries/TON/enrolments/{'0' * 8}-0000-7000-8000-{'0' * 12}"
    await ton.refused(readers(ton, absent, "dee", "data_protection_officer"), "NOT_FOUND")
    await ton.refused(readers(ton, "countries/TON/enrolments", "mele", "learner"), "INVALID_FIELD", field="parent")
