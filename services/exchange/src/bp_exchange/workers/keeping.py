"""What a link keeps and tells beside its frames.

It obeys the contact plan as it is now, remembers what it spent and when the peer was heard, tells the peer what it is owed, and ends when
another process of the node has taken the peer's link over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bluepacific.common.v1 import handling_pb2
from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.adapters.bells import woken
from bp_exchange.adapters.lanes import keep_owes, keep_seen, pace_of, waiting_for
from bp_exchange.adapters.leases import RENEW_SECONDS, link_to
from bp_exchange.adapters.plans import keep_spent, plan_of, spent_on
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.protocol.allowance import Allowance
from bp_exchange.protocol.plan import URGENCIES
from bp_exchange.protocol.session.greeting import SessionEndedError
from bp_exchange.usecases import bells

# A peer is told anew what it is owed at most at each sixth renewal.
_TELL_EVERY = 6
# What a database takes.
_MOST = 2**62

Frame = link_service_pb2.Frame


class Kept(Protocol):
    """The link."""

    @property
    def greeted(self) -> asyncio.Event:
        """Set once both ends have said who they are."""

    @property
    def last_contact(self) -> datetime:
        """When the peer was last heard."""

    def control(self, frame: Frame) -> None:
        """Sends something before everything else."""

    def replanned(self) -> None:
        """Asks the allowance anew."""


class Keeping:
    """One link's.

    Args:
        house: The exchange.
        peer: The other end.

    Attributes:
        allowance: What the plan allows; `load` reads it.
        pace: Bytes a second that the peer took last, if that is known; `load` reads it.
    """

    def __init__(self, house: House, peer: str) -> None:
        self.allowance = Allowance()
        self.pace: int | None = None
        self._house = house
        self._peer = peer
        self._holder = house.seams.ids()
        self._revision = 0
        self._stirred = asyncio.Event()
        self._told: list[tuple[int, int, int]] | None = None
        self._saved: tuple[str, int, datetime | None] = ("", 0, None)

    @unbroken
    async def load(self) -> Allowance:
        """Reads the plan and what is spent; returns the allowance, which is the same for as long as the link is."""
        async with self._house.database.read() as session:
            plan, self._revision = await plan_of(session, self._peer)
            self.allowance = Allowance(plan, await spent_on(session, self._peer))
            self.pace = await pace_of(session, self._peer)
        return self.allowance

    async def run(self, link: Kept) -> None:
        """Keeps and tells until cancelled.

        Raises:
            SessionEndedError: Another process has the peer's link.
        """
        lease, leases = link_to(self._peer), self._house.leases
        heard = (bells.plan_of(self._peer), bells.lease_of(lease))
        await link.greeted.wait()
        try:
            with self._house.bells.listening(self._stirred.set, *heard):
                await leases.seize(lease, self._holder)
                rounds = 0
                while await leases.renew(lease, self._holder):
                    await self._replan(link)
                    if rounds % _TELL_EVERY == 0:
                        await self._tell(link)
                    await self._keep(link.last_contact)
                    rounds += 1
                    await woken(self._stirred, RENEW_SECONDS)
            raise SessionEndedError("the peer is linked to another process")
        finally:
            await self._keep(link.last_contact)
            await leases.release(lease, self._holder)

    @unbroken
    async def take(self, owed: link_service_pb2.Owed) -> None:
        """Keeps what the peer says it owes."""
        if len(owed.items) <= len(URGENCIES):
            said = [(one.urgency, _bounded(one.count), _bounded(one.size_bytes)) for one in owed.items]
            known = [one for one in said if one[0] in URGENCIES]
            async with self._house.database.write() as session:
                await keep_owes(session, self._peer, known, self._house.seams.clock())

    @unbroken
    async def _replan(self, link: Kept) -> None:
        async with self._house.database.read() as session:
            plan, revision = await plan_of(session, self._peer)
        if revision != self._revision:
            self._revision = revision
            self.allowance.change(plan)
            link.replanned()

    @unbroken
    async def _tell(self, link: Kept) -> None:
        async with self._house.database.read() as session:
            waiting = await waiting_for(session, self._peer)
        if waiting != self._told:
            self._told = waiting
            link.control(Frame(owed=link_service_pb2.Owed(items=_owed(waiting))))

    @unbroken
    async def _keep(self, last_contact: datetime) -> None:
        spent = self.allowance.spent
        now = (spent.day, sum(spent.sizes.values()), last_contact)
        if now != self._saved:
            async with self._house.database.write() as session:
                await keep_spent(session, self._peer, spent)
                await keep_seen(session, self._peer, last_contact)
            self._saved = now


def _owed(waiting: Sequence[tuple[int, int, int]]) -> list[link_service_pb2.OwedItems]:
    return [
        link_service_pb2.OwedItems(urgency=handling_pb2.Urgency.ValueType(urgency), count=count, size_bytes=size)
        for urgency, count, size in waiting
    ]


def _bounded(number: int) -> int:
    return max(0, min(_MOST, number))
