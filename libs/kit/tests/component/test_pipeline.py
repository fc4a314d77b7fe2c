import asyncio
import time
import uuid
from datetime import timedelta

import grpc
import pytest
from bp_shelf.app import TOPIC
from bp_shelf.protos import grpc_, pb2
from google.rpc import error_details_pb2
from joserfc.jwk import OctKey, OKPKey
from sqlalchemy import text

from bluepacific.exchange.v1 import topic_service_pb2 as topics_pb2
from bp_kit.idempotency import forget_answers
from bp_kit.testing.harness import detail, status_of_error
from bp_kit.testing.tokens import make_token

ANA = "countries/FJI/officers/ana"
OFFICER = ["officer@ncb"]
PARENT = "countries/FJI"


def create(shelf, title="Tides", **fields):
    stub = grpc_.BookServiceStub(shelf.channel)
    request = pb2.CreateBookRequest(parent=PARENT, book=pb2.Book(title=title), **fields)
    return stub.CreateBook(request, metadata=shelf.token(ANA, OFFICER, purpose="INVESTIGATION"))


async def count(shelf):
    stub = grpc_.BookServiceStub(shelf.node_channel)
    return int((await stub.CountBooks(pb2.GetBookRequest())).title)


async def test_what_was_created_is_read(shelf):
    book = await create(shelf)
    stub = grpc_.BookServiceStub(shelf.channel)
    assert await stub.GetBook(pb2.GetBookRequest(name=book.name), metadata=shelf.token(ANA, OFFICER)) == book


async def test_a_refusal_rolls_everything_back(shelf):
    await shelf.refused(create(shelf, "forbidden"), "INVALID_FIELD", field="book.title")
    await create(shelf, "after")
    assert await count(shelf) == 1
    assert [pb2.Book.FromString(m.payload).title for m in await shelf.topics.wait_sent(TOPIC)] == ["after"]


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        ("", "TOKEN_MISSING"),
        ("Basic YTpi", "TOKEN_INVALID"),
        ("Bearer x.y.z", "TOKEN_INVALID"),
        ("Bearer " + "a" * 5000, "TOKEN_INVALID"),
        ("Bearer " + make_token(ANA, OFFICER, lifetime=-60), "TOKEN_EXPIRED"),
        ("Bearer " + make_token(ANA, OFFICER, aud="another"), "TOKEN_INVALID"),
        ("Bearer " + make_token(ANA, OFFICER, iss="http://elsewhere"), "TOKEN_INVALID"),
        ("Bearer " + make_token(ANA, OFFICER, key=OKPKey.generate_key("Ed25519")), "TOKEN_INVALID"),
        ("Bearer " + make_token(ANA, ["learner@academy"]), "PERMISSION_DENIED"),
        ("Bearer " + make_token("countries/TON/officers/mele", OFFICER), "PERMISSION_DENIED"),
    ],
)
async def test_who_may_not_call_is_told_so(shelf, authorization, reason):
    book = await create(shelf)
    stub = grpc_.BookServiceStub(shelf.channel)
    metadata = (("authorization", authorization),) if authorization else ()
    await shelf.refused(stub.GetBook(pb2.GetBookRequest(name=book.name), metadata=metadata), reason)


async def test_an_unsigned_token_is_refused(shelf):
    head, body, _ = make_token(ANA, OFFICER).split(".")
    import base64

    none = base64.urlsafe_b64encode(b'{"typ":"at+jwt","alg":"none","kid":"test-key"}').rstrip(b"=").decode()
    stub = grpc_.BookServiceStub(shelf.channel)
    for forged in (f"{none}.{body}.", f"{head}.{body}.", f"{head}.{body}.AAAA"):
        call = stub.GetBook(pb2.GetBookRequest(name="x"), metadata=(("authorization", f"Bearer {forged}"),))
        await shelf.refused(call, "TOKEN_INVALID")


