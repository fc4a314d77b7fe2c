"""An administrator of one country cannot tell who and what another has from what does not exist; nobody can tell a colleague's keys.

Not by the answer, and not by the work that it costs.
"""

from station import PORTAL

from bluepacific.identity.v1.unit_service_pb2 import GetUnitRequest
from bp_kit.rpc.methods import method_of
from bp_kit.testing.hidden import Onlooker, namesakes, probes

UNIT, MELE = "countries/TON/units/ncb", "countries/TON/officers/mele"
# An account's own country, unit and officer stand beside what another country has.
OTHERS = ("countries/FJI", "countries/FJI/units/ncb", "countries/FJI/officers/ana", PORTAL)


async def test_what_another_country_has_cannot_be_told_from_what_does_not_exist(station):
    hidden = [UNIT, MELE, "countries/TON/clients/portal"]
    # The first call learns which tokens are void.
    await station.units.GetUnit(GetUnitRequest(name="countries/FJI/units/ncb"), metadata=station.admin)
    onlooker, asked, told_apart = Onlooker(station.under_test.channel), set(), []
    with onlooker.watching():
        for probe, name in probes(station.under_test.service, hidden, OTHERS):
            asked.add(probe.method.name)
            role = method_of(probe.path).access.roles[0]
            for namesake in namesakes(name):
                if probe.request(namesake, OTHERS) is None:
                    continue
                seen, other = [
                    await onlooker.see(probe, probe.request(one, OTHERS), station.as_("ana", f"{role}@ncb"), name=one)
                    for one in (name, namesake)
                ]
                if seen != other:
                    told_apart.append(f"{probe} of {name} by {role}: {seen.against(other)}")
    assert not told_apart, "\n".join(told_apart)
    assert asked >= {"GetOfficer", "GetUnit", "GetClient", "CreateGrant", "ResetPassword"}
