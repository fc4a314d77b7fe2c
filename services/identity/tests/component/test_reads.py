"""Who read an officer's record: in the node's log, and told to the officer and to who answers for that."""

import pytest

from bluepacific.identity.v1 import officer_read_service_pb2 as pb
from bluepacific.identity.v1 import officer_read_service_pb2_grpc as grpc_
from bluepacific.identity.v1 import officer_service_pb2 as officers_pb

BEN = "countries/FJI/officers/ben"


def readers(station, metadata, name=BEN):
    stub = grpc_.OfficerReadServiceStub(station.under_test.channel)
    return stub.ListReads(pb.ListReadsRequest(parent=name), metadata=metadata)


async def read(station):
    """Ana reads what is kept of Ben, and lists all officers; a colleague is refused; Ana reads of somebody else."""
    await station.officers.GetOfficer(officers_pb.GetOfficerRequest(name=BEN), metadata=station.admin)
    await station.officers.ListOfficers(officers_pb.ListOfficersRequest(parent="countries/FJI"), metadata=station.admin)
    colleague = station.as_("seru", "officer@ncb")
    await station.refused(
        station.officers.GetOfficer(officers_pb.GetOfficerRequest(name=BEN), metadata=colleague), "PERMISSION_DENIED"
    )
    ana = officers_pb.GetOfficerRequest(name="countries/FJI/officers/ana")
    await station.officers.GetOfficer(ana, metadata=station.admin)
    await station.topics.wait_reads(4)


@pytest.mark.parametrize(
    ("who", "role"), [("ben", "learner@tcu"), ("dee", "data_protection_officer@ncb"), ("audrey", "auditor@ncb")]
)
async def test_the_officer_and_who_answers_for_it_see_who_read_it(station, who, role):
    await read(station)
    found = (await readers(station, station.as_(who, role))).reads
    assert [(one.reader.rpartition("/")[2], one.permission, one.record, one.allowed) for one in found] == [
        ("seru", "identity.officers.get", BEN, False),
        ("ana", "identity.officers.list", "countries/FJI/officers", True),
        ("ana", "identity.officers.get", BEN, True),
    ]


async def test_nobody_else_sees_it(station):
    await read(station)
    for other in (station.admin, station.as_("seru", "officer@ncb", "ncb_head@ncb")):
        # Whether there is such an officer or not.
        for name in (BEN, "countries/FJI/officers/nobody"):
            await station.refused(readers(station, other, name), "PERMISSION_DENIED")
    abroad = station.as_("ben", "auditor@ncb", country="TON")
    await station.refused(readers(station, abroad), "PERMISSION_DENIED")
    await station.refused(readers(station, station.admin, "countries/FJI/officers"), "INVALID_FIELD", field="parent")
