"""`bluepacific access explain` on a real node."""

from __future__ import annotations

import pytest
from region_under_test import bluepacific

from bluepacific.common.v1 import handling_pb2
from bluepacific.cooperation.v1 import request_pb2, request_service_pb2

pytestmark = pytest.mark.timeout(300)


def test_a_decision_is_explained(region):
    handling = handling_pb2.Handling(tlp=handling_pb2.TLP_RED, purpose=handling_pb2.PURPOSE_INVESTIGATION)
    draft = request_pb2.Request(title="Who owns her?", recipients=["countries/TON/units/ncb"], handling=handling)
    with region.signed_in("fji", "ana") as ana:
        made = ana.cooperation.requests.CreateRequest(
            request_service_pb2.CreateRequestRequest(parent="countries/FJI", request=draft)
        )
    here = ("--dir", region.folder("fji"))
    asked = ("access", "explain", "--who", "ana", "--what", made.name)
    may = bluepacific(*asked, "--purpose", "investigation", "--json", *here)
    assert may.code == 0, may.err
    assert may.events[0]["allowed"]
    assert may.events[0]["rules"][0]["rule"] == "casework.read"
    may_not = bluepacific(*asked, "--purpose", "missing_persons", *here)
    assert "may not read" in may_not.out + may_not.err
    assert "purpose.incompatible" in may_not.out + may_not.err
    assert bluepacific(*asked, "--act", "burn", *here).one_line
    assert bluepacific("access", "explain", "--who", "nobody", "--what", made.name, *here).one_line
