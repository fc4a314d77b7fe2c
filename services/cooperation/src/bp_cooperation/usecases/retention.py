"""Destroying what has been kept long enough: content whose retention time has come, drafts that nobody finishes."""

from __future__ import annotations

from bp_cooperation.domain.request import DRAFT, Request
from bp_cooperation.usecases.access import Record
from bp_cooperation.usecases.destroying import destroy_content
from bp_cooperation.usecases.expiring import answer_expiry
from bp_cooperation.usecases.keeping import save
from bp_cooperation.usecases.surroundings import Files
from bp_cooperation.usecases.work import Transactions, Work

_BATCH = 50


async def purge(transactions: Transactions, files: Files) -> int:
    """Destroys all that is due, in small transactions; then the bytes of files that nothing needs any more.

    Returns:
        How many requests and replies lost their content.
    """
    total = 0
    while purged := await _purge_some(transactions):
        total += purged
    while await _destroy_some(transactions, files):
        pass
    return total


async def _purge_some(transactions: Transactions) -> int:
    async with transactions() as work:
        now = work.clock()
        drafts_before = now - work.rules.draft_lifetime
        await work.waiting.forget(now - work.rules.waiting_lifetime)
        due: list[Record] = [
            *await work.replies.due(now, drafts_before, _BATCH),
            *await work.requests.due(now, drafts_before, _BATCH),
        ]
        for record in due:
            await _purge(work, record)
        return len(due)


async def _purge(work: Work, record: Record) -> None:
    await destroy_content(work, record)
    if record.state == DRAFT:
        await (work.requests if isinstance(record, Request) else work.replies).remove(record.name)
        return
    await save(work, record.purged(work.clock()))
    await answer_expiry(work, record)


async def _destroy_some(transactions: Transactions, files: Files) -> int:
    """Destroys bytes first and forgets them afterwards, so that a crash between leaves nothing behind."""
    async with transactions() as work:
        blobs = await work.attachments.discarded(_BATCH)
    for blob in blobs:
        await files.remove(blob)
    if blobs:
        async with transactions() as work:
            await work.attachments.forget_discarded(blobs)
    return len(blobs)
