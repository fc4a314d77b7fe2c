"""Who may not know of something cannot tell it from what does not exist: not by the answer, not by the work that it costs."""

from itertools import product

import pytest
from bureau import AMBER, CUSTOMS, FJI, PTCCC, TON
from stix import bundle, vessel

from bluepacific.common.v1 import handling_pb2
from bp_access.deciding import Decider
from bp_kit.rpc.methods import method_of
from bp_kit.testing.hidden import Onlooker, lists, namesakes, people_methods, probes

RED = handling_pb2.Handling(tlp=handling_pb2.TLP_RED, purpose=AMBER.purpose)
SHUT_OUT_BY_LABEL = ("analyst", "liaison")
# Whoever answers for the rules asks them about what the own country holds.
MAY_KNOW = {"ExplainAccess"}
NARROWED = ({}, {"page_size": 1}, {"filter": 'tlp = "RED"'}, {"query": "moana"}, {"query": "nothing"})


async def hide(fji, ton):
    """Fills Fiji's bureau with what is RED and between the two bureaus; returns the names of all that."""
    draft = await fji.draft(handling=RED, recipients=[TON])
    sent = await fji.draft(handling=RED, bundle=bundle(vessel()), recipients=[TON])
    file = await fji.upload(sent.name, b"papers")
    await fji.send(sent.name)
    await fji.pass_on("request.opened", ton)
    reply = await ton.draft_reply(sent.name, bundle=bundle(vessel("FV Two")))
    answered = await ton.upload(sent.name, b"more papers", reply=reply.name)
    await ton.send_reply(reply.name)
    await ton.pass_on("reply.sent", fji)
    wish = await ton.share(sent.name, PTCCC)
    await ton.pass_on("sharing.asked", fji)
    own_reply = await fji.draft_reply(sent.name)
    found = [one.name for one in (await fji.search()).entities]
    assert len(found) == 2
    return [draft.name, sent.name, file.name, reply.name, own_reply.name, answered.name, wish.name, *found]


async def hide_operation(fji, ton):
    """Fills Fiji's bureau with an operation and what belongs to it; returns the names of all that."""
    operation = await fji.make_operation()
    member = await fji.add_member(operation.name, "countries/TON/officers/mele")
    await fji.pass_on("operation.changed", ton)
    mele = ton.as_("mele", "officer@ncb")
    handling = handling_pb2.Handling(tlp=AMBER.tlp, purpose=AMBER.purpose, operation=operation.name)
    sent = await fji.draft(handling=handling, bundle=bundle(vessel()), recipients=[TON])
    file = await fji.upload(sent.name, b"papers")
    await fji.send(sent.name)
    await fji.pass_on("request.opened", ton)
    reply = await ton.sent_reply(sent.name, as_=mele, bundle=bundle(vessel("FV Two")))
    await ton.pass_on("reply.sent", fji)
    own_reply = await fji.draft_reply(sent.name)
    wish = await ton.share(sent.name, PTCCC, as_=mele)
    await ton.pass_on("sharing.asked", fji)
    await fji.recall((await fji.sent_request(handling=handling, recipients=[TON])).name)
    assert await fji.outstanding()
    found = [one.name for one in (await fji.search()).entities]
    assert len(found) == 2
    names = [operation.name, member.name, sent.name, file.name, reply.name, own_reply.name, wish.name]
    return [*names, *found]


def strangers(fji, probe):
    """Yields those whom the method admits, and who may not know of what is between the bureaus."""
    roles = method_of(probe.path).access.roles
    yield f"{roles[0]}@customs"
    yield from [f"{role}@ncb" for role in SHUT_OUT_BY_LABEL if role in roles][:1]


def without_part(fji, probe):
    """Yields one whom the method admits, of the unit that leads the operation, who takes no part in it."""
    yield next(f"{role}@ncb" for role in method_of(probe.path).access.roles if role != "ncb_head")


HIDING = {"by label": (hide, strangers), "by operation": (hide_operation, without_part)}


@pytest.mark.parametrize("way", HIDING)
async def test_what_is_hidden_cannot_be_told_from_what_does_not_exist(fji, ton, way):
    hiding, shut_out = HIDING[way]
    hidden = await hiding(fji, ton)
    onlooker = Onlooker(fji.under_test.channel, [(Decider, "decide")])
    others = ("countries/FJI", FJI, CUSTOMS, "countries/TON/officers/mele")
    asked, told_apart = set(), []
    with onlooker.watching():
        for probe, name in probes(fji.under_test.service, hidden, others):
            asked.add(probe.method.name)
            for stranger in shut_out(fji, probe):
                as_ = fji.as_("sione", stranger)
                seen = await onlooker.see(probe, probe.request(name, others), as_, name=name)
                for namesake in namesakes(name):
                    other = await onlooker.see(probe, probe.request(namesake, others), as_, name=namesake)
                    if seen != other and probe.method.name not in MAY_KNOW:
                        told_apart.append(f"{probe} of {name} by {stranger}: {seen.against(other)}")
        # Whom it is for can tell.
        probe, name = next(
            (one, name)
            for one, name in probes(fji.under_test.service, hidden, others)
            if one.method.name == "GetRequest"
        )
        asked_for = [probe.request(one, others) for one in (name, namesakes(name)[0])]
        told = [await onlooker.see(probe, one, fji.officer, name=name) for one in asked_for]
        assert told[0] != told[1]
    assert not told_apart, "\n".join(told_apart)
    of_a_country = {one.method.name for one in lists(fji.under_test.service)}
    every = people_methods(fji.under_test.service)
    # Labels hide records, and no operations.
    needed = {one.name for one in every if way != "by label" or one.containing_service.name != "OperationService"}
    assert needed - asked <= of_a_country


@pytest.mark.parametrize("way", HIDING)
async def test_lists_and_searches_are_the_same_with_what_is_hidden_and_without(fji, ton, open_bureau, way):
    hiding, shut_out = HIDING[way]
    await hiding(fji, ton)
    told_apart = []
    async with open_bureau("FJI") as empty:
        for bureau in (fji, empty):
            await bureau.draft(title="Seen by all", handling=AMBER, as_=fji.as_("ana", "officer@ncb"))
        for probe in lists(fji.under_test.service):
            for stranger in shut_out(fji, probe):
                for parent, values in product(("countries/-", "countries/FJI"), NARROWED):
                    request = probe.request(parent)
                    if request is None:
                        continue
                    for field, value in values.items():
                        if field in request.DESCRIPTOR.fields_by_name:
                            setattr(request, field, value)
                    seen = []
                    for bureau in (fji, empty):
                        onlooker = Onlooker(bureau.under_test.channel, [(Decider, "decide")])
                        with onlooker.watching():
                            seen.append(await onlooker.see(probe, request, fji.as_("sione", stranger), name=parent))
                    if seen[0] != seen[1]:
                        told_apart.append(f"{probe} {values} by {stranger}: {seen[0].against(seen[1])}")
    assert not told_apart, "\n".join(told_apart)
