"""Writes docs/errors.md: every error reason of every package, from the protos' descriptors. `--check` only compares."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from itertools import groupby
from pathlib import Path

from google.protobuf import descriptor_pb2
from google.rpc import code_pb2

from bluepacific.options.v1 import options_pb2  # noqa: F401 - lets descriptors be read with our options
from bp_gateway.problems import http_status_of
from bp_kit.language import LANGUAGES, RIGHT_TO_LEFT
from bp_kit.reasons import PREFIX, Reason, all_reasons

_OUT = Path(__file__).resolve().parent.parent / "docs" / "errors.md"
_HEAD = """<!-- Written by tools/write_errors.py from the protos. Do not edit; run `make generate`. -->
# Errors

Every refusal names one of these reasons, in `reason` of a problem document (RFC 9457) or of `google.rpc.ErrorInfo`. Programs go by the
reason; people read the text, which comes in the language of `accept-language`. Braces stand for values, which are in `metadata`, too. The
HTTP status is the usual one: a request with `If-Match` gets 412 instead of 409 for `ETAG_MISMATCH`.
"""


def text() -> str:
    """Returns the file's text."""
    # UNSPECIFIED stands in every package, for what none of them foresaw.
    comments = {**dict(_comments()), "UNSPECIFIED": "Something unforeseen; the trace id leads to what happened."}
    reasons = sorted(all_reasons().values(), key=lambda reason: (_area(reason), reason.name))
    parts = [_HEAD]
    for area, of_area in groupby(reasons, key=_area):
        parts.append(f"\n## {area}\n")
        parts.extend(_section(reason, comments[reason.name]) for reason in of_area)
    return "".join(parts)


def _area(reason: Reason) -> str:
    return "common" if reason.name == "UNSPECIFIED" else reason.domain.partition(".")[0]


def _section(reason: Reason, comment: str) -> str:
    code = code_pb2.Code.Name(reason.code)
    texts = "".join(f"- {language}: {_directed(reason.texts[language], language)}\n" for language in LANGUAGES)
    return f"\n### {reason.name}\n\n{comment} `{code}` ({reason.code}), HTTP {http_status_of(reason.name)}.\n\n{texts}"


def _directed(told: str, language: str) -> str:
    told = escape(told, quote=False)
    return f'<span dir="rtl">{told}</span>' if language in RIGHT_TO_LEFT else told


def _comments() -> Iterator[tuple[str, str]]:
    """Yields each reason's name and what its proto says about it."""
    packaged = files("bluepacific.descriptors").joinpath("all.binpb").read_bytes()
    for file in descriptor_pb2.FileDescriptorSet.FromString(packaged).file:
        for place in file.source_code_info.location:
            # 5: an enum of the file; 2: a value of the enum.
            if len(place.path) == 4 and (place.path[0], place.path[2]) == (5, 2):  # noqa: PLR2004
                enum = file.enum_type[place.path[1]]
                if enum.name == "ErrorReason":
                    name = enum.value[place.path[3]].name.removeprefix(PREFIX)
                    yield name, " ".join(place.leading_comments.split())


def main() -> int:
    """Writes the file, or with `--check` tells whether it is what would be written."""
    wanted = text()
    if "--check" not in sys.argv[1:]:
        _OUT.write_text(wanted, encoding="utf-8")
        return 0
    if _OUT.is_file() and _OUT.read_text("utf-8") == wanted:
        return 0
    print("drift: docs/errors.md is not what protos/ say; run 'make generate' and commit", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
