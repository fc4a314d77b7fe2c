"""`proposal`, `emergency` and `review` at a real node: what two people decide, as each of them types it."""

from __future__ import annotations

import json

import pytest
from household import make_household, write_private

from bp_node.embedded import run_node
from bp_node.settings import load

TRUST = "data-protection-officer"


@pytest.fixture
def household(tmp_path):
    return make_household(tmp_path)


@pytest.fixture
def typed(household, bluepacific, tmp_path):
    """Types a command, under somebody's name where one is given; returns what it writes."""

    async def command(*arguments, who=""):
        if who:
            password = household.passwords[f"countries/FJI/officers/{who}"]
            file = write_private(tmp_path / f"{who}.password", f"{password}\n")
            arguments = (*arguments, "--as", who, "--password-file", file)
        ran = await bluepacific(*arguments, "--dir", household.place, "--json")
        return json.loads(ran.out) if ran.code == 0 else ran.err

    return command


async def test_what_two_people_decide(household, typed):
    async with run_node(load(household.place)):
        # The first administrator has nobody to ask; from then on there are two.
        assert (await typed("role", "create", "litia", "--role", "administrator", "--unit", "ncb"))["name"]
        refused = await typed("role", "create", "jone", "--role", TRUST, "--unit", "ncb")
        assert "Another person must confirm this" in refused
        [proposal] = (await typed("proposal", "list", "--filter", 'state = "OPEN"'))["proposals"]
        assert proposal["act"] == "identity.grants.create"
        short = proposal["name"].rpartition("/")[2]
        assert "may not" in await typed("proposal", "confirm", short, who="ana")
        assert (await typed("proposal", "confirm", short, who="litia"))["state"] == "PROPOSAL_STATE_CONFIRMED"
        held = (await typed("role", "list", "--user", "jone"))["grants"]
        assert "ROLE_DATA_PROTECTION_OFFICER" in {one["role"] for one in held}
        await an_emergency_is_reviewed_by_another(typed)
        assert "accessReviews" in await typed("review", "list")
        await an_erasure_is_confirmed_by_another(typed)


async def an_emergency_is_reviewed_by_another(typed):
    need = ("--role", "duty-officer", "--unit", "ncb", "--minutes", "30")
    taken = await typed("emergency", "declare", *need, "--reason", "Vessel adrift, the duty officer is ill", who="ana")
    assert taken["officer"] == "countries/FJI/officers/ana"
    [open_] = (await typed("emergency", "list", "--filter", 'state = "OPEN"'))["emergencies"]
    closed = await typed("emergency", "review", open_["name"], "--finding", "Needed; the rota was mended", who="litia")
    assert closed["state"] == "EMERGENCY_STATE_REVIEWED"


async def an_erasure_is_confirmed_by_another(typed):
    """Jone answers for data protection; with Litia there are two who do."""
    await typed("role", "create", "litia", "--role", TRUST, "--unit", "ncb")
    [proposal] = (await typed("proposal", "list", "--filter", 'state = "OPEN"'))["proposals"]
    await typed("proposal", "confirm", proposal["name"], who="litia")
    erase = ("subject", "erase", "--name", "Sione Kata", "--reason", "letter 12/2026")
    assert "Another person must confirm this" in await typed(*erase)
    [proposal] = (await typed("proposal", "list", "--filter", 'state = "OPEN"'))["proposals"]
    assert "Sione Kata" not in proposal.get("content", "")
    assert (await typed("proposal", "confirm", proposal["name"], who="jone"))["state"] == "PROPOSAL_STATE_CONFIRMED"
    begun = (await typed("subject", "list", "--filter", 'act = "ERASE"'))["operations"]
    assert [one["officer"] for one in begun] == ["countries/FJI/officers/jone"]
