"""Telling a sender that its request or reply was opened: once for each unit that got it."""

from __future__ import annotations

from bp_cooperation.domain.request import PURGED, RECALLED
from bp_cooperation.usecases.asking import Caller
from bp_cooperation.usecases.sight import see_record
from bp_cooperation.usecases.work import Work


async def unopened_by(work: Work, caller: Caller, record_name: str) -> frozenset[str]:
    """Returns the caller's units that got a record and had not opened it.

    Raises:
        Refused: NOT_FOUND.
    """
    record = await see_record(work, caller, record_name)
    if caller.visiting or not record.message_id or record.state in (PURGED, RECALLED):
        return frozenset()
    receiving = caller.units.intersection(record.holders)
    return receiving - {*await work.ladders.opened(record_name)} if receiving else frozenset()


async def mark_opened(work: Work, caller: Caller, record_name: str) -> None:
    """Keeps that the caller's units opened a record, and tells its sender.

    Raises:
        Refused: NOT_FOUND.
    """
    record = await see_record(work, caller, record_name, for_change=True)
    units = sorted(await unopened_by(work, caller, record_name))
    await work.ladders.mark_opened(record_name, units, work.clock())
    for unit in units:
        await work.outlet.report_opened(record.message_id, unit)