async def test_a_symmetric_signature_with_the_public_key_is_refused(shelf):
    import json

    from joserfc import jws

    from bp_kit.testing.tokens import TestKeys

    key, _ = await TestKeys().find("test-key")
    secret = OctKey.import_key(json.dumps(key.as_dict(private=False)))
    claims = make_token(ANA, OFFICER).split(".")[1]
    import base64

    payload = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
    header = {"typ": "at+jwt", "alg": "HS256", "kid": "test-key"}
    forged = jws.serialize_compact(header, payload, secret, algorithms=["HS256"])
    stub = grpc_.BookServiceStub(shelf.channel)
    call = stub.GetBook(pb2.GetBookRequest(name="x"), metadata=(("authorization", f"Bearer {forged}"),))
    await shelf.refused(call, "TOKEN_INVALID")


async def test_node_only_methods_are_closed_to_people(shelf):
    stub = grpc_.BookServiceStub(shelf.channel)
    await shelf.refused(stub.CountBooks(pb2.GetBookRequest(), metadata=shelf.token(ANA, OFFICER)), "PERMISSION_DENIED")


async def test_a_missing_purpose_is_asked_for(shelf):
    stub = grpc_.BookServiceStub(shelf.channel)
    request = pb2.CreateBookRequest(parent=PARENT, book=pb2.Book(title="Tides"))
    await shelf.refused(stub.CreateBook(request, metadata=shelf.token(ANA, OFFICER)), "PURPOSE_REQUIRED")
    wrong = shelf.token(ANA, OFFICER, purpose="CURIOSITY")
    await shelf.refused(stub.CreateBook(request, metadata=wrong), "PURPOSE_REQUIRED")


async def test_rules_are_told_in_the_callers_language(shelf):
    stub = grpc_.BookServiceStub(shelf.channel)
    request = pb2.CreateBookRequest(parent=PARENT, book=pb2.Book(title="x" * 21))
    metadata = shelf.token(ANA, OFFICER, purpose="INVESTIGATION", language="fr-FR, en;q=0.5")
    status = await shelf.refused(stub.CreateBook(request, metadata=metadata), "INVALID_FIELD", field="book.title")
    told = detail(status, error_details_pb2.LocalizedMessage())
    assert told.locale == "fr"
    assert told.message == "book.title n'est pas valide : doit avoir au plus 20 caractères"


async def test_a_repeated_request_id_gets_the_first_answer(shelf):
    request_id = str(uuid.uuid4())
    first = await create(shelf, request_id=request_id)
    assert await create(shelf, request_id=request_id) == first
    await shelf.refused(create(shelf, "Reefs", request_id=request_id), "REQUEST_ID_REUSED")
    assert await count(shelf) == 1


async def test_forgotten_answers_leave_nothing_of_their_content(shelf):
    request_id = str(uuid.uuid4())
    await create(shelf, request_id=request_id)
    async with shelf.service.database.write() as session:
        await forget_answers(session, before=shelf.seams.clock() - timedelta(hours=1))
        assert (await session.execute(text("SELECT count(*) FROM idempotency"))).scalar() == 1
        await forget_answers(session, before=shelf.seams.clock() + timedelta(hours=1))
        assert (await session.execute(text("SELECT count(*) FROM idempotency"))).scalar() == 0


async def test_repeats_at_the_same_moment_take_effect_once(shelf):
    request_id = str(uuid.uuid4())
    answers = await asyncio.gather(*(create(shelf, request_id=request_id) for _ in range(5)))
    assert len({answer.name for answer in answers}) == 1
    assert await count(shelf) == 1


async def test_the_unforeseen_leaks_nothing(shelf, caplog):
    stub = grpc_.BookServiceStub(shelf.channel)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await stub.BreakShelf(pb2.GetBookRequest(name=f"{PARENT}/books/1"), metadata=shelf.token(ANA, OFFICER))
    assert failed.value.code() == grpc.StatusCode.INTERNAL
    assert "canary" not in str(status_of_error(failed.value))


