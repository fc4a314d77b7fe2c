"""Whoever may not know of another unit's requests cannot tell them from what does not exist: by answer or by work."""

from bp_kit.rpc.methods import method_of
from bp_kit.testing.hidden import Onlooker, namesakes, probes

# They see every unit's.
OVERSIGHT = {"data_protection_officer", "auditor"}


async def test_what_another_unit_asked_for_cannot_be_told_from_what_does_not_exist(stocked):
    fji = stocked
    hidden = [(await fji.approve((await fji.ask()).name)).name]
    others = ("countries/FJI", "countries/FJI/units/customs")
    onlooker, asked, told_apart = Onlooker(fji.under_test.channel), set(), []
    with onlooker.watching():
        for probe, name in probes(fji.under_test.service, hidden, others):
            asked.add(probe.method.name)
            for role in {*method_of(probe.path).access.roles} - OVERSIGHT:
                stranger = fji.as_("sione", f"{role}@customs")
                for namesake in namesakes(name):
                    seen, other = [
                        await onlooker.see(probe, probe.request(one, others), stranger, name=one)
                        for one in (name, namesake)
                    ]
                    if seen != other:
                        told_apart.append(f"{probe} of {name} by {role}: {seen.against(other)}")
    assert not told_apart, "\n".join(told_apart)
    assert asked >= {"GetAccessRequest", "ApproveAccessRequest", "RefuseAccessRequest", "WithdrawAccessRequest"}
