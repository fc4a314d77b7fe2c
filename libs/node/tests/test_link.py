"""`bluepacific link`: two nodes without a link between them, and a stick; everything by the commands."""

import asyncio
import json

import pytest
from household import free_port, make_node, write_private

from bp_node import planting
from bp_node.embedded import run_node
from bp_node.region.plan import NODES
from bp_node.settings import load


@pytest.fixture
async def apart(tmp_path, bluepacific):
    """The centre and Fiji, enrolled; Fiji's link leads nowhere."""
    centre, fiji = tmp_path / "ptccc", tmp_path / "fji"
    make_node(centre, node_id="ptccc", country="WSM", centre=True, link=f"127.0.0.1:{free_port()}")
    make_node(fiji, link=f"127.0.0.1:{free_port()}")
    people = tmp_path / "people.json"
    people.write_text(json.dumps(next(node.people for node in NODES if node.node_id == "fji")))
    async with run_node(load(centre)):
        invited = await bluepacific("node", "invite", "fji", "--country", "FJI", "--dir", centre, "--json")
        token = json.loads(invited.out)["token"]
        enrolled = await bluepacific("node", "enrol", "--dir", fiji, "--token", "-", given=token)
        assert enrolled.code == 0, enrolled.err
        await asyncio.to_thread(
            planting.plant, fiji, people, write_private(tmp_path / "words.json", "{}"), as_json=True
        )
        async with run_node(load(fiji)):
            yield centre, fiji


async def lane(bluepacific, node, peer):
    ran = await bluepacific("link", "status", "--dir", node, "--json")
    assert ran.code == 0, ran.err
    return next(one for one in json.loads(ran.out)["lanes"] if one["peer"] == peer)


async def owed(bluepacific, node, peer):
    async with asyncio.timeout(60):
        while not (found := (await lane(bluepacific, node, peer))["outgoing"])["waiting"]:  # noqa: ASYNC110 - asked, as people do
            await asyncio.sleep(0.2)
    return found


async def test_what_is_owed_goes_by_stick_and_its_acknowledgement_comes_back(apart, bluepacific, tmp_path):
    centre, fiji = apart
    stick = tmp_path / "stick"
    stick.mkdir()
    waiting = await owed(bluepacific, fiji, "ptccc")
    assert not (await lane(bluepacific, fiji, "ptccc"))["connected"]

    ran = await bluepacific("link", "set-aside", waiting["nextItem"], "--peer", "ptccc", "--reason", "x", "--dir", fiji)
    assert ran.code == 0, ran.err
    ran = await bluepacific("link", "list-set-aside", "--dir", fiji, "--json")
    (aside,) = json.loads(ran.out)["items"]
    assert (aside["item"], aside["ground"], aside["reason"]) == (waiting["nextItem"], "BY_HAND", "x")
    ran = await bluepacific("link", "retry", "--peer", "ptccc", "--dir", fiji, "--json")
    assert json.loads(ran.out)["count"] == 1

    ran = await bluepacific("link", "export", "--to", stick, "--dir", fiji, "--json")
    assert ran.code == 0, ran.err
    (export,) = json.loads(ran.out)["exports"]
    assert export["items"] > 0
    assert (await lane(bluepacific, fiji, "ptccc"))["outgoing"]["waiting"]

    ran = await bluepacific("link", "import", stick, "--dir", centre, "--json")
    assert ran.code == 0, ran.err
    (taken,) = json.loads(ran.out)["imports"]
    assert (taken["storedItems"], taken["refusedItems"], taken["ended"]) == (export["items"], 0, True)
    # The stick has Fiji's export still; only what is for Fiji is taken from it.
    ran = await bluepacific("link", "import", stick, "--dir", fiji)
    assert ran.code == 0, ran.err
    # Services may have sent more since.
    assert f"{export['items']} of ours acknowledged" in ran.out
    ran = await bluepacific("link", "status", "--dir", fiji)
    assert ran.code == 0, ran.err
    assert "ptccc" in ran.out


