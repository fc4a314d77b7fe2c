"""What the exchange measures of itself while a peer is away."""

from datetime import UTC, datetime

from net import eventually, message

from bp_exchange.adapters.readings import readers_of
from bp_kit.measures import CERTIFICATE, CONTACT_AGE, PROOF_GAP, QUEUE_AGE, QUEUE_ITEMS

PTCCC = "countries/WSM/units/ptccc"


async def test_it_reads_what_waits_by_urgency_and_when_a_peer_was_heard(network):
    await network.ton.stop()
    exchange = network.ptccc.exchange

    async def gone():
        return not exchange.links.heard("ton")

    await eventually(gone)
    before = datetime.now(UTC)
    for number in (1, 2):
        await network.ptccc.send(message(author=PTCCC, conversation=f"countries/WSM/requests/{number}"))
    readings = [one for reader in readers_of(exchange.house, exchange.links.heard) for one in await reader()]
    passed = (datetime.now(UTC) - before).total_seconds()

    def of(measure, **attributes):
        return [
            one.value for one in readings if one.measure is measure and attributes.items() <= one.attributes.items()
        ]

    assert of(QUEUE_ITEMS, peer="ton", urgency="ROUTINE") == [2]
    (age,) = of(QUEUE_AGE, peer="ton", urgency="ROUTINE")
    assert 0 <= age <= passed
    assert len(of(CONTACT_AGE, peer="ton")) == 1
    (gap,) = of(PROOF_GAP)
    assert gap > 0
    (days,) = of(CERTIFICATE, certificate="link")
    assert days > 0
