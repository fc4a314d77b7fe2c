"""What peers sent that this node refused: counted by peer and coded ground, so that the lanes' keeper sees who does that, and how often.

Nothing of what was sent is kept. Counting is not worth a link: where the database cannot, it is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bp_exchange.adapters.tables import RefusalRow
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.adapters.writing import add_new
from bp_kit.logs import get_logger

_log = get_logger("bp_exchange.refused")


@dataclass(frozen=True)
class Refusals:
    """How often a peer was refused for one ground, and when last."""

    ground: str
    count: int
    last: datetime


@unbroken
async def count_refusals(house: House, peer: str, grounds: Iterable[str]) -> None:
    """Counts what was refused of a peer: one of the register's, or this node for all strangers, so that nobody can fill the table."""
    counted = Counter(str(ground) for ground in grounds)
    if not counted:
        return
    now = house.seams.clock()
    try:
        async with house.database.write() as session:
            # In the same order everywhere: processes that count together do not wait for each other in a ring.
            for ground, count in sorted(counted.items()):
                await add_new(session, RefusalRow, [{"peer": peer, "ground": ground, "count": 0, "last_time": now}])
                at = (RefusalRow.peer == peer, RefusalRow.ground == ground)
                await session.execute(
                    update(RefusalRow).where(*at).values(count=RefusalRow.count + count, last_time=now)
                )
    except SQLAlchemyError as error:
        _log.warning("refused.not_counted", peer=peer, error=type(error).__name__)


async def count_broken_rules(house: House, peer: str, ended: BaseExceptionGroup[BaseException]) -> None:
    """Counts the rules that a peer broke and thereby ended its link."""
    grounds = [ground for one in ended.exceptions if (ground := getattr(one, "ground", None))]
    for ground in grounds:
        _log.warning("link.rule_broken", peer=peer, ground=str(ground))
    await count_refusals(house, peer, grounds)


async def refusals_of(session: AsyncSession, peer: str) -> list[Refusals]:
    """Returns what was refused of a peer, by ground."""
    rows = await session.scalars(select(RefusalRow).where(RefusalRow.peer == peer).order_by(RefusalRow.ground))
    return [Refusals(row.ground, row.count, row.last_time) for row in rows]
