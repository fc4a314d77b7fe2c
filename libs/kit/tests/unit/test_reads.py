"""Which calls are reads of personal data, and of what."""

from datetime import UTC, datetime

import pytest

from bluepacific.exchange.v1 import lane_service_pb2, proof_service_pb2  # noqa: F401 - define the methods
from bluepacific.identity.v1 import officer_service_pb2, scim_service_pb2  # noqa: F401 - define the methods
from bluepacific.options.v1 import options_pb2
from bp_kit.audit import record_of
from bp_kit.call import Call, Principal
from bp_kit.personal import personal_when
from bp_kit.reads import reads_of
from bp_kit.rpc.methods import descriptor_of, method_of

PROOF = "/bluepacific.exchange.v1.ProofService/ExportProof"
OFFICERS = "/bluepacific.identity.v1.OfficerService"
NOW = datetime(2026, 5, 4, tzinfo=UTC)
ANA = Principal("countries/FJI/officers/ana", "FJI")


def read(path, request, outcome="OK"):
    return reads_of([record_of(method_of(path), Call(path, ANA), request, NOW, outcome)])


def test_a_list_is_told_by_what_it_lists():
    (listed,) = read(f"{OFFICERS}/ListOfficers", officer_service_pb2.ListOfficersRequest(parent="countries/FJI"))
    assert (listed.record, listed.permission) == ("countries/FJI/officers", "identity.officers.list")
    (one,) = read(f"{OFFICERS}/GetOfficer", officer_service_pb2.GetOfficerRequest(name="countries/FJI/officers/ben"))
    assert (one.record, one.allowed) == ("countries/FJI/officers/ben", True)


@pytest.mark.parametrize("parent", ["", "Ben Tuilagi, born 1970", "countries/FJI/x y"])
def test_what_is_no_name_is_kept_nowhere(parent):
    request = officer_service_pb2.ListOfficersRequest(parent=parent)
    (refused,) = read(f"{OFFICERS}/ListOfficers", request, "INVALID_FIELD")
    assert (refused.record, refused.allowed) == ("", False)


def test_a_proof_is_a_read_only_with_the_content():
    request = proof_service_pb2.ExportProofRequest(name="countries/FJI/messages/1")
    assert read(PROOF, request) == []
    request.with_content = True
    assert [one.record for one in read(PROOF, request)] == ["countries/FJI/messages/1"]


def test_what_is_sealed_shows_nothing_and_a_directorys_answer_does():
    assert not method_of("/bluepacific.exchange.v1.LaneService/ExportMedium").shows_personal
    assert method_of("/bluepacific.identity.v1.ScimService/FindUsers").shows_personal
    assert not method_of("/bluepacific.identity.v1.ScimService/ChangeUsers").shows_personal


def test_a_method_names_a_field_that_there_is():
    class Method:
        """One whose option names no field of its request."""

        full_name = "bluepacific.shelf.v1.BookService.GetBook"
        input_type = descriptor_of(PROOF).input_type

        @staticmethod
        def GetOptions():
            options = type(descriptor_of(PROOF).GetOptions())()
            options.Extensions[options_pb2.shows_personal] = "with_pictures"
            return options

    with pytest.raises(ValueError, match="no boolean field with_pictures"):
        personal_when(Method)
