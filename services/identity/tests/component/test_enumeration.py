"""Whether there is an account shows in nothing that takes time: the same statements are executed and as many passwords hashed."""

import argon2
import pytest
from sqlalchemy import event
from station import PASSWORDS, Browser

from bluepacific.identity.v1 import officer_service_pb2

WRONG = "not the password of anybody"


@pytest.fixture
def spent(station, monkeypatch):
    """Gives what a call costs: the statements it executes, and how often it hashes a password."""
    engine = station.under_test.service.database._writer.sync_engine
    statements, hashes = [], []
    verify = argon2.PasswordHasher.verify

    def counted(self, *arguments):
        hashes.append(1)
        return verify(self, *arguments)

    def seen(_connection, _cursor, statement, _parameters, _context, _many):
        # What workers do meanwhile is no part of the call.
        if not any(word in statement for word in ("outbox", "inbox", "mark", "audit")):
            statements.append(statement)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    event.listen(engine, "before_cursor_execute", seen)

    async def measure(act):
        statements.clear()
        hashes.clear()
        await act()
        return list(statements), len(hashes)

    yield measure
    event.remove(engine, "before_cursor_execute", seen)


@pytest.fixture
async def station(open_station):
    async with open_station(workers=False) as opened:
        yield opened


async def test_signing_in(station, spent):
    await leave(station, "ben")

    def attempt(who):
        return lambda: station.refused(station.sign_in(who, WRONG), "SIGN_IN_FAILED")

    # The password has been tried before from now on; the names have not.
    await spent(attempt("somebody"))
    for known, unknown in (
        ("ana", "nobody"),
        ("ana.vakatale@police.example.fj", "nobody@police.example.fj"),
        ("countries/FJI/officers/ana", "countries/FJI/officers/nobody"),
        ("ben", "also-nobody"),
    ):
        cost = await spent(attempt(known))
        assert cost[1] == 1
        assert await spent(attempt(unknown)) == cost, known


async def test_changing_a_password(station, spent):
    def attempt(who):
        return lambda: station.refused(station.change_password(who, WRONG, "harbour lights at seven"), "SIGN_IN_FAILED")

    await spent(attempt("ana"))
    known = await spent(attempt("ben"))
    assert known[1] == 1
    assert await spent(attempt("nobody")) == known


async def test_recovering(station, spent):
    async def ask(who, password=WRONG):
        browser = Browser(station)
        await browser.open("/oauth2/recover", {})
        await browser.fill(who, password)

    await spent(lambda: ask("ana"))
    known = await spent(lambda: ask("ben"))
    assert known[1] == 1
    assert await spent(lambda: ask("nobody")) == known
    # Nor does a right password show before a colleague has spoken.
    right = await spent(lambda: ask("ana.vakatale@police.example.fj", PASSWORDS["ana"]))
    other = await spent(lambda: ask("nobody@police.example.fj", PASSWORDS["ben"]))
    assert right == other


async def test_a_passkeys_page_is_nobodys(station, spent):
    """It is asked for before anybody has said who they are."""
    first = await spent(lambda: Browser(station).open())
    assert first[1] == 0
    assert await spent(lambda: Browser(station).open()) == first


async def leave(station, who):
    request = officer_service_pb2.DeactivateOfficerRequest(name=f"countries/FJI/officers/{who}")
    await station.officers.DeactivateOfficer(request, metadata=station.admin)
