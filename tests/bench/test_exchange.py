"""The benchmark of the exchange measures what it says, or ends: a peer that refuses its envelopes must not hold it up."""

import pytest

from tests.bench import exchange


@pytest.fixture
async def network(tmp_path):
    async with exchange.Network(tmp_path) as made:
        yield made


async def test_what_is_given_is_taken_or_the_benchmark_fails(network, monkeypatch):
    monkeypatch.setattr(exchange, "_ACCEPTED", 5)
    a_second, delays = await exchange._accept(network, exchange._sealed(network, seed=1))
    assert a_second > 0
    assert len(delays) == 5

    sealed = exchange._sealed(network, seed=2)
    sealed[3].envelope = sealed[3].envelope[:-1]
    with pytest.raises(RuntimeError, match="refused: "):
        await exchange._accept(network, sealed)


async def test_a_link_that_acknowledges_nothing_more_is_waited_for_so_long(network, monkeypatch):
    monkeypatch.setattr(exchange, "_ACCEPTED", 5)
    monkeypatch.setattr(exchange, "_LONGEST_SECONDS", 0.5)
    with pytest.raises(RuntimeError, match="0 of 5 acknowledged"):
        await exchange._accept(network, [])
