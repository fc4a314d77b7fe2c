"""Inviting and enrolling by the commands, against a centre's real exchange on loopback."""

import asyncio
import contextlib
import io
import json
import socket
import stat
import sys

import pytest
from sqlalchemy import insert, select

from bp_exchange.adapters.tables import InvitationRow
from bp_kit.ports import system_clock
from bp_kit.rpc.inprocess import InProcessChannel
from bp_kit.tables import service_metadata
from bp_node import enrolling
from bp_node.embedded import seams_of
from bp_node.failure import CommandError
from bp_node.making import Wish, init
from bp_node.services import build_service
from bp_node.settings import load


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wish(folder, country, node_id, link, *, centre=False):
    return Wish(
        folder=folder,
        country=country,
        node_id=node_id,
        centre=centre,
        host="127.0.0.1",
        port=8080,
        public_url="http://127.0.0.1:8080",
        link=link,
        smtp="127.0.0.1:25",
        mail_from="noreply@police.example",
    )


@pytest.fixture
def nodes(tmp_path, capsys):
    link = f"127.0.0.1:{free_port()}"
    init(wish(tmp_path / "ptccc", "WSM", "ptccc", link, centre=True), as_json=True)
    init(wish(tmp_path / "fji", "FJI", "fji", link), as_json=True)
    capsys.readouterr()
    return tmp_path


@contextlib.asynccontextmanager
async def running(folder):
    """The centre's exchange, as the node runs it."""
    settings = load(folder)
    service = build_service("exchange", settings, seams_of(settings, InProcessChannel({})))
    await service.migrate()
    workers = [asyncio.create_task(worker()) for worker in service.workers]
    try:
        yield service
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await service.aclose()


def told(capsys):
    return json.loads(capsys.readouterr().out.splitlines()[-1])


async def test_what_could_not_be_sent_before_enrolment_is_due_after_it(nodes, capsys):
    settings = load(nodes / "fji")
    catalogue = build_service("catalogue", settings, seams_of(settings, InProcessChannel({})))
    await catalogue.migrate()
    outbox = service_metadata().tables["outbox"]
    refused = select(outbox.c.refused)
    now = system_clock()
    row = {"kind": "send", "body": b"", "attempts": 0, "due_time": now, "create_time": now}
    async with catalogue.database.write() as session:
        await session.execute(insert(outbox).values(**row, refused="INVALID_ARGUMENT"))
    async with running(nodes / "ptccc"):
        await asyncio.to_thread(enrolling.invite, nodes / "ptccc", "fji", ("FJI",), as_json=True)
        await asyncio.to_thread(enrolling.enrol, nodes / "fji", told(capsys)["token"], as_json=True)
    async with catalogue.database.read() as session:
        assert (await session.scalars(refused)).all() == [None]
    await catalogue.aclose()


async def test_a_node_is_invited_and_enrols_while_the_centre_runs(nodes, capsys, monkeypatch):
    async with running(nodes / "ptccc"):
        await asyncio.to_thread(enrolling.invite, nodes / "ptccc", "fji", ("FJI",), as_json=True)
        token = told(capsys)["token"]
        monkeypatch.setattr(sys, "stdin", io.StringIO(token + "\n"))
        await asyncio.to_thread(enrolling.enrol, nodes / "fji", "-", as_json=True)
        enrolled = told(capsys)
    assert enrolled["node"] == "fji"
    assert enrolled["centre"] == "ptccc"
    assert enrolled["registerVersion"] == 2
    assert enrolled["fingerprint"] == enrolling.make_keys(load(nodes / "fji")), "the words are those of node init"
    assert enrolled["fingerprint"] in (nodes / "fji" / enrolling.RECORD_FILE).read_text()


async def test_the_secret_is_kept_nowhere_at_the_centre(nodes, capsys):
    async with running(nodes / "ptccc") as service:
        await asyncio.to_thread(enrolling.invite, nodes / "ptccc", "fji", ("FJI",), as_json=True)
        from bp_exchange.adapters.inviting import read_token

        secret = read_token(told(capsys)["token"]).secret
        async with service.database.read() as session:
            assert await session.get(InvitationRow, secret.hex()) is None
        held = b"".join(file.read_bytes() for file in (nodes / "ptccc").rglob("*") if file.is_file())
        assert secret not in held


def test_keys_are_for_their_user_only(nodes):
    for file in (nodes / "ptccc" / "keys").rglob("*"):
        assert stat.S_IMODE(file.stat().st_mode) == (0o700 if file.is_dir() else 0o600), file


@pytest.mark.parametrize(
    ("where", "node_id", "countries", "says"),
    [
        ("fji", "ton", ("TON",), "is not the centre"),
        ("ptccc", "Ton!", ("TON",), "cannot be a node's name"),
        ("ptccc", "ton", ("Tonga",), "is not an ISO"),
        ("ptccc", "ton", ("WSM",), "another node serves WSM"),
        ("ptccc", "ptccc", ("TON",), "is the centre itself"),
    ],
)
def test_an_invitation_that_cannot_be_says_why(nodes, where, node_id, countries, says):
    with pytest.raises(CommandError, match=says):
        enrolling.invite(nodes / where, node_id, countries, as_json=True)


def test_what_is_no_token_is_told_in_one_line(nodes):
    with pytest.raises(CommandError, match="this is not a token"):
        enrolling.enrol(nodes / "fji", "nonsense", as_json=True)


def test_a_token_for_another_node_is_told(nodes, capsys):
    enrolling.invite(nodes / "ptccc", "ton", ("TON",), as_json=True)
    with pytest.raises(CommandError, match="this token is for ton"):
        enrolling.enrol(nodes / "fji", told(capsys)["token"], as_json=True)
