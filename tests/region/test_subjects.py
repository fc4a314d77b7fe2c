"""A person in what two countries exchange: who read it is told; found, blocked and erased at both nodes, one of which is dark at first."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path

import pytest
from region_under_test import READY_SECONDS, bluepacific

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import read_service_pb2, request_pb2, request_service_pb2
from bp_client import Problem
from bp_node.region.control import ask
from bp_verify.checking import check_proof

pytestmark = pytest.mark.timeout(600)
PERSON = "Sione Kata-Zweifel"


def send_request(region, title):
    with region.signed_in("fji", "ana") as ana:
        asked = request_pb2.Request(
            title=title,
            text=f"Is {PERSON} known?",
            recipients=["countries/TON/units/ncb"],
            handling=handling_pb2.Handling(tlp=handling_pb2.TLP_AMBER, purpose=handling_pb2.PURPOSE_INVESTIGATION),
        )
        create = request_service_pb2.CreateRequestRequest(parent="countries/FJI", request=asked)
        draft = ana.cooperation.requests.CreateRequest(create)
        ana.cooperation.requests.SendRequest(request_service_pb2.SendRequestRequest(name=draft.name))
    return draft.name


def seen(region, node, officer, name):
    """Returns a request as somebody sees it; None where it does not exist for them."""
    with region.signed_in(node, officer) as person:
        asking = person.asking(purpose="INVESTIGATION")
        try:
            return asking.cooperation.requests.GetRequest(request_service_pb2.GetRequestRequest(name=name))
        except Problem as problem:
            assert problem.reason == "NOT_FOUND"
            return None


def eventually(look):
    deadline = time.monotonic() + READY_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)
    return found


def subject(region, *arguments):
    ran = bluepacific("subject", *arguments, "--dir", region.folder("fji"), "--json", seconds=READY_SECONDS)
    assert ran.code == 0, ran.out + ran.err
    return ran.events[0]


def reported(region, begun):
    """Returns an operation once everybody has answered."""

    def look():
        now = subject(region, "report", begun["name"])
        return now if now["state"].endswith("DONE") else None

    return eventually(look)


def states_of(operation, name):
    return {
        (answer["country"], finding["state"].removeprefix("FINDING_STATE_"))
        for answer in operation["answers"]
        for finding in answer.get("findings", ())
        if finding["record"] == name
    }


@pytest.fixture
def tonga_dark(region):
    """Holds Tonga's node down; gives what brings it back."""
    control = Path(region.facts["control"])

    def back():
        asyncio.run(ask(control, "release", "ton"))
        eventually(lambda: asyncio.run(ask(control, "state", "ton"))["ready"])

    def dark():
        asyncio.run(ask(control, "hold", "ton"))
        asyncio.run(ask(control, "kill", "ton"))

    yield dark, back
    back()


def test_a_person_is_found_blocked_and_erased_everywhere(region, tonga_dark, tmp_path):
    dark, back = tonga_dark
    name = send_request(region, f"Inquiry {uuid.uuid4()}")
    eventually(lambda: seen(region, "ton", "mele", name))
    dark()
    found = subject(region, "find", "--name", PERSON, "--wait", "0")
    eventually(lambda: len(subject(region, "report", found["name"])["answers"]) > 5)
    begun = subject(region, "block", "--name", PERSON, "--reason", "letter 12/2026", "--wait", "0")

    def waits_for_tonga_alone():
        now = subject(region, "report", begun["name"])
        waiting = [(one["country"], one["service"]) for one in now["answers"] if "answerTime" not in one]
        return waiting == [("countries/TON", "cooperation")]

    eventually(waits_for_tonga_alone)
    assert seen(region, "fji", "ana", name) is None
    back()
    both = {("countries/FJI", "BLOCKED"), ("countries/TON", "BLOCKED")}
    assert states_of(reported(region, begun), name) == both
    assert seen(region, "ton", "mele", name) is None
    erased = reported(region, subject(region, "erase", "--name", PERSON, "--reason", "letter 12/2026", "--wait", "0"))
    assert states_of(erased, name) == {("countries/FJI", "ERASED"), ("countries/TON", "ERASED")}
    assert "displayName" not in erased.get("subject", {})
    # Nothing in it names the person any more, so the record itself is named.
    reported(region, subject(region, "unblock", "--record", name, "--reason", "stub", "--wait", "0"))
    for node, officer in (("fji", "ana"), ("ton", "mele")):
        stub = seen(region, node, officer, name)
        assert (stub.state, stub.title, stub.text) == (request_pb2.REQUEST_STATE_RECALLED, "", "")
    kept = tmp_path / "erased.json"
    saved = subject(region, "save", "--to", kept)
    assert PERSON not in kept.read_text()
    assert subject(region, "repeat", kept)["records"] == saved["records"] > 0


def test_the_sender_sees_who_read_it_abroad_and_here_each_read_is_proven(region, tmp_path):
    name = send_request(region, f"Inquiry {uuid.uuid4()}")
    eventually(lambda: seen(region, "ton", "mele", name))
    assert seen(region, "fji", "ana", name)

    def told():
        with region.signed_in("fji", "ana") as ana:
            asked = read_service_pb2.ListReadsRequest(parent=name, page_size=100)
            reads = list(ana.cooperation.reads.ListReads(asked).reads)
        readers = {one.node_id: one for one in reads if one.permission == "cooperation.requests.get" and one.allowed}
        return readers if {"fji", "ton"} <= set(readers) else None

    reads = eventually(told)
    assert reads["fji"].reader == "countries/FJI/officers/ana"
    assert reads["ton"].reader.startswith("countries/TON/readers/")
    read_id = reads["fji"].name.rpartition("/")[2]
    fiji = ("--dir", region.folder("fji"))
    proof, root = tmp_path / "read.bpproof", tmp_path / "root.json"
    assert bluepacific("proof", "export", read_id, "--to", proof, *fiji).code == 0
    assert bluepacific("proof", "root", "--to", root, *fiji).code == 0
    report = check_proof(proof.read_bytes(), root.read_bytes())
    assert report.holds, report.faults
    assert (report.read.record, report.read.principal) == (name, "countries/FJI/officers/ana")
