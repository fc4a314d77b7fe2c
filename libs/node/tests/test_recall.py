"""Fiji recalls what it sent to the centre: two real nodes, their link, their exchanges; and who did what, by the command."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from household import delivered, free_port, make_node, write_private

from bluepacific.cooperation.v1 import (
    directive_pb2,
    directive_service_pb2,
    directory_service_pb2,
    recipient_status_pb2,
    request_pb2,
    request_service_pb2,
)
from bp_client import AsyncBluePacific
from bp_node import planting
from bp_node.embedded import run_node
from bp_node.region.plan import NODES
from bp_node.scenario import letters
from bp_node.settings import load

SECRET = "Moana Star lies off Vava'u"
DORA = {
    "id": "dora",
    "givenName": "Dora",
    "familyName": "Lal",
    "email": "dora@police.fj.example",
    "gender": "FEMALE",
    "language": "en",
    "roles": ["data_protection_officer@ncb"],
}


@pytest.fixture
async def linked(tmp_path, bluepacific):
    """The centre and Fiji, enrolled, with their people; neither runs."""
    link = f"127.0.0.1:{free_port()}"
    centre, fiji = tmp_path / "ptccc", tmp_path / "fji"
    make_node(centre, node_id="ptccc", country="WSM", centre=True, link=link)
    make_node(fiji, link=link)
    passwords = {}
    for place in (centre, fiji):
        people = next(node.people for node in NODES if node.node_id == place.name)
        people = {**people, "officers": [*people["officers"], *([DORA] if place is fiji else [])]}
        file, words = tmp_path / f"{place.name}.json", write_private(tmp_path / f"{place.name}-words.json", "{}")
        file.write_text(json.dumps(people))
        await asyncio.to_thread(planting.plant, place, file, words, as_json=True)
        passwords |= json.loads(words.read_text())
    async with run_node(load(centre)):
        invited = await bluepacific("node", "invite", "fji", "--country", "FJI", "--dir", centre, "--json")
        token = json.loads(invited.out)["token"]
        enrolled = await bluepacific("node", "enrol", "--dir", fiji, "--token", "-", given=token)
        assert enrolled.code == 0, enrolled.err
        yield centre, fiji, passwords


async def until(look):
    async with asyncio.timeout(90):
        while not (found := await look()):  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.05)
    return found


@asynccontextmanager
async def person(node, officer, passwords):
    async with AsyncBluePacific(node) as client:
        await client.sign_in(officer.rpartition("/")[2], passwords[officer])
        yield client.asking(purpose=letters.INVESTIGATION)


async def knows_apia(ana):
    asked = directory_service_pb2.ListAddresseesRequest(parent="countries/-", page_size=100)
    known = await ana.cooperation.directories.ListAddressees(asked)
    return letters.APIA in {one.unit for one in known.addressees}


async def test_a_recall_reaches_the_other_node_and_leaves_nothing_there(linked, bluepacific, tmp_path):
    centre, fiji, passwords = linked
    apia = load(centre).public_url
    async with (
        run_node(load(fiji)) as node,
        person(node.url, "countries/FJI/officers/ana", passwords) as ana,
        person(apia, "countries/WSM/officers/lagi", passwords) as lagi,
    ):
        await until(lambda: knows_apia(ana))
        wanted = letters.draft("A vessel", [letters.APIA], text=SECRET)
        made = await ana.cooperation.requests.CreateRequest(
            request_service_pb2.CreateRequestRequest(parent="countries/FJI", request=wanted)
        )
        await ana.cooperation.requests.SendRequest(request_service_pb2.SendRequestRequest(name=made.name))
        found = await delivered(ana, made.name)
        # Just delivered: nothing stands still.
        assert found.statuses[0].standstill == recipient_status_pb2.STANDSTILL_UNSPECIFIED
        assert (await letters.read(lagi, made.name)).text == SECRET
        await ana.cooperation.directives.RecallRequest(
            directive_service_pb2.RecallRequestRequest(
                name=made.name, ground=directive_pb2.DIRECTIVE_GROUND_SENT_IN_ERROR
            )
        )

        async def recalled():
            return (await letters.read(lagi, made.name)).state == request_pb2.REQUEST_STATE_RECALLED

        async def answered():
            asked = directive_service_pb2.ListOutstandingAnswersRequest(parent="countries/FJI")
            return not (await ana.cooperation.directives.ListOutstandingAnswers(asked)).outstanding_answers

        await until(recalled)
        await until(answered)
        told = await ana.cooperation.directives.ListDirectives(
            directive_service_pb2.ListDirectivesRequest(parent=made.name)
        )
        assert told.directives[0].answers[0].state == directive_pb2.ANSWER_STATE_DONE_AFTER_OPENING

        words = write_private(tmp_path / "word", passwords["countries/FJI/officers/dora"])
        about = f'subject = "{made.name}" AND principal = "countries/FJI/officers/ana"'
        options = ("--gateway", node.url, "--user", "dora", "--password-file", words)
        ran = await bluepacific("log", "list", *options, "--filter", about, "--json")
        acts = [entry["act"] for entry in json.loads(ran.out)["entries"]]
        assert {"RequestService/SendRequest", "DirectiveService/RecallRequest"} <= {*acts}
        shown = await bluepacific("log", "list", *options, "--limit", "3")
        assert "LogService/ListLogEntries" in shown.out
        refused = await bluepacific(
            "log", "list", "--gateway", node.url, "--user", "dora", "--password-file", "-", given="x\n"
        )
        assert refused.one_line
