"""The tables of docs/access.md, read as a person reads them. Knows nothing of the policies."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "access.md"

Table = dict[str, dict[str, str]]


def read_tables(page: str) -> dict[str, Table]:
    """Returns each section's table: row -> column -> cell."""
    tables: dict[str, Table] = {}
    section, columns = "", []
    for line in page.splitlines():
        if line.startswith("## "):
            section, columns = line.removeprefix("## ").strip(), []
        elif line.startswith("|"):
            first, *cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not columns:
                columns = cells
            elif set(first) != {"-"}:
                tables.setdefault(section, {})[first] = dict(zip(columns, cells, strict=True))
    return tables


_TABLES = read_tables(PAGE.read_text("utf-8"))
ROLES = _TABLES["By role"]
OVERSIGHT = _TABLES["Oversight"]
LABELS = _TABLES["By label (Traffic Light Protocol 2.0)"]
PURPOSES = _TABLES["By purpose"]
CODES = _TABLES["By handling code"]
