"""`bluepacific-verify`: says what a proof proves, or what of it was tampered with. Needs the file and the register's root, nothing else.

Exit codes: 0 everything verifies; 1 something is wrong; 2 a file cannot be read, or the command was misspelt.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from bp_verify.checking import RootUnreadableError, check_proof
from bp_verify.telling import document_of, lines_of

_MAX_BYTES = 64 * 1024 * 1024
_WRONG, _UNREADABLE = 1, 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the program and leaves with its exit code."""
    asked = _parser().parse_args(arguments)
    try:
        report = check_proof(_read(asked.file), _read(asked.root))
    except OSError as error:
        _leave(f"cannot read {error.filename}: {(error.strerror or str(error)).lower()}")
    except RootUnreadableError:
        _leave(f"{asked.root} is not the root of a register (root.json)")
    if asked.json:
        text = json.dumps(document_of(report), ensure_ascii=True, separators=(",", ":")) + "\n"
    else:
        text = "".join(f"{line}\n" for line in lines_of(report))
    sys.stdout.write(text)
    sys.exit(0 if report.holds else _WRONG)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bluepacific-verify",
        description="Say what an exported proof of a message proves, or what of it was tampered with.",
        epilog="Exit codes: 0 everything verifies, 1 something is wrong, 2 a file cannot be read.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the proof")
    parser.add_argument(
        "--root", type=Path, required=True, metavar="ROOT.json", help="the register's root, from a source you trust"
    )
    parser.add_argument("--json", action="store_true", help="write one line of JSON")
    return parser


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        content = opened.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        _leave(f"{file} is larger than a proof can be")
    return content


def _leave(text: str) -> NoReturn:
    sys.stderr.write(f"bluepacific-verify: {text}\n")
    sys.exit(_UNREADABLE)
