from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing

import pytest

from bluepacific.exchange.v1 import topic_service_pb2
from bluepacific.identity.v1.events_pb2 import LearnerChanged
from bluepacific.notifications.v1.events_pb2 import ContactChanged
from bp_node import folder
from bp_node.failure import CommandError
from bp_node.people import read_people
from bp_node.region.plan import NODES
from bp_node.settings import checked, save


@pytest.fixture
def fiji(tmp_path):
    """Fiji's folder with settings, as `node init` leaves it."""
    place = tmp_path / "fji"
    folder.make(place)
    save(checked(place, {"node_id": "fji", "country": "FJI"}))
    return place


@pytest.fixture
def people(tmp_path):
    file = tmp_path / "people.json"
    file.write_text(json.dumps(next(node.people for node in NODES if node.node_id == "fji")))
    return file


async def test_people_are_there_once_with_passwords_for_this_user_only(bluepacific, fiji, people, tmp_path):
    passwords = tmp_path / "passwords.json"
    for _ in range(2):
        ran = await bluepacific("node", "people", people, "--dir", fiji, "--passwords", passwords, "--json")
        assert ran.code == 0, ran.err
        assert "countries/FJI/officers/ana" in json.loads(ran.out)["officers"]
    held = json.loads(passwords.read_text())
    assert len(set(held.values())) == len(held) == 4
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON"),
        ("[]", "is a JSON object with units, officers, clients"),
        ('{"people": []}', "is a JSON object with units, officers, clients"),
        ('{"units": "x"}', "units is a list"),
        ('{"units": ["ncb"]}', r"units\[0\]"),
        ('{"units": [{"id": "ncb"}]}', r"units\[0\]: kind is needed"),
        ('{"units": [{"id": "ncb", "kind": "CASTLE", "displayName": "x"}]}', r"units\[0\].*UNIT_KIND_CASTLE"),
        ('{"units": [{"id": "N C B", "kind": "NCB", "displayName": "x"}]}', r"units\[0\], unit_id"),
        ('{"officers": [{"id": "ana", "givenName": "A", "familyName": "R"}]}', r"officers\[0\]: email is needed"),
        (
            '{"officers": [{"id": "ana", "givenName": "A", "familyName": "R", "email": "x"}]}',
            r"officers\[0\], officer.email",
        ),
        (
            '{"officers": [{"id": "ana", "givenName": "A", "familyName": "R", "email": "a@x.example", "roles": ["king@ncb"]}]}',
            "king",
        ),
        (
            '{"officers": [{"id": "ana", "givenName": "A", "familyName": "R", "email": "a@x.example", "roles": ["officer"]}]}',
            "grant.unit",
        ),
        ('{"officers": [{"id": "ana", "colour": "blue"}]}', "colour"),
        ('{"clients": [{"id": "portal", "displayName": "Portal", "redirectUris": ["x y"]}]}', "redirect_uris"),
    ],
)
def test_what_is_no_list_of_people_is_told(text, says):
    with pytest.raises(CommandError, match=says):
        read_people("FJI", text)


async def test_the_command_tells_it_in_one_line(bluepacific, fiji, tmp_path):
    (tmp_path / "bad.json").write_text('{"units": [{"id": "ncb"}]}')
    ran = await bluepacific("node", "people", tmp_path / "bad.json", "--dir", fiji, "--passwords", tmp_path / "p.json")
    assert ran.one_line, ran.err
    assert not (tmp_path / "p.json").exists()


async def test_the_nodes_services_will_hear_of_everybody(bluepacific, fiji, people, tmp_path):
    """The node has never run: what was planted waits in identity's outbox, each person with the roles as they stand."""
    ran = await bluepacific("node", "people", people, "--dir", fiji, "--passwords", tmp_path / "p.json", "--json")
    with closing(sqlite3.connect(fiji / "data" / "identity.sqlite")) as database:
        rows = database.execute("SELECT body FROM outbox ORDER BY position").fetchall()
    waiting = [topic_service_pb2.Message.FromString(body) for (body,) in rows]
    told = [ContactChanged.FromString(one.payload) for one in waiting if one.topic.endswith(".contact.changed")]
    learners = [LearnerChanged.FromString(one.payload) for one in waiting if one.topic.endswith(".learner.changed")]
    last = {contact.officer: contact for contact in told}
    assert set(last) == {learner.officer for learner in learners} == set(json.loads(ran.out)["officers"])
    held = {one["id"]: one.get("roles", []) for one in json.loads(people.read_text())["officers"]}
    for name, contact in last.items():
        roles = sorted(f"{grant.role}@{grant.unit.rpartition('/')[2]}" for grant in contact.grants)
        assert roles == sorted(held[name.rpartition("/")[2]])
