"""A proof of possession is good for one request: at one pod, and at the next."""

import asyncio
import base64
import hashlib
import json
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from bp_shelf.protos import grpc_, pb2
from joserfc import jws
from joserfc.jwk import ECKey
from sqlalchemy import text

from bp_kit.database import Database
from bp_kit.errors import Refused
from bp_kit.proofs import Proof
from bp_kit.rpc.inprocess import InProcessChannel
from bp_kit.rpc.registry import handlers_of
from bp_kit.taken import TakenByAll, taken_in
from bp_kit.testing.tokens import make_token

KEY = ECKey.generate_key("P-256")
BOOK = pb2.GetBookRequest(name="countries/FJI/books/absent")


def proof_of(identifier):
    return Proof("thumbprint", identifier, "GET", "https://fiji.example/v1/me", 0, "")


def bound(identifier, request=""):
    token = make_token("countries/FJI/officers/ana", ["officer@ncb"], cnf={"jkt": KEY.thumbprint()})
    digest = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    claims = {"jti": identifier, "htm": "GET", "htu": "https://fiji.example", "iat": time.time(), "ath": digest}
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": KEY.as_dict(private=False)}
    proof = jws.serialize_compact(header, json.dumps(claims), KEY, algorithms=["ES256"])
    return (("authorization", f"DPoP {token}"), ("dpop", proof), *((("request-mark", request),) if request else ()))


async def test_a_call_is_not_repeated_by_whoever_overheard_it(shelf):
    stub, overheard = grpc_.BookServiceStub(shelf.channel), bound("one")
    await shelf.refused(stub.GetBook(BOOK, metadata=overheard), "NOT_FOUND")
    await shelf.refused(stub.GetBook(BOOK, metadata=overheard), "TOKEN_INVALID")
    if not shelf.service.database.is_sqlite:
        # What another pod serves, on the same database.
        other = grpc_.BookServiceStub(InProcessChannel(handlers_of(shelf.service, shelf.seams, from_node=False)))
        await shelf.refused(other.GetBook(BOOK, metadata=overheard), "TOKEN_INVALID")
        await shelf.refused(other.GetBook(BOOK, metadata=bound("two")), "NOT_FOUND")


async def test_a_call_that_the_gateway_tries_again_is_the_same_request(shelf):
    stub, tried = grpc_.BookServiceStub(shelf.channel), bound("four", request="0" * 32)
    for _ in range(3):
        await shelf.refused(stub.GetBook(BOOK, metadata=tried), "NOT_FOUND")
    *known, _ = tried
    for request in ((), (("request-mark", ""),), (("request-mark", "1" * 32),)):
        await shelf.refused(stub.GetBook(BOOK, metadata=(*known, *request)), "TOKEN_INVALID")


async def test_a_call_that_is_not_let_in_takes_no_proof(shelf):
    stub, (_, proof) = grpc_.BookServiceStub(shelf.channel), bound("three")
    thief = make_token("countries/FJI/officers/ben", ["officer@ncb"])
    await shelf.refused(stub.GetBook(BOOK, metadata=(("authorization", f"DPoP {thief}"), proof)), "TOKEN_INVALID")
    async with shelf.service.database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM proof")) == 0


async def test_at_all_pods_at_once_it_is_taken_once(shelf):
    now = [datetime.now(UTC)]
    async with AsyncExitStack() as stack:
        pods = []
        for _ in range(1 if shelf.service.database.is_sqlite else 3):
            database = Database(shelf.service.database.url)
            stack.push_async_callback(database.aclose)
            pods.append(taken_in(database, lambda: now[0]))

        async def tries():
            each = [pod.take(proof_of("same")) for pod in pods * 4]
            return [one for one in await asyncio.gather(*each, return_exceptions=True) if one is None]

        assert len(await tries()) == 1
        assert len(await tries()) == 0
        # An identifier may come again once no proof with it could still be good.
        now[0] += timedelta(seconds=121)
        assert len(await tries()) == 1


async def test_what_is_past_is_cleared_away(shelf):
    now = [datetime.now(UTC)]
    taken = taken_in(shelf.service.database, lambda: now[0])
    if not isinstance(taken, TakenByAll):
        pytest.skip("a process forgets by itself")
    for number in range(5):
        await taken.take(proof_of(str(number)))
    now[0] += timedelta(seconds=121)
    await taken.take(proof_of("next"))
    with pytest.raises(Refused, match="TOKEN_INVALID"):
        await taken.take(proof_of("next"))
    async with shelf.service.database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM proof")) == 1