async def test_what_cannot_be_taken_is_told_in_one_line(apart, bluepacific, tmp_path):
    centre, fiji = apart
    await owed(bluepacific, fiji, "ptccc")
    stick = tmp_path / "out.bpmedium"
    assert (await bluepacific("link", "export", "--to", stick, "--peer", "ptccc", "--dir", fiji)).code == 0
    whole = stick.read_bytes()
    again = await bluepacific("link", "export", "--to", stick, "--peer", "ptccc", "--dir", fiji, "--json")
    assert again.one_line, again.err
    assert stick.read_bytes() == whole
    for content, words in (
        (b"", "not an export"),
        (b"a photograph", "not an export"),
        (whole[: len(whole) // 2], "Nothing in this export verifies"),
    ):
        stick.write_bytes(content)
        ran = await bluepacific("link", "import", stick, "--dir", centre, "--json")
        assert ran.one_line, ran.err
        assert words in ran.err
    stick.write_bytes(whole[:-5])
    ran = await bluepacific("link", "import", stick, "--dir", centre, "--json")
    assert ran.one_line, ran.err
    assert "cut off" in ran.err
    stick.write_bytes(whole)
    ran = await bluepacific("link", "import", stick, "--dir", fiji)
    assert ran.code == 1
    assert "for ptccc, not for this node" in ran.err or "takes nothing" in ran.err
    for arguments in (
        ("import", tmp_path / "none.bpmedium", "--dir", centre),
        ("import", tmp_path / "words.json", "--dir", tmp_path / "nowhere"),
        ("retry", "--peer", "ton", "--dir", fiji),
        ("set-aside", "0190a0a0-0000-7000-8000-000000000000", "--peer", "ptccc", "--reason", "x", "--dir", fiji),
    ):
        ran = await bluepacific("link", *arguments)
        assert ran.one_line, ran.err


async def test_a_countrys_it_officer_sets_a_plan_and_sees_what_it_holds(apart, bluepacific):
    _, fiji = apart
    await owed(bluepacific, fiji, "ptccc")
    ran = await bluepacific(
        *("link", "set", "--urgency", "bulk", "--rate", "64kbit/s", "--volume", "200MB/day"),
        *("--quiet", "mon-fri 08:00-17:00", "--time-zone", "Pacific/Fiji", "--dir", fiji, "--json"),
    )
    assert ran.code == 0, ran.err
    rule = {
        "urgency": "BULK",
        "bytesPerSecond": 8000,
        "bytesPerDay": 200_000_000,
        "quiet": ["mon,tue,wed,thu,fri 08:00-17:00"],
    }
    assert json.loads(ran.out) == {"peer": "ptccc", "timeZone": "Pacific/Fiji", "rules": [rule], "warnings": []}
    ran = await bluepacific("link", "set", "ptccc", "--urgency", "flash", "--volume", "1MB", "--dir", fiji)
    assert ran.code == 0, ran.err
    assert "64 kbit/s" in ran.out
    assert "careful: FLASH has a volume" in ran.err
    ran = await bluepacific("link", "set", "--urgency", "BULK", "--rate", "none", "--quiet", "none", "--dir", fiji)
    assert ran.code == 0, ran.err
    ran = await bluepacific("link", "plan", "--dir", fiji, "--json")
    rules = {one["urgency"]: one for one in json.loads(ran.out)["rules"]}
    assert rules["BULK"] == rule | {"bytesPerSecond": None, "quiet": []}
    assert rules["FLASH"]["bytesPerDay"] == 1_000_000
    ran = await bluepacific("link", "status", "--dir", fiji)
    assert ran.code == 0, ran.err
    assert "200 MB/day spent" in ran.out
    assert "down" in ran.out
    assert max(len(line) for line in ran.out.splitlines()) <= 100
    ran = await bluepacific("link", "set", "--clear", "--dir", fiji)
    assert ran.code == 0, ran.err
    assert "as fast as the link takes it" in ran.out


async def test_a_plan_that_cannot_be_is_refused_in_one_line(apart, bluepacific):
    for options, why in (
        (["--rate", "64"], "64 is no rate"),
        (["--urgency", "SLOW"], "SLOW is no urgency"),
        (["--time-zone", "Fiji/Suva"], "Fiji/Suva is no time zone"),
        (["--quiet", "00:00-24:00"], "leave no time in the week for URGENT"),
        (["ton"], "ton"),
    ):
        ran = await bluepacific("link", "set", *options, "--dir", apart[1])
        assert ran.code == 1
        assert why in ran.err
        assert len(ran.err.strip().splitlines()) == 1
