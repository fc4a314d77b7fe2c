"""What an error reason means: its gRPC code and its text by language, read from the protos' `error` options."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from google.protobuf import descriptor_pb2

from bluepacific.options.v1 import options_pb2
from bp_kit.language import pick

PREFIX = "ERROR_REASON_"


@dataclass(frozen=True)
class Reason:
    """One error reason as its proto defines it.

    Attributes:
        name: Without prefix: `NOT_FOUND`.
        domain: Who defines it: `cooperation.bluepacific`.
        code: The `google.rpc.Code` number.
        texts: Text by language, with braces for metadata.
    """

    name: str
    domain: str
    code: int
    texts: dict[str, str]


@lru_cache(maxsize=1)
def all_reasons() -> dict[str, Reason]:
    """Returns every reason of every package by its name."""
    packaged = files("bluepacific.descriptors").joinpath("all.binpb").read_bytes()
    found = {}
    for file in descriptor_pb2.FileDescriptorSet.FromString(packaged).file:
        for enum in file.enum_type:
            if enum.name == "ErrorReason":
                for value in enum.value:
                    reason = _reason(file.package, value)
                    found[reason.name] = reason
    return found


def _reason(package: str, value: descriptor_pb2.EnumValueDescriptorProto) -> Reason:
    text = value.options.Extensions[options_pb2.error]
    return Reason(
        name=value.name.removeprefix(PREFIX),
        domain=f"{package.split('.')[1]}.bluepacific",
        code=text.code,
        texts={"en": text.en, "fr": text.fr, "es": text.es, "ar": text.ar},
    )


def reason_of(name: str) -> Reason:
    """Returns the reason of that name, or the one for the unforeseen where nobody defines it."""
    return all_reasons().get(name) or all_reasons()["UNSPECIFIED"]


def reason_text(name: str, language: str, metadata: dict[str, str]) -> str:
    """Returns what the reason means in a language; braces without a value stay empty."""
    return pick(reason_of(name).texts, language).format_map(defaultdict(str, metadata))
