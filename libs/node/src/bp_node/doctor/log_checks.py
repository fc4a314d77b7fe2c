"""Checks of the logs: this node's own is seen by others, and no log was seen to be rewritten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta

from bluepacific.exchange.v1 import log_pb2
from bp_node.doctor.finding import Finding, Patient

_WIDE_GAP = timedelta(days=7)
_RECENT = timedelta(days=90)
_RUNBOOK = "docs/runbooks/log-alarm.md"
_WORDS = {
    log_pb2.LOG_ALARM_KIND_FORKED: "has other entries than it had: it was rewritten, or shows different people different logs",
    log_pb2.LOG_ALARM_KIND_ROLLED_BACK: "is shorter than it was: entries were taken out of it",
    log_pb2.LOG_ALARM_KIND_RESTORED: "begins anew from an earlier point: its node says that it was restored from a backup",
}


def check_logs(patient: Patient) -> Iterator[Finding]:
    """Alarms of the last three months, and how long nobody has cosigned this node's log."""
    status = patient.answered
    for alarm in status.log_alarms:
        seen = alarm.alarm_time.ToDatetime(tzinfo=UTC)
        if patient.now - seen < _RECENT:
            yield Finding(
                f"the log of {alarm.node_id} {_WORDS.get(alarm.kind, 'is wrong')}; seen {seen:%Y-%m-%d %H:%M} UTC",
                f"see {_RUNBOOK}, and call the people of {alarm.node_id}",
                urgent=alarm.kind != log_pb2.LOG_ALARM_KIND_RESTORED,
            )
    if not status.log_size or not status.links:
        return
    last = status.last_cosign_time.ToDatetime(tzinfo=UTC) if status.HasField("last_cosign_time") else None
    if last is None or patient.now - last > _WIDE_GAP:
        since = f"since {last:%Y-%m-%d}" if last else "yet"
        yield Finding(
            f"no other node has cosigned this node's log {since}: until then its proofs are its own word",
            f"bluepacific node status --dir {patient.settings.folder}",
            urgent=False,
        )