async def test_pages_follow_one_another(shelf):
    for number in range(5):
        await create(shelf, f"b{number}")
    stub = grpc_.BookServiceStub(shelf.channel)
    first = await stub.ListBooks(pb2.ListBooksRequest(parent=PARENT, page_size=3))
    rest = await stub.ListBooks(pb2.ListBooksRequest(parent=PARENT, page_size=3, page_token=first.next_page_token))
    assert [book.title for book in (*first.books, *rest.books)] == ["b0", "b1", "b2", "b3", "b4"]
    assert rest.next_page_token == ""
    other = pb2.ListBooksRequest(parent=PARENT, filter="title:b", page_token=first.next_page_token)
    await shelf.refused(stub.ListBooks(other), "INVALID_PAGE_TOKEN", field="page_token")
    forged = pb2.ListBooksRequest(parent=PARENT, page_token="eyJhIjoxfQ")
    await shelf.refused(stub.ListBooks(forged), "INVALID_PAGE_TOKEN", field="page_token")


async def test_lists_are_filtered(shelf):
    for title in ("Tides", "Reefs", "Tidal waves"):
        await create(shelf, title)
    stub = grpc_.BookServiceStub(shelf.channel)

    async def titles(wanted):
        found = await stub.ListBooks(pb2.ListBooksRequest(parent=PARENT, filter=wanted))
        return {book.title for book in found.books}

    assert await titles("title:tid") == {"Tides", "Tidal waves"}
    assert await titles('title:tid AND NOT title = "Tides"') == {"Tidal waves"}
    assert await titles("title = Tides OR title = Reefs") == {"Tides", "Reefs"}
    assert await titles("create_time > 2020-01-01T00:00:00Z") == {"Tides", "Reefs", "Tidal waves"}
    for bad in ("title", "color = red", "title = ", "(title = a", "title = a)", "create_time > then"):
        await shelf.refused(stub.ListBooks(pb2.ListBooksRequest(parent=PARENT, filter=bad)), "INVALID_FILTER")


async def test_streams_are_admitted_and_refused_alike(shelf):
    await create(shelf, "one")
    stub = grpc_.BookServiceStub(shelf.channel)

    async def watch(wanted, metadata):
        request = pb2.ListBooksRequest(parent=PARENT, filter=wanted)
        return [book.title async for book in stub.WatchBooks(request, metadata=metadata)]

    assert await watch("", shelf.token(ANA, OFFICER)) == ["one"]
    await shelf.refused(watch("break", shelf.token(ANA, OFFICER)), "INVALID_FILTER")
    await shelf.refused(watch("", ()), "TOKEN_MISSING")


async def test_uploads_are_stored_by_content_and_limited(shelf):
    stub = grpc_.BookServiceStub(shelf.channel)

    async def upload(sizes):
        async def chunks():
            for size in sizes:
                request = pb2.UploadCoverRequest(parent=PARENT)
                request.content.data = b"x" * size
                yield request

        return await stub.UploadCover(chunks(), metadata=shelf.token(ANA, OFFICER))

    stored = await upload([400, 600])
    assert stored.title == "1000"
    assert await shelf.seams.blobs.has(stored.name)
    await shelf.refused(upload([400, 601]), "BODY_TOO_LARGE")


async def test_calls_are_audited(shelf):
    book = await create(shelf)
    stub = grpc_.BookServiceStub(shelf.channel)
    await stub.GetBook(pb2.GetBookRequest(name=book.name), metadata=shelf.token(ANA, OFFICER))
    async with shelf.service.database.read() as session:
        kept = (
            await session.execute(text("SELECT principal, method, name, purpose FROM audit ORDER BY position"))
        ).all()
    assert kept == [
        (ANA, "/bluepacific.shelf.v1.BookService/CreateBook", PARENT, "PURPOSE_INVESTIGATION"),
        (ANA, "/bluepacific.shelf.v1.BookService/GetBook", book.name, ""),
    ]


