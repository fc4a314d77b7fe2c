"""Whoever tells a canary is found out, in whichever way it is told."""

import logging

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.trace import TracerProvider

from bluepacific.notifications.v1.events_pb2 import NotificationRequested
from bp_kit.errors import Refused
from bp_kit.logs import get_logger
from bp_kit.outbox import Outbox
from bp_kit.rpc import pipeline
from bp_kit.telemetry import span
from bp_kit.testing.canaries import plant
from bp_kit.testing.tokens import make_token

CANARY = plant("canary", "Qzx-canary-of-the-kit")


def _log_of_the_library():
    logging.getLogger("somebody").error("it was %s", CANARY)


def _log():
    get_logger("bp_kit.canaries").info("it.was", who=CANARY)


def _span():
    with span("it", scope="bp_kit", attributes={"who": CANARY}):
        pass


def _recorded_span():
    with TracerProvider().get_tracer("bp_kit").start_as_current_span("it") as current:
        current.set_attribute("who", CANARY)


def _later_in_a_span():
    trace.INVALID_SPAN.add_event("it", {"who": CANARY})


def _metric():
    metrics.get_meter("bp_kit").create_counter("it").add(1, {"who": CANARY})


def _error():
    pipeline.status_of(Refused("NOT_FOUND", name=CANARY), "en", "")


def _notification():
    # Nothing of it is sent: the coroutine is never awaited.
    Outbox.notify(None, NotificationRequested(subject=CANARY), author="countries/FJI").close()


WAYS = {
    "log of a library": (_log_of_the_library, "log"),
    "log": (_log, "log"),
    "span": (_span, "span"),
    "recorded span": (_recorded_span, "span"),
    "event of a span": (_later_in_a_span, "span"),
    "metric": (_metric, "metric"),
    "error": (_error, "error"),
    "notification": (_notification, "notification"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_canary_that_is_told_is_found(canaries, way):
    tell, where = WAYS[way]
    assert not canaries.leaks
    tell()
    found, canaries.leaks = canaries.leaks, []
    assert f"canary in {where}" in found


def test_a_token_that_is_told_is_found_and_only_during_its_test(canaries):
    token = make_token("countries/FJI/officers/ana", [])
    get_logger("bp_kit.canaries").info("it.was", value=token)
    assert "token in log" in canaries.leaks
    canaries.begin()
    get_logger("bp_kit.canaries").info("it.was", value=token)
    assert not canaries.leaks


def test_what_is_not_planted_may_be_told(canaries):
    get_logger("bp_kit.canaries").info("it.was", value="something else")
    assert not canaries.leaks
