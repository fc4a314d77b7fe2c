"""Whoever may not know of a colleague's learning cannot tell it from what does not exist: not by the answer, not by the work."""

from bp_kit.rpc.methods import method_of
from bp_kit.testing.hidden import Onlooker, namesakes, people_methods, probes


async def test_what_a_colleague_learns_cannot_be_told_from_what_does_not_exist(ton, wsm):
    await wsm.published_course()
    await wsm.pass_on("course.published", ton)
    await ton.learn_of("mele")
    enrolment = await ton.complete("countries/WSM/courses/vessel-identity", "mele")
    hidden = [enrolment.name, enrolment.credential]
    others = ("countries/TON", "countries/TON/units/academy", "countries/WSM/courses/vessel-identity")
    onlooker, asked, told_apart = Onlooker(ton.under_test.channel), set(), []
    with onlooker.watching():
        for probe, name in probes(ton.under_test.service, hidden, others):
            if "learner" not in method_of(probe.path).access.roles:
                continue
            asked.add(probe.method.name)
            for namesake in namesakes(name):
                seen, other = [
                    await onlooker.see(probe, probe.request(one, others), ton.as_("sione", "learner"), name=one)
                    for one in (name, namesake)
                ]
                if seen != other:
                    told_apart.append(f"{probe} of {name}: {seen.against(other)}")
    assert not told_apart, "\n".join(told_apart)
    assert asked >= {"GetEnrolment", "RecordStatements", "ListStatements", "GetCredential", "DownloadCredential"}
    assert asked <= {one.name for one in people_methods(ton.under_test.service)}
