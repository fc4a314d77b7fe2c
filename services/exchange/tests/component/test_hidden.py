"""People of a country that an exchange also serves cannot tell others' messages, and reads, from what does not exist."""

import uuid

from net import message

from bluepacific.exchange.v1 import read_pb2
from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_kit.rpc.methods import method_of
from bp_kit.testing.hidden import Onlooker, namesakes, people_methods, probes


async def test_what_others_sent_and_read_cannot_be_told_from_what_does_not_exist(fji, topics):
    sent = message(recipients=["countries/FJI/units/tcu"])
    await topics.Send(topics_pb2.SendRequest(message=sent))
    read = read_pb2.Read(
        read_id=str(uuid.uuid4()), record="countries/FJI/requests/1", principal="countries/FJI/officers/ana"
    )
    read.read_time.GetCurrentTime()
    await topics.RecordReads(topics_pb2.RecordReadsRequest(batch_id=str(uuid.uuid4()), reads=[read]))
    hidden = [f"countries/TUV/messages/{one}" for one in (sent.message_id, read.read_id)]
    onlooker, asked, told_apart = Onlooker(fji.channel), set(), []
    with onlooker.watching():
        for probe, name in probes(fji.service, hidden):
            asked.add(probe.method.name)
            role = method_of(probe.path).access.roles[0]
            metadata = fji.token("countries/TUV/officers/losa", [f"{role}@ncb"])
            for with_content in (False, True):
                seen = []
                for one in (name, *namesakes(name)):
                    request = probe.request(one)
                    if "with_content" in request.DESCRIPTOR.fields_by_name:
                        request.with_content = with_content
                    seen.append(await onlooker.see(probe, request, metadata, name=one))
                told_apart += [f"{probe} of {name}: {seen[0].against(other)}" for other in seen[1:] if other != seen[0]]
    assert not told_apart, "\n".join(told_apart)
    assert asked == {"ExportProof"}
    assert asked <= {one.name for one in people_methods(fji.service)}
