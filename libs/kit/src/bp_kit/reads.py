"""Reads of personal data, as the node's log is told of them: who, what, what for and when, and never anything of what was read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import read_pb2
from bp_kit.ports import new_id
from bp_kit.rpc.methods import method_of
from bp_kit.times import timestamp

_NAME = re.compile(r"countries/([A-Z]{3}|-)(/[^\s/]+)*")
_ALLOWED = "OK"
# In a record's detail: what was asked for has no personal data in it.
IMPERSONAL = "impersonal"


def reads_of(records: Iterable[Mapping[str, Any]]) -> list[read_pb2.Read]:
    """Returns those of the audit's records that are reads of personal data.

    What was refused counts, too: who tries to see what they may not is as telling as who does.
    """
    shown = (record for record in records if IMPERSONAL not in record["detail"])
    return [_read(record) for record in shown if method_of(record["method"]).shows_personal]


def _read(record: Mapping[str, Any]) -> read_pb2.Read:
    method, name = method_of(record["method"]), record["name"]
    if name and method.collection:
        name = f"{name}/{method.collection}"
    return read_pb2.Read(
        read_id=new_id(),
        # A refused request's name may be anything, also what should be kept nowhere.
        record=name if _NAME.fullmatch(name) else "",
        principal=record["principal"],
        permission=method.access.permission,
        purpose=handling_pb2.Purpose.Value(record["purpose"])
        if record["purpose"]
        else handling_pb2.PURPOSE_UNSPECIFIED,
        read_time=timestamp(record["call_time"]),
        allowed=record["outcome"] == _ALLOWED,
    )
