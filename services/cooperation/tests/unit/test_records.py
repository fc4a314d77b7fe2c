from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bp_cooperation.domain.attachment import check_file_name, checked_media_type
from bp_cooperation.domain.handling import Handling
from bp_cooperation.domain.reply import audience
from bp_cooperation.domain.request import CLOSED, DRAFT, OPEN, Request
from bp_kit.errors import Refused

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
FJI, TON, PTCCC = "countries/FJI/units/ncb", "countries/TON/units/ncb", "countries/WSM/units/ptccc"
AMBER = Handling("AMBER", "INVESTIGATION")
REQUEST = Request(
    name="countries/FJI/requests/1",
    unit=FJI,
    officer="countries/FJI/officers/ana",
    title="FV Moana Star",
    text="Who owns her?",
    recipients=(PTCCC, TON),
    urgency="URGENT",
    handling=AMBER,
    bundle="",
    state=DRAFT,
    version=1,
    create_time=NOON,
    update_time=NOON,
    list_time=NOON,
)


def test_a_draft_is_its_units_own_and_what_was_sent_its_addressees_too():
    assert REQUEST.audience == (FJI,)
    sent = REQUEST.sent("countries/FJI/officers/ana", NOON)
    assert sent.state == OPEN
    assert {*sent.audience} == {FJI, *REQUEST.recipients} >= {TON}
    for again in (sent, sent.closed(NOON)):
        with pytest.raises(Refused, match="ALREADY_SENT"):
            again.sent("countries/FJI/officers/ana", NOON)


@pytest.mark.parametrize(
    ("fields", "reason"), [({"title": " "}, "TITLE_MISSING"), ({"recipients": ()}, "RECIPIENT_MISSING")]
)
def test_half_a_draft_is_not_sent(fields, reason):
    with pytest.raises(Refused, match=reason):
        replace(REQUEST, **fields).sent("countries/FJI/officers/ana", NOON)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"recipients": (TON, FJI)}, "request.recipients[1]"),
        ({"handling": replace(AMBER, releasable_to=("WSM",))}, "request.recipients[1]"),
    ],
)
def test_what_no_draft_may_have_names_its_field(fields, field):
    with pytest.raises(Refused) as refused:
        replace(REQUEST, **fields).check()
    assert refused.value.field == field


def test_only_an_open_request_is_closed():
    closed = REQUEST.sent("countries/FJI/officers/ana", NOON).closed(NOON)
    assert closed.state == CLOSED
    for other in (REQUEST, closed, closed.purged(NOON)):
        with pytest.raises(Refused, match="REQUEST_NOT_OPEN"):
            other.closed(NOON)


@pytest.mark.parametrize(
    ("unit", "only", "countries", "units"),
    [
        (TON, False, (), (FJI, PTCCC)),
        (TON, True, (), (FJI,)),
        (TON, False, ("FJI", "TON"), (FJI,)),
        (FJI, False, (), (PTCCC, TON)),
        (FJI, True, ("TON",), (TON,)),
    ],
)
def test_a_reply_goes_to_the_others_that_may_have_it(unit, only, countries, units):
    handling = replace(AMBER, releasable_to=countries)
    assert audience(REQUEST, unit, handling, to_requester_only=only) == units


@pytest.mark.parametrize(("unit", "countries"), [(TON, ("WSM",)), (FJI, ("VUT",))])
def test_a_reply_that_may_reach_nobody_is_refused(unit, countries):
    with pytest.raises(Refused, match="RECIPIENT_NOT_RELEASABLE"):
        audience(REQUEST, unit, replace(AMBER, releasable_to=countries), to_requester_only=False)


@pytest.mark.parametrize("name", ["scan 1.pdf", "перевод.docx", "هوية.pdf", ".profile", "a" * 240])
def test_plain_file_names_are_taken(name):
    check_file_name(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "a\\b", "a\0", "a\n", "x\u202efdp.exe", " a", "a ", "c:a", "a?", "a" * 241, "é" * 121],
)
def test_other_names_are_refused(name):
    with pytest.raises(Refused, match="FILE_NAME_INVALID"):
        check_file_name(name)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", "application/octet-stream"),
        ("Application/PDF; version=1", "application/pdf"),
        ("image/heic", "image/heic"),
        ("application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
    ],
)
def test_documents_and_pictures_are_taken(given, kept):
    assert checked_media_type(given) == kept


@pytest.mark.parametrize(
    "given", ["text/html", "image/svg+xml", "application/x-msdownload", "text/javascript", "pdf", "image/", "image/a b"]
)
def test_programs_and_pages_are_not(given):
    with pytest.raises(Refused, match="UNSUPPORTED_MEDIA_TYPE"):
        checked_media_type(given)
