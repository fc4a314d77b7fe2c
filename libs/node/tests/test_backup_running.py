from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
import stat
from contextlib import closing

import pytest
from household import PASSPHRASE, ask_colleagues, delivered, make_household, write_private

from bluepacific.cooperation.v1 import attachment_service_pb2, request_pb2
from bp_node.scenario import letters


@pytest.fixture
def household(tmp_path):
    return make_household(tmp_path)


def incarnation_of(place):
    with closing(sqlite3.connect(place / "data" / "exchange.sqlite")) as database:
        return database.execute("SELECT incarnation FROM node").fetchone()[0]


async def write_on(ana, answered, some):
    """Sends requests until cancelled; notes each once its sending was answered, and tells when there are some."""
    for number in range(10_000):
        content = os.urandom(50_000)
        name = await ask_colleagues(ana, f"vessel {number}", content)
        answered[name] = hashlib.sha256(content).hexdigest()
        if len(answered) == 3:
            some.set()


async def test_a_running_node_is_backed_up_and_lives_on_elsewhere(bluepacific, household, tmp_path):
    passphrase = write_private(tmp_path / "passphrase", PASSPHRASE)
    archive, place = tmp_path / "fji.bpb", tmp_path / "restored"
    answered: dict[str, str] = {}
    async with household.running() as ana:
        writing = asyncio.create_task(write_on(ana, answered, some := asyncio.Event()))
        await some.wait()
        before = dict(answered)
        ran = await bluepacific(
            "node", "backup", "--dir", household.place, "--to", archive, "--passphrase-file", passphrase, "--json"
        )
        assert ran.code == 0, ran.err
        assert len(answered) > len(before), "the node went on writing meanwhile"
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    ran = await bluepacific("node", "restore", archive, "--dir", place, "--passphrase-file", passphrase, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["incarnation"] == incarnation_of(place) != incarnation_of(household.place)
    keys = [one for one in (place / "keys").rglob("*") if one.is_file()]
    assert {stat.S_IMODE(one.stat().st_mode) for one in keys} == {0o600}
    assert {one.name for one in keys} >= {"sign.key", "sealing.key", "tls.pem", "page-tokens"}

    async with household.running(place) as ana:
        found = {one.name for one in await letters.find(ana, "vessel") if one.state == request_pb2.REQUEST_STATE_OPEN}
        assert before.keys() <= found
        for name in found & answered.keys():
            # Nothing that was on its way from one database to another was lost, and no file is missing.
            await delivered(ana, name)
            asked = attachment_service_pb2.ListAttachmentsRequest(parent=name)
            listed = (await ana.cooperation.attachments.ListAttachments(asked)).attachments
            digests = [await letters.download(ana, one.name) for one in listed]
            assert digests == [answered[name]]
