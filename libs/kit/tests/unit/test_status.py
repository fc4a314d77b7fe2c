from google.rpc import error_details_pb2

from bp_kit.errors import Refused, Violation
from bp_kit.rpc.status import status_of
from bp_kit.testing.harness import detail


def test_a_thousand_fields_at_fault_fit_into_trailers():
    metadata = {"rule": "string.min_len", "limit": "1"}
    violations = tuple(Violation(f"book.authors[{number}]", "INVALID_FIELD", metadata) for number in range(1000))
    status = status_of(Refused("INVALID_FIELD", violations=violations), "ar", "")
    told = detail(status, error_details_pb2.BadRequest()).field_violations
    assert [one.field for one in told[:2]] == ["book.authors[0]", "book.authors[1]"]
    assert status.ByteSize() < 6144


def test_one_long_fault_is_told_all_the_same():
    violation = Violation("a", "INVALID_FIELD", {"description": "x" * 9000})
    status = status_of(Refused("INVALID_FIELD", violations=(violation,)), "en", "")
    assert len(detail(status, error_details_pb2.BadRequest()).field_violations) == 1
