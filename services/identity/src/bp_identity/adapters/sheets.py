"""Tables as files have them: XLSX by openpyxl, CSV as spreadsheets write it. Nothing in them is run."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import datetime
from typing import Any

from bp_identity.domain.roster import COLUMNS, MOST_ROWS
from bp_kit.errors import Refused

_ZIP = b"PK\x03\x04"
_MOST_PARTS = 200
# A sheet of so many rows has a few hundred kilobytes; what unfolds to more is not one.
_MOST_UNFOLDED = 20 * 1024 * 1024
_MOST_COLUMNS = 4 * len(COLUMNS)
_MOST_CELL = 1000
_BYTE_ORDERS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SEPARATORS = ",;\t"


def read_table(content: bytes) -> list[list[str]]:
    """Returns a file's cells as text, row by row; takes its time, so not on the event loop.

    Formulas are given as they stand, beginning with `=`; days as `2027-03-31`.

    Raises:
        Refused: TABLE_UNREADABLE.
    """
    rows = _workbook(content) if content.startswith(_ZIP) else _csv(content)
    for number, row in enumerate(rows, 1):
        if any(len(cell) > _MOST_CELL for cell in row):
            raise _unreadable(f"a cell of row {number} has more than {_MOST_CELL} characters")
    return rows


def _workbook(content: bytes) -> list[list[str]]:
    from openpyxl import load_workbook  # noqa: PLC0415 - 7 MiB, from the first workbook on

    _check_unfolded(content)
    try:
        # With their formulas, which openpyxl only reads: it has nothing that could run one.
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        try:
            sheet = book.worksheets[0]
            # What a sheet says of its own size may be anything.
            sheet.reset_dimensions()
            rows = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=_MOST_COLUMNS, values_only=True)
            return _trimmed([[_text(cell) for cell in row] for row in rows])
        finally:
            book.close()
    except Refused:
        raise
    except Exception as error:  # a broken workbook breaks openpyxl in more ways than it names
        raise _unreadable("the workbook is broken, or has a password") from error


def _check_unfolded(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _unreadable("the workbook is broken") from error
    # A part never unfolds to more than it declares: the reader stops there.
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNFOLDED:
        raise _unreadable("the workbook unfolds to too much")


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time().isoformat() == "00:00:00" else cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _csv(content: bytes) -> list[list[str]]:
    text = _decoded(content)
    head = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=head.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows = []
        for row in reader:
            rows.append(row[:_MOST_COLUMNS])
            if len(rows) > MOST_ROWS + 1:
                break
    except csv.Error as error:
        raise _unreadable(f"row {reader.line_num} is no CSV") from error
    return _trimmed(rows)


def _decoded(content: bytes) -> str:
    """Returns the text of a file whose encoding nobody says: by its byte order mark, as UTF-8, or as old Windows spreadsheets write."""
    named = next((encoding for mark, encoding in _BYTE_ORDERS if content.startswith(mark)), "")
    for encoding in (named,) if named else ("utf-8", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _unreadable("it is no text in UTF-8, UTF-16 or Windows-1252, and no workbook")


def _trimmed(rows: list[list[str]]) -> list[list[str]]:
    """Returns rows without the empty ones at the end, which spreadsheets keep by the thousand."""
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    return rows


def _unreadable(problem: str) -> Refused:
    return Refused("TABLE_UNREADABLE", field="content", problem=problem)
