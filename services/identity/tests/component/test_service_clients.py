from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from station import IMPORTER, PORTAL, SECRET

from bluepacific.identity.v1 import client_pb2, client_service_pb2


def get_token(station, secret, client=IMPORTER):
    return station.token({"grant_type": "client_credentials", "client_id": client, "client_secret": secret})


async def rotate(station, overlap=None):
    request = client_service_pb2.RotateClientSecretRequest(name=IMPORTER)
    if overlap is not None:
        request.overlap.CopyFrom(Duration(seconds=int(overlap.total_seconds())))
    return (await station.clients.RotateClientSecret(request, metadata=station.admin)).client_secret


async def get_client(station, name=IMPORTER):
    return await station.clients.GetClient(client_service_pb2.GetClientRequest(name=name), metadata=station.admin)


def expire(station, client, moment):
    changed = client_pb2.Client(name=client.name, etag=client.etag)
    if moment:
        changed.expire_time.FromDatetime(moment)
    request = client_service_pb2.UpdateClientRequest(client=changed, update_mask=FieldMask(paths=["expire_time"]))
    return station.clients.UpdateClient(request, metadata=station.admin)


async def test_two_secrets_work_until_the_overlap_is_over(station):
    new = await rotate(station, timedelta(days=2))
    for secret in (SECRET, new):
        assert (await get_token(station, secret))[0] == 200
    until = (await get_client(station)).previous_secret_expire_time.ToDatetime()
    assert until == (station.clock.now + timedelta(days=2)).replace(tzinfo=None)
    station.clock.passes(days=2)
    assert [(await get_token(station, secret))[0] for secret in (SECRET, new)] == [401, 200]


async def test_a_third_secret_ends_the_first(station):
    second = await rotate(station, timedelta(days=2))
    third = await rotate(station, timedelta(days=2))
    assert [(await get_token(station, secret))[0] for secret in (SECRET, second, third)] == [401, 200, 200]


async def test_a_secret_in_wrong_hands_ends_at_once_with_its_tokens(station):
    held = (await get_token(station, SECRET))[1]["access_token"]
    await rotate(station, timedelta(days=2))
    station.clock.passes(seconds=1)
    new = await rotate(station)
    assert [(await get_token(station, secret))[0] for secret in (SECRET, new)] == [401, 200]
    station.clock.passes(seconds=20)
    listing = client_service_pb2.ListClientsRequest(parent="countries/FJI")
    await station.refused(station.clients.ListClients(listing, metadata=station.bearing(held)), "TOKEN_EXPIRED")


async def test_an_overlap_has_a_limit(station):
    for overlap in (timedelta(seconds=-1), timedelta(days=31)):
        await station.refused(rotate(station, overlap), "INVALID_FIELD", field="overlap")


async def test_a_client_expires_and_its_last_token_with_it(station):
    client = await expire(station, await get_client(station), station.clock.now + timedelta(minutes=5))
    status, content = await get_token(station, SECRET)
    assert (status, content["expires_in"]) == (200, 300)
    station.clock.passes(minutes=5)
    assert (await get_token(station, SECRET))[0] == 401
    await expire(station, client, None)
    assert (await get_token(station, SECRET))[0] == 200


async def test_only_what_acts_by_itself_expires(station):
    portal = await get_client(station, PORTAL)
    soon = station.clock.now + timedelta(days=1)
    await station.refused(expire(station, portal, soon), "CLIENT_KIND_MISMATCH", field="client.expire_time")
