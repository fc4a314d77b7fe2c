"""The region itself: three real nodes, the whole day played twice, kill -9, restart."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import time
from contextlib import closing

import pytest
from region_under_test import NODES, READY_SECONDS, SCENARIO_SECONDS, Region, bluepacific, free_ports

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import request_pb2, request_service_pb2

pytestmark = pytest.mark.timeout(300)


def play(region):
    ran = bluepacific("scenario", "--state", region.state, "--json", seconds=SCENARIO_SECONDS)
    assert ran.code == 0, ran.out + ran.err
    return ran.events


@pytest.fixture(scope="module")
def day(region):
    """The events of a day that was played in the region."""
    return play(region)


def test_every_promise_of_the_day_holds(day):
    assert day[-1]["event"] == "played"
    assert day[-1]["broken"] == []
    assert all(step["ok"] for step in day[:-1])


def test_the_day_can_be_played_again(region, day):
    again = play(region)
    assert [step.get("step") for step in again] == [step.get("step") for step in day]


def test_one_trace_leads_through_all_nodes_to_the_mail(region, day):
    trace_id = next(step["trace"] for step in day if "trace" in step)
    ran = bluepacific("trace", trace_id, "--dir", region.state, "--json")
    assert ran.code == 0, ran.err
    document = ran.events[0]
    assert set(document["nodes"]) == set(NODES)
    drawn = bluepacific("trace", trace_id, "--dir", region.state)
    assert drawn.code == 0
    assert "mail" in drawn.out


def test_state_survives_a_restart(region):
    with region.signed_in("fji", "ana") as ana:
        draft = ana.cooperation.requests.CreateRequest(
            request_service_pb2.CreateRequestRequest(
                parent="countries/FJI",
                request=request_pb2.Request(
                    title="Before the restart",
                    handling=handling_pb2.Handling(
                        tlp=handling_pb2.TLP_AMBER, purpose=handling_pb2.PURPOSE_INVESTIGATION
                    ),
                ),
            )
        )
    settings = [(region.folder(node) / "node.toml").read_bytes() for node in NODES]
    passwords = (region.state / "people.json").read_bytes()
    assert region.stop() == 0
    region.start()
    assert [(region.folder(node) / "node.toml").read_bytes() for node in NODES] == settings
    assert (region.state / "people.json").read_bytes() == passwords
    with region.signed_in("fji", "ana") as ana:
        asked = request_service_pb2.GetRequestRequest(name=draft.name)
        assert ana.asking(purpose="INVESTIGATION").cooperation.requests.GetRequest(asked).title == "Before the restart"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_nodes_end_with_a_region_that_is_killed(region):
    region.kill()
    region.start()


def test_a_second_region_on_the_same_folder_is_refused(region):
    base, mail = free_ports()
    ran = bluepacific(*Region(region.state, base, mail).arguments)
    assert ran.one_line, ran.err
    assert "in use by another bluepacific process" in ran.err


def test_a_running_node_is_neither_started_nor_migrated_twice(region):
    for command in (("node", "up"), ("migrate",)):
        ran = bluepacific(*command, "--dir", region.folder("ton"))
        assert ran.code == 1
        assert "in use by another bluepacific process" in ran.err


def test_each_node_shows_its_links(region):
    for node in NODES:
        ran = bluepacific("node", "status", "--dir", region.folder(node), "--json")
        assert ran.code == 0, ran.err
        status = ran.events[0]
        assert (status["node"], status["running"]) == (node, True)
        assert all(link["connected"] for link in status["links"])
    assert {link["peer"] for link in status["links"]} == {"ptccc"}
    assert "runs as process" in bluepacific("node", "status", "--dir", region.folder("ton")).out


def test_settings_are_shown_without_secrets(region):
    ran = bluepacific("config", "show", "--dir", region.folder("fji"), "--json")
    assert ran.code == 0, ran.err
    shown = ran.events[0]
    assert shown["node"]["node_id"] == "fji"
    assert set(shown) >= {"gateway", "identity", "exchange", "cooperation"}


def test_a_killed_node_is_started_again(region):
    file = region.folder("ton") / "run" / "node.json"
    pid = json.loads(file.read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + READY_SECONDS
    while json.loads(file.read_text())["pid"] == pid:
        assert time.monotonic() < deadline, region.told()
        time.sleep(0.1)
    region.signed_in("ton", "mele").close()
    for database in (region.folder("ton") / "data").glob("*.sqlite"):
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
