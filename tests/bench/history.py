"""A long history, written into the databases of two nodes that stand still: that many messages, each alone in its envelope.

Rows go in by the tables' own inserts, many at a time, with nothing synced until the end, so that a million of them take minutes. At the
country: envelopes sent, each with its message, its rung, the list of receipts that answered it and its leaves of the log; at the centre
the same envelopes received. Conversations are of 20 messages. The Merkle log is a real one: its edge and the roots that are kept are made
by the protocol.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, exists, insert, select, update

from bluepacific.exchange.v1 import log_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_exchange.adapters.journal import edge_of, kept_subtrees
from bp_exchange.adapters.tables import BatchRow, EnvelopeRow, LogRow, NodeRow, ReceiptRow, RungRow, SubtreeRow
from bp_exchange.protocol.batch_shape import INCARNATION_BYTES
from bp_exchange.protocol.merkle import Edge
from bp_exchange.usecases.records import Role
from bp_verify.merkle import leaf_hash
from bp_verify.messages import envelope_id_of

_BATCH = 20_000
_IN_A_CONVERSATION = 20
# As much as a message takes of what is kept of it, its envelope, the seals, and a list of receipts.
_INSIDE_BYTES, _RAW_BYTES, _SEALS_BYTES, _LIST_BYTES = 700, 900, 300, 180
_RECIPIENT = "countries/WSM/units/ncb"
_SENDER_INCARNATION = "01900000-0000-7000-8000-00000000f111"
_EVENTS = {
    Role.SENT: (log_pb2.LOG_EVENT_SENT, log_pb2.LOG_EVENT_SEALED, log_pb2.LOG_EVENT_HEARD),
    Role.RECEIVED: (log_pb2.LOG_EVENT_ACCEPTED, log_pb2.LOG_EVENT_STATED, log_pb2.LOG_EVENT_STATED),
}
_Rows = list[dict[str, Any]]


def write_histories(folder: Path, begin: int, end: int) -> None:
    """Writes envelopes of these numbers into both nodes' databases, a process each."""
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as processes:
        both = (("country", Role.SENT), ("centre", Role.RECEIVED))
        for done in [processes.submit(_write, folder / node, role, begin, end) for node, role in both]:
            done.result()


def _write(node: Path, role: Role, begin: int, end: int) -> None:
    engine = create_engine(f"sqlite:///{node}/data/exchange.sqlite")
    with engine.connect() as connection:
        # If this fails there is no database to mend: the benchmark begins anew.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")
        connection.commit()
        for at in range(begin, end, _BATCH):
            _write_some(connection, role, range(at, min(at + _BATCH, end)))
            connection.commit()
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    engine.dispose()


def _write_some(connection: Connection, role: Role, numbers: range) -> None:
    sent = [_Sent(number, role) for number in numbers]
    connection.execute(insert(EnvelopeRow), [one.envelope() for one in sent])
    connection.execute(insert(BatchRow), sorted((one.batch() for one in sent), key=lambda row: row["envelope_id"]))
    connection.execute(insert(RungRow), [one.rung() for one in sent])
    connection.execute(insert(ReceiptRow), sorted((one.receipts() for one in sent), key=lambda row: row["receipt_id"]))
    edge = _edge(connection, "fji" if role is Role.SENT else "wsm")
    leaves = list(_leaves(sent, role, edge.size))
    connection.execute(insert(LogRow), leaves)
    edge = _grow(connection, edge, leaves)
    grown = {"log_size": edge.size, "log_edge": b"".join(edge.roots)}
    connection.execute(update(NodeRow).values(**grown))


def _edge(connection: Connection, node_id: str) -> Edge:
    """Returns the edge of the node's log; its row is made when nothing was written yet."""
    if not connection.scalar(select(exists().where(NodeRow.node_id == node_id))):
        first = {"node_id": node_id, "incarnation": str(uuid.uuid4()), "sequence": 0, "log_size": 0, "log_edge": b""}
        connection.execute(insert(NodeRow).values(**first))
    return edge_of(connection.execute(select(NodeRow.__table__)).one())  # type: ignore[arg-type] # it has what the row has


def _leaves(sent: list[_Sent], role: Role, position: int) -> Iterator[dict[str, Any]]:
    for one in sent:
        for event in _EVENTS[role]:
            entry = log_pb2.LogEntry(event=event, envelope_id=one.message_id, digest=one.digest)
            entry.event_time.FromDatetime(one.moment)
            raw = entry.SerializeToString(deterministic=True)
            yield {"position": position, "entry": raw, "envelope_id": one.message_id}
            position += 1


def _grow(connection: Connection, edge: Edge, leaves: _Rows) -> Edge:
    kept: _Rows = []
    for one in leaves:
        leaf = leaf_hash(one["entry"])
        kept += kept_subtrees(edge, leaf)
        edge = edge.append(leaf)
    if kept:
        connection.execute(insert(SubtreeRow), kept)
    return edge


class _Sent:
    """One message of the history, the same at both nodes."""

    def __init__(self, number: int, role: Role) -> None:
        self._number = number
        self._role = role
        self._random = hashlib.shake_128(number.to_bytes(8)).digest(_RAW_BYTES + 64)
        self.digest = self._random[:32]
        self.moment = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
        # In the order of time, as the ids of messages are.
        self.message_id = f"01900000-{number >> 32 & 0xFFFF:04x}-7000-8000-{number:012x}"
        incarnation = uuid.UUID(_SENDER_INCARNATION).bytes[-INCARNATION_BYTES:]
        self._batch_id = envelope_id_of("fji", incarnation, number + 1)

    def envelope(self) -> dict[str, Any]:
        is_own = self._role is Role.SENT
        return {
            "envelope_id": self.message_id,
            "role": self._role,
            "digest": self.digest,
            "message_digest": self.digest,
            "raw": None,
            "sender_node": "fji",
            "topic": "bluepacific.bench.v1.note.sent",
            "receipts": is_own,
            "accept_time": self.moment,
            "batch_id": self._batch_id,
            "batch_index": 0,
            # The sender's service has the content.
            "inside": self._random[: _INSIDE_BYTES // 4 if is_own else _INSIDE_BYTES],
            "thread": f"fji/countries/FJI/requests/h{self._number // _IN_A_CONVERSATION}" if is_own else "",
        }

    def batch(self) -> dict[str, Any]:
        is_own = self._role is Role.SENT
        return {
            "envelope_id": self._batch_id,
            "role": self._role,
            "digest": self.digest,
            "raw": self._random[:_RAW_BYTES] if is_own else None,
            "seals": self._random[:_SEALS_BYTES],
            "sender_node": "fji",
            "peer": "" if is_own else "fji",
            "incarnation": _SENDER_INCARNATION,
            "sequence": self._number + 1,
            "urgency": 3,
            "awaited": "",
            "accept_time": self.moment,
        }

    def rung(self) -> dict[str, Any]:
        return {
            "envelope_id": self.message_id,
            "recipient": _RECIPIENT,
            "node_id": "wsm",
            "state": topics_pb2.DELIVERY_STATE_DELIVERED,
            "state_time": self.moment,
            "ground": "",
        }

    def receipts(self) -> dict[str, Any]:
        return {
            "receipt_id": str(uuid.UUID(bytes=self._random[-16:])),
            "envelope_id": self._batch_id,
            "raw": self._random[:_LIST_BYTES],
            "accept_time": self.moment,
        }
