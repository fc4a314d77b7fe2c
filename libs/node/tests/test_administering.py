"""`user`, `unit`, `role` and `client` at a real node, as its administrator types them. One node for all: each takes its time."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager

import pytest
from household import make_household

from bluepacific.identity.v1 import role_pb2
from bp_client import AsyncBluePacific, Problem
from bp_node.administering.calling import moment_of, value_of
from bp_node.embedded import run_node
from bp_node.failure import CommandError
from bp_node.settings import load


@pytest.fixture
def office(tmp_path, bluepacific):
    """Fiji's node, running, and a way to command it."""

    place = make_household(tmp_path).place

    @asynccontextmanager
    async def opened():
        async with run_node(load(place)) as node:

            async def command(*arguments):
                ran = await bluepacific(*arguments, "--dir", place, "--json")
                assert ran.code == 0, ran.err
                return json.loads(ran.out)

            yield node, place, command

    return opened


async def test_people_units_roles_and_clients(office, bluepacific, tmp_path):
    async with office() as (node, place, command):
        await command("unit", "create", "customs", "--display-name", "Customs", "--kind", "customs")
        assert (await command("unit", "change", "customs", "--display-name", "Border"))["displayName"] == "Border"
        await joins_moves_and_leaves(node, command)
        await a_service_gets_its_secret(command)
        await a_file_at_fault_changes_nothing(bluepacific, place, tmp_path / "people.csv")


async def joins_moves_and_leaves(node, command):
    said = ("--given-name", "Seru", "--family-name", "Rabuka", "--email", "seru@police.example.fj")
    seru = await command("user", "create", "seru", *said)
    first = await command("role", "create", "seru", "--role", "learner", "--unit", "customs", "--until", "2090-01-31")
    assert first["endTime"] == "2090-01-31T00:00:00Z"
    password = (await command("user", "password", "seru"))["temporaryPassword"]
    await command("role", "create", "seru", "--role", "duty-officer", "--unit", "ncb")
    assert (await command("role", "end", first["name"]))["endTime"] < "2090"
    changed = await command("user", "change", "seru", "--clearance", "2")
    assert (changed["clearance"], changed["email"]) == (2, seru["email"])
    await command("user", "end", "seru")
    async with AsyncBluePacific(node.url) as client:
        with pytest.raises(Problem, match="SIGN_IN_FAILED"):
            await client.sign_in("seru", password)
    shown = await command("user", "show", seru["name"])
    assert shown["state"] == "OFFICER_STATE_INACTIVE"
    assert [one["role"] for one in shown["grants"]] == ["ROLE_LEARNER", "ROLE_DUTY_OFFICER"]
    listed = await command("user", "list", "--filter", 'family_name = "Rabuka"')
    assert [one["name"] for one in listed["officers"]] == [seru["name"]]


async def a_service_gets_its_secret(command):
    granted = ("--kind", "service", "--grant", "analyst@customs", "--expires", "2090-01-31")
    made = await command("client", "create", "records", "--display-name", "Records", *granted)
    assert made["expireTime"] == "2090-01-31T00:00:00Z"
    secrets = [(await command("client", "rotate", "records"))["clientSecret"] for _ in range(2)]
    assert len(set(secrets)) == 2
    assert (await command("client", "show", "records"))["previousSecretExpireTime"]


async def a_file_at_fault_changes_nothing(bluepacific, place, file):
    head = "officer_id;given_name;family_name;email;roles\n"
    file.write_text(f"{head}litia2;Litia;Cama;nowhere;officer@ncb\n")
    ran = await bluepacific("user", "import", file, "--dry-run", "--dir", place)
    assert ran.one_line, ran.err
    assert "1 of 1 rows are at fault" in ran.err
    assert "email" in ran.out
    ran = await bluepacific("user", "show", "litia2", "--dir", place)
    assert ran.one_line, ran.err
    assert "countries/FJI/officers/litia2" in ran.err


@pytest.mark.parametrize("typed", ["king", "unspecified", ""])
def test_a_role_that_there_is_not(typed):
    with pytest.raises(CommandError, match=r"--role: .* is none of officer, analyst, duty_officer"):
        value_of(role_pb2.Role, "ROLE_", typed, "--role")


def test_values_and_moments_as_people_type_them():
    assert value_of(role_pb2.Role, "ROLE_", "duty-officer", "--role") == role_pb2.ROLE_DUTY_OFFICER
    assert moment_of("2027-03-31", "--until").ToJsonString() == "2027-03-31T00:00:00Z"
    assert moment_of("2027-03-31T09:00+12:00", "--until").ToJsonString() == "2027-03-30T21:00:00Z"
    with pytest.raises(CommandError, match="--until: soon is no day"):
        moment_of("soon", "--until")
