"""Asks a service under test about a person, as the country's identity service does."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from bluepacific.common.v1 import subject_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_kit.subjects.desk import ANSWERED, asked_topic
from bp_kit.testing.harness import ServiceUnderTest


async def ask_about(
    under_test: ServiceUnderTest,
    act: str = "FIND",
    *,
    records: Iterable[str] = (),
    corrections: Mapping[str, str] | None = None,
    country: str = "FJI",
    **subject: str,
) -> subject_pb2.SubjectAnswered:
    """Returns what a service answers.

    Args:
        under_test: The service; its workers run.
        act: `FIND`, `BLOCK`, `ERASE` ...
        records: Nothing but these.
        corrections: What is right.
        country: Who asks.
        subject: `officer=`, `display_name=`, `identifier=`.
    """
    asked = subject_pb2.SubjectAsked(
        operation=f"countries/{country}/subjectOperations/{uuid.uuid4()}",
        act=subject_pb2.SubjectAct.Value(f"SUBJECT_ACT_{act}"),
        subject=subject_pb2.Subject(**subject),
        records=records,
        corrections=[subject_pb2.Correction(field=name, value=value) for name, value in (corrections or {}).items()],
    )
    message = topics_pb2.Message(
        message_id=str(uuid.uuid4()),
        topic=asked_topic(under_test.service.name),
        author=f"countries/{country}",
        recipients=[f"countries/{under_test.seams.country}"],
        payload=asked.SerializeToString(),
    )
    await under_test.topics.deliver(message)
    count = 0
    while True:
        count += 1
        sent = (await under_test.topics.wait_sent(ANSWERED, count))[count - 1]
        answered = subject_pb2.SubjectAnswered.FromString(sent.payload)
        if answered.operation == asked.operation:
            return answered


def stands(answered: subject_pb2.SubjectAnswered) -> dict[str, str]:
    """Returns how what was found stands, by record: `READABLE`, or the ground for which it was kept."""
    state, ground = subject_pb2.FindingState, subject_pb2.FindingGround
    return {
        one.record: ground.Name(one.ground).removeprefix("FINDING_GROUND_")
        if one.ground
        else state.Name(one.state).removeprefix("FINDING_STATE_")
        for one in answered.findings
    }
