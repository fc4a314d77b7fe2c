"""`operation` at a real node: made, changed, opened to a colleague and closed again, as people type it; and what `access explain` says."""

from __future__ import annotations

import json

import pytest
from household import make_household, write_private

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import request_pb2
from bluepacific.cooperation.v1 import request_service_pb2 as requests_pb


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


async def test_an_operation_from_its_beginning_to_its_end(household, typed):
    async with household.running() as ana:
        made = await typed("operation", "create", "Kaveinga", "--unit", "ncb", who="ana")
        short = made["name"].rpartition("/")[2]
        assert (await typed("operation", "show", short, who="ana"))["displayName"] == "Kaveinga"
        changed = await typed("operation", "update", short, "--until", "2099-01-01", who="ana")
        assert changed["endTime"].startswith("2099-01-01")
        renamed = await typed("operation", "update", short, "--display-name", "Lali", "--until", "never", who="ana")
        assert (renamed["displayName"], "endTime" in renamed) == ("Lali", False)
        assert "say what changes" in await typed("operation", "update", short, who="ana")
        [listed] = (await typed("operation", "list", who="ana"))["operations"]
        assert listed["name"] == made["name"]
        await who_takes_part_sees_it(typed, ana, made["name"])


async def who_takes_part_sees_it(typed, ana, operation):
    country, colleague = "countries/FJI", "jone"
    handling = handling_pb2.Handling(
        tlp=handling_pb2.TLP_AMBER, purpose=handling_pb2.PURPOSE_INVESTIGATION, operation=operation
    )
    draft = request_pb2.Request(title="Who owns her?", unit=f"{country}/units/ncb", handling=handling)
    request = await ana.cooperation.requests.CreateRequest(
        requests_pb.CreateRequestRequest(parent=country, request=draft)
    )
    asked = ("access", "explain", "--what", request.name, "--purpose", "investigation")
    assert (await typed(*asked, "--who", "ana"))["allowed"]
    barred = await typed(*asked, "--who", colleague)
    assert (barred["allowed"], [rule["rule"] for rule in barred["rules"]]) == (False, ["operation"])
    member = await typed("operation", "member", "add", operation, colleague, "--until", "2099-01-01", who="ana")
    assert member["officer"] == f"{country}/officers/{colleague}"
    assert (await typed(*asked, "--who", colleague))["allowed"]
    listed = (await typed("operation", "member", "list", operation, who="ana"))["members"]
    assert [one["officer"].rpartition("/")[2] for one in listed] == ["ana", colleague]
    assert (await typed("operation", "member", "remove", operation, colleague, who="ana"))["removed"]
    assert "takes no part" in await typed("operation", "member", "remove", operation, colleague, who="ana")
    assert not (await typed(*asked, "--who", colleague))["allowed"]
