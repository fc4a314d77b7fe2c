import io
from datetime import UTC, datetime

from openpyxl import Workbook

from bluepacific.identity.v1 import officer_import_service_pb2 as pb
from bluepacific.identity.v1 import officer_pb2, officer_service_pb2

HEAD = "officer_id,given_name,family_name,email"
SERU = "seru,Seru,Rabuka,seru@police.example.fj"


def csv_of(*rows, head=HEAD):
    return "\n".join((head, *rows)).encode()


def book_of(*rows, head=HEAD):
    book = Workbook()
    for row in (head.split(","), *rows):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def get_officer(station, officer_id):
    request = officer_service_pb2.GetOfficerRequest(name=f"countries/FJI/officers/{officer_id}")
    return station.officers.GetOfficer(request, metadata=station.admin)


def outcomes(answer):
    return [pb.RowOutcome.Name(row.outcome).removeprefix("ROW_OUTCOME_") for row in answer.rows]


def faults(answer):
    return [(row.row, fault.column, fault.reason) for row in answer.rows for fault in row.faults]


async def test_people_come_from_a_table_and_a_repeat_changes_nothing(station):
    table = csv_of(
        f'{SERU},female,"duty officer@tcu; learner@ncb",2090-01-31',
        "",
        "ben,Benjamin,Tuilagi,ben@police.example.fj,,learner@tcu,",
        head=f"{HEAD},Gender,Roles,Until",
    )
    tried = await station.import_officers(table, validate_only=True)
    assert (outcomes(tried), tried.imported) == (["CREATED", "UPDATED"], False)
    await station.refused(get_officer(station, "seru"), "NOT_FOUND")
    done = await station.import_officers(table)
    assert (outcomes(done), done.imported) == (outcomes(tried), True)
    assert [(row.row, row.officer) for row in done.rows] == [
        (2, "countries/FJI/officers/seru"),
        (4, "countries/FJI/officers/ben"),
    ]
    assert (await get_officer(station, "seru")).gender == officer_pb2.GENDER_FEMALE
    held = [(grant.role, grant.end_time.ToDatetime(UTC)) for grant in (await station.grants_of("seru")).grants]
    assert held == [(3, datetime(2090, 1, 31, tzinfo=UTC)), (7, datetime(2090, 1, 31, tzinfo=UTC))]
    assert outcomes(await station.import_officers(table)) == ["UNCHANGED", "UNCHANGED"]
    assert len((await station.grants_of("ben")).grants) == 1


async def test_one_row_at_fault_keeps_all_from_taking_effect(station):
    table = csv_of(
        SERU,
        "seru,Seru,Twice,twice@police.example.fj",
        "Bad Id,A,B,not an address",
        "litia,Litia,Cama,ben@police.example.fj",
        "jone,,Cama,jone@police.example.fj",
    )
    answer = await station.import_officers(table)
    assert (outcomes(answer), answer.imported) == (["CREATED", *["REFUSED"] * 4], False)
    assert faults(answer) == [
        (3, "officer_id", "ROW_REPEATED"),
        (4, "officer_id", "INVALID_FIELD"),
        (4, "email", "INVALID_FIELD"),
        (5, "email", "EMAIL_TAKEN"),
        (6, "given_name", "INVALID_FIELD"),
    ]
    assert answer.rows[3].faults[0].detail == "Another officer of your country has this e-mail address."
    await station.refused(get_officer(station, "seru"), "NOT_FOUND")


WRONG = [
    ("roles", "king@ncb", "INVALID_FIELD"),
    ("roles", "officer", "INVALID_FIELD"),
    ("roles", "officer@nowhere", "UNIT_NOT_IN_SERVICE"),
    ("roles", "officer@../ncb", "UNIT_NOT_IN_SERVICE"),
    ("until", "soon", "INVALID_FIELD"),
    ("gender", "robot", "INVALID_FIELD"),
    ("clearance", "9", "INVALID_FIELD"),
    ("language", "=1+1", "CELL_IS_FORMULA"),
]


async def test_what_is_wrong_is_told_by_row_and_column(station):
    for column, cell, reason in WRONG:
        answer = await station.import_officers(csv_of(f"{SERU},{cell}", head=f"{HEAD},{column}"))
        assert faults(answer) == [(2, column, reason)]


async def test_a_workbook_with_days_numbers_and_a_formula(station):
    row = [*SERU.split(","), 2, "officer@tcu", datetime(2090, 1, 31)]  # noqa: DTZ001 - as workbooks have days
    table = book_of(row, head=f"{HEAD},clearance,roles,until")
    assert outcomes(await station.import_officers(table)) == ["CREATED"]
    assert (await get_officer(station, "seru")).clearance == 2
    until = (await station.grants_of("seru")).grants[0].end_time
    assert until.ToDatetime(UTC) == datetime(2090, 1, 31, tzinfo=UTC)
    formula = book_of(["litia", '=HYPERLINK("https://evil.example")', "Cama", "litia@police.example.fj"])
    assert faults(await station.import_officers(formula)) == [(2, "given_name", "CELL_IS_FORMULA")]


async def test_what_is_no_table_of_people(station):
    for content in (b"PK\x03\x04rest", csv_of("x", head="name")):
        await station.refused(station.import_officers(content), "TABLE_UNREADABLE", field="content")


async def test_only_the_own_country_and_only_its_administrators(station):
    mele = station.as_("mele", "administrator@ncb", country="TON")
    for metadata in (mele, station.as_("ben", "ncb_head@ncb")):
        await station.refused(station.import_officers(csv_of(SERU), metadata=metadata), "PERMISSION_DENIED")
    await station.refused(station.import_officers(b""), "INVALID_FIELD", field="content")
    await station.refused(station.import_officers(b"x" * (2 * 1024 * 1024 + 1)), "INVALID_FIELD", field="content")
