"""`make access-matrix`: asks the policies every question of the matrix and counts the answers that docs/access.md does not give.

Then plays sequences of what can happen to a label, and counts those that lower one.
"""

from __future__ import annotations

import argparse
import json
import sys

from bp_access.deciding import Decider
from tests.access.cells import Cell, cells
from tests.access.sequences import lowered


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
    """Prints `cells N wrong M`, the first wrong ones before it, and `sequences N lowered M`."""
    parser = argparse.ArgumentParser(prog="access-matrix", description=main.__doc__)
    parser.add_argument("--json", action="store_true", help="one document, all wrong cells in it")
    parser.add_argument("--sequences", type=int, default=100_000, help="of what can happen to a label")
    parser.add_argument("--seed", type=int, default=1, help="plays the same sequences again")
    arguments = parser.parse_args()
    count, wrong = wrong_cells(Decider())
    played, faults = lowered(arguments.seed, arguments.sequences)
    if arguments.json:
        told = {"cells": count, "wrong": [_told(cell) for cell in wrong], "sequences": played, "lowered": faults}
        print(json.dumps(told))
    else:
        for cell in wrong[:20]:
            print(json.dumps(_told(cell)))
        print(f"cells {count} wrong {len(wrong)}")
        for fault in faults[:20]:
            print(fault)
        print(f"sequences {played} lowered {len(faults)}")
    return 1 if wrong or faults else 0


if __name__ == "__main__":
    sys.exit(main())
