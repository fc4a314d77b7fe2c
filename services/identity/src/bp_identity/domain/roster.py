"""A table of people as a personnel office keeps one: its columns, and what a row means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bp_kit.errors import Refused, Violation

NEEDED = ("officer_id", "given_name", "family_name", "email")
COLUMNS = (*NEEDED, "gender", "language", "clearance", "roles", "until")
# All rows take effect in one transaction, some ten milliseconds each, during which nobody else can write.
MOST_ROWS = 500


@dataclass(frozen=True)
class RosterRow:
    """A row.

    Attributes:
        number: In the file; the row of column names is 1.
        cells: Text by column, without blanks around it.
        formulas: Columns whose cell holds a formula.
    """

    number: int
    cells: Mapping[str, str]
    formulas: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuses a row with formulas.

        Raises:
            Refused: CELL_IS_FORMULA, with each of the columns.
        """
        if self.formulas:
            violations = tuple(Violation(column, "CELL_IS_FORMULA") for column in self.formulas)
            raise Refused("CELL_IS_FORMULA", violations=violations)

    def roles(self) -> list[tuple[str, str]]:
        """Returns (role, unit id) pairs: `("DUTY_OFFICER", "ncb")`.

        Raises:
            Refused: INVALID_FIELD.
        """
        parts = [part.strip() for part in self.cells.get("roles", "").replace(",", ";").split(";")]
        return [_role(part) for part in parts if part]

    def until(self) -> datetime | None:
        """Returns the beginning of the day on which the roles end, UTC; None where none is named.

        Raises:
            Refused: INVALID_FIELD.
        """
        typed = self.cells.get("until", "")
        if not typed:
            return None
        try:
            moment = datetime.fromisoformat(typed)
        except ValueError:
            raise Refused("INVALID_FIELD", field="until", description="is a day such as 2027-03-31") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Roster:
    """A table of people.

    Attributes:
        rows: Those that are not empty.
    """

    rows: tuple[RosterRow, ...] = field(default_factory=tuple)


def roster_of(table: Sequence[Sequence[str]]) -> Roster:
    """Returns what a table says.

    Args:
        table: All its rows, the column names first; formulas begin with `=`.

    Raises:
        Refused: TABLE_UNREADABLE, where columns are missing, unknown or there twice, or it has no rows or too many.
    """
    columns = [_column(cell) for cell in table[0]] if table else []
    _check_columns(columns)
    if len(table) - 1 > MOST_ROWS:
        raise _unreadable(f"more than {MOST_ROWS} rows")
    rows = [_row(number, columns, cells) for number, cells in enumerate(table[1:], 2) if any(map(str.strip, cells))]
    if not rows:
        raise _unreadable("no rows")
    return Roster(tuple(rows))


def _check_columns(columns: list[str]) -> None:
    named = [column for column in columns if column]
    for column in named:
        if column not in COLUMNS:
            raise _unreadable(f"unknown column '{column[:40]}'; the columns are {', '.join(COLUMNS)}")
        if named.count(column) > 1:
            raise _unreadable(f"column '{column}' is there twice")
    missing = [column for column in NEEDED if column not in named]
    if missing:
        raise _unreadable(f"no column '{missing[0]}'")


def _row(number: int, columns: list[str], cells: Sequence[str]) -> RosterRow:
    named = {column: cell.strip() for column, cell in zip(columns, cells, strict=False) if column}
    formulas = tuple(column for column, cell in named.items() if cell.startswith("="))
    return RosterRow(number, named, formulas)


def _column(cell: str) -> str:
    return cell.strip().lower().replace(" ", "_").replace("-", "_")


def _role(part: str) -> tuple[str, str]:
    role, _, unit = part.partition("@")
    if not unit.strip():
        raise Refused("INVALID_FIELD", field="roles", description="are written as officer@ncb; analyst@tcu")
    return role.strip().upper().replace(" ", "_").replace("-", "_"), unit.strip().lower()


def _unreadable(problem: str) -> Refused:
    return Refused("TABLE_UNREADABLE", field="content", problem=problem)