async def test_refused_calls_are_audited_with_their_reason(shelf):
    stub = grpc_.BookServiceStub(shelf.channel)
    missing, strange = f"{PARENT}/books/none", f"{PARENT}/books/\0" + "x" * 400
    await shelf.refused(stub.GetBook(pb2.GetBookRequest(name=missing), metadata=shelf.token(ANA, OFFICER)), "NOT_FOUND")
    learner = shelf.token(ANA, ["learner@ncb"])
    await shelf.refused(stub.GetBook(pb2.GetBookRequest(name=missing), metadata=learner), "PERMISSION_DENIED")
    await shelf.refused(stub.GetBook(pb2.GetBookRequest(name=strange), metadata=learner), "PERMISSION_DENIED")
    await shelf.refused(stub.GetBook(pb2.GetBookRequest(name=missing)), "TOKEN_MISSING")
    async with shelf.service.database.read() as session:
        kept = (await session.execute(text("SELECT principal, name, outcome FROM audit ORDER BY position"))).all()
    assert [(who, outcome) for who, _, outcome in kept] == [
        (ANA, "NOT_FOUND"),
        (ANA, "PERMISSION_DENIED"),
        (ANA, "PERMISSION_DENIED"),
    ]
    assert kept[0][1] == kept[1][1] == missing


async def test_a_refused_upload_is_audited(shelf):
    stub = grpc_.BookServiceStub(shelf.channel)

    async def chunks():
        request = pb2.UploadCoverRequest(parent=PARENT)
        request.content.data = b"x" * 1001
        yield request

    await shelf.refused(stub.UploadCover(chunks(), metadata=shelf.token(ANA, OFFICER)), "BODY_TOO_LARGE")
    async with shelf.service.database.read() as session:
        outcomes = (await session.execute(text("SELECT outcome FROM audit ORDER BY position"))).scalars().all()
    assert outcomes == ["OK", "BODY_TOO_LARGE"]


async def test_a_delivery_takes_effect_once(shelf):
    message = topics_pb2.Message(
        message_id=str(uuid.uuid4()), topic=TOPIC, payload=pb2.Book(title="sent").SerializeToString()
    )
    await shelf.topics.deliver(message, "delivery-1")
    await shelf.topics.deliver(message, "delivery-1")
    assert await count(shelf) == 1
    assert len(await shelf.topics.wait_sent("bluepacific.notifications.v1.notification.requested")) == 1


async def test_a_refused_delivery_holds_up_nothing(shelf):
    for number, title in enumerate(("refused", "good")):
        message = topics_pb2.Message(topic=TOPIC, payload=pb2.Book(title=title).SerializeToString())
        await shelf.topics.deliver(message, f"delivery-{number}")
    await shelf.topics.deliver(topics_pb2.Message(topic="bluepacific.shelf.v1.unknown"), "delivery-2")
    assert await count(shelf) == 1


async def test_a_deadline_ends_a_call(shelf):
    stub = grpc_.BookServiceStub(shelf.channel)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await stub.ListBooks(pb2.ListBooksRequest(parent=PARENT), timeout=0.000001)
    assert failed.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_token_is_not_remembered_past_its_end(shelf):
    stub = grpc_.BookServiceStub(shelf.channel)
    book = await create(shelf)
    token = make_token(ANA, OFFICER, exp=time.time() - 4.9)
    metadata = (("authorization", f"Bearer {token}"),)
    request = pb2.GetBookRequest(name=book.name)
    while True:
        try:
            await stub.GetBook(request, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            assert detail(status_of_error(error), error_details_pb2.ErrorInfo()).reason == "TOKEN_EXPIRED"
            break


async def test_a_nul_character_is_refused_wherever_it_stands(shelf):
    await shelf.refused(create(shelf, "Ti\0des"), "INVALID_FIELD", field="book.title")
    assert await count(shelf) == 0
