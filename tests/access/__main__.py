"""`make access-matrix`: asks the policies every question of the matrix and counts the answers that docs/access.md does not give."""

from __future__ import annotations

import argparse
import json
import sys

from bp_access.deciding import Decider
from tests.access.cells import Cell, cells


def wrong_cells(decider: Decider) -> tuple[int, list[Cell]]:
    """Returns how many cells there are, and those that are wrong."""
    count, wrong = 0, []
    for cell in cells():
        count += 1
        if decider.allows(cell.question) != cell.expected:
            wrong.append(cell)
    return count, wrong


def _told(cell: Cell) -> dict[str, object]:
    question, information = cell.question, cell.question.information
    return {
        "role": cell.role,
        "post": cell.post,
        "act": question.act,
        "purpose": question.purpose,
        "to": question.to,
        "label": information.tlp,
        "shared for": information.purpose,
        "codes": list(information.codes),
        "the page says": cell.expected,
    }


def main() -> int:
    """Prints `cells N wrong M`, the first wrong ones before it."""
    parser = argparse.ArgumentParser(prog="access-matrix", description=main.__doc__)
    parser.add_argument("--json", action="store_true", help="one document, all wrong cells in it")
    arguments = parser.parse_args()
    count, wrong = wrong_cells(Decider())
    if arguments.json:
        print(json.dumps({"cells": count, "wrong": [_told(cell) for cell in wrong]}))
    else:
        for cell in wrong[:20]:
            print(json.dumps(_told(cell)))
        print(f"cells {count} wrong {len(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
