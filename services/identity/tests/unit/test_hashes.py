import asyncio

import pytest

from bp_identity.adapters.passwords import Argon2Passwords
from bp_kit.errors import Refused

WORDS = "reef lantern walks slowly"


async def test_a_hash_is_of_its_password_alone():
    passwords = Argon2Passwords()
    first, second = await passwords.hash(WORDS), await passwords.hash(WORDS)
    assert first.startswith("$argon2id$")
    assert first != second
    assert await passwords.verify(first, WORDS)
    assert not await passwords.verify(first, WORDS + "!")
    # Typed with a combining accent or a ready one: the same letter.
    accented = await passwords.hash("cafe\u0301 reef lantern")
    assert await passwords.verify(accented, "caf\u00e9 reef lantern")


async def test_nobodys_hash_never_fits():
    passwords = Argon2Passwords()
    assert not await passwords.verify("", "")
    assert not await passwords.verify("", WORDS)
    assert not await passwords.verify("not a hash", WORDS)


async def test_a_hash_of_another_cost_is_outdated():
    from argon2 import PasswordHasher

    passwords = Argon2Passwords()
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(WORDS)
    assert await passwords.verify(cheap, WORDS)
    assert passwords.is_outdated(cheap)
    assert not passwords.is_outdated(await passwords.hash(WORDS))


async def test_a_storm_is_refused_and_passes():
    passwords = Argon2Passwords()
    answers = await asyncio.gather(*(passwords.verify("", WORDS) for _ in range(80)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert {one.reason for one in refused} == {"OVERLOADED"}
    assert len(refused) == 80 - 62
    assert not await passwords.verify("", WORDS)


async def test_who_gives_up_leaves_room():
    passwords = Argon2Passwords()
    waiting = [asyncio.create_task(passwords.verify("", WORDS)) for _ in range(62)]
    await asyncio.sleep(0)
    with pytest.raises(Refused):
        await passwords.verify("", WORDS)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert not await passwords.verify("", WORDS)
