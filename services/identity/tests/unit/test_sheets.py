"""Tables as spreadsheets write them, and files that are none."""

import io
import zipfile

import pytest
from openpyxl import Workbook

from bp_identity.adapters.sheets import read_table
from bp_identity.domain.roster import MOST_ROWS, roster_of
from bp_kit.errors import Refused

HEAD = "officer_id,given_name,family_name,email"
SERU = "seru,Seru,Rabuka,seru@police.example.fj"


def csv_of(*rows, head=HEAD):
    return "\n".join((head, *rows)).encode()


def book_of(*rows):
    book = Workbook()
    for row in (HEAD.split(","), *rows):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_csv_as_spreadsheets_write_it(encoding, separator):
    row = "rene,Ren\u00e9,N\u00e9m\u00e8s,rene@police.example.fj"
    [found] = roster_of(read_table(f"{HEAD}\r\n{row}".replace(",", separator).encode(encoding))).rows
    assert (found.number, found.cells["family_name"]) == (2, "N\u00e9m\u00e8s")


def test_empty_rows_keep_the_numbers_of_the_others():
    found = roster_of(read_table(csv_of("", SERU, ",,,", "", SERU, "", ""))).rows
    assert [row.number for row in found] == [3, 6]


def bomb():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (21 * 1024 * 1024))
    return file.getvalue()


def entities():
    good, file = book_of(SERU.split(",")), io.BytesIO()
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><workbook>&a;</workbook>'
    with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(file, "w") as new:
        for part in old.namelist():
            new.writestr(part, evil if part == "xl/workbook.xml" else old.read(part))
    return file.getvalue()


UNREADABLE = {
    "columns": csv_of("x", head="name"),
    "unknown": csv_of(SERU, head=f"{HEAD},salary"),
    "twice": csv_of(SERU, head=f"{HEAD},email"),
    "rows": csv_of(),
    "many": csv_of(*[f"o{number},A,B,o{number}@police.example.fj" for number in range(MOST_ROWS + 1)]),
    "wide": csv_of(f"seru,{'x' * 1001},B,c"),
    "quote": csv_of('seru,"Seru'),
    "bytes": b"\x81\x8d\x00",
    "broken": b"PK\x03\x04rest",
    "bomb": bomb(),
    "entities": entities(),
}


@pytest.mark.parametrize("kind", sorted(UNREADABLE))
def test_what_is_no_table_of_people(kind):
    with pytest.raises(Refused, match="TABLE_UNREADABLE"):
        roster_of(read_table(UNREADABLE[kind]))
