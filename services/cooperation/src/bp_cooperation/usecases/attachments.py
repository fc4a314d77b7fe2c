"""Taking in files, finding them, taking them off drafts."""

from __future__ import annotations

from collections.abc import AsyncIterable

from bp_cooperation.domain.attachment import Attachment, check_file_name, checked_media_type
from bp_cooperation.domain.names import request_of
from bp_cooperation.domain.request import PURGED
from bp_cooperation.usecases.access import FIND, Record
from bp_cooperation.usecases.asking import Caller, Listing
from bp_cooperation.usecases.sight import find_seen, require_acting, see_record, see_request
from bp_cooperation.usecases.work import Intake, Work
from bp_kit.errors import Refused
from bp_kit.listing import Listed


async def receive_attachment(
    intake: Intake, caller: Caller, record: str, *, file_name: str, media_type: str, chunks: AsyncIterable[bytes]
) -> Attachment:
    """Takes in a file for a draft request or reply of one of the caller's units.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ALREADY_SENT, FILE_NAME_INVALID, UNSUPPORTED_MEDIA_TYPE, FILE_LIMIT_REACHED, FILE_EMPTY,
            BODY_TOO_LARGE; then nothing is kept.
    """
    check_file_name(file_name)
    kept_type = checked_media_type(media_type)
    async with intake.transactions() as work:
        await _open_draft(work, caller, record)
        limit = work.rules.attachment_bytes
    content = await intake.files.seal(chunks, limit=limit)
    try:
        async with intake.transactions() as work:
            await _open_draft(work, caller, record)
            attachment = Attachment(
                name=f"{request_of(record)}/attachments/{work.ids()}",
                record=record,
                file_name=file_name,
                media_type=kept_type,
                content=content,
                create_time=work.clock(),
            )
            await work.attachments.add(attachment)
    except Refused:
        await intake.files.remove(content.blob)
        raise
    return attachment


async def get_attachment(work: Work, caller: Caller, name: str, *, act: str = FIND) -> Attachment:
    """Returns a file of a record that the caller sees.

    Raises:
        Refused: NOT_FOUND.
    """
    return (await _found(work, caller, name, act=act))[0]


async def list_attachments(work: Work, listing: Listing) -> Listed[Attachment]:
    """Returns a page of the files of a request and its replies, as far as the caller sees those, oldest first.

    Raises:
        Refused: NOT_FOUND, INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    await see_request(work, listing.seer, listing.parent)
    page = await work.attachments.page(listing)
    gone = {name for name in {one.record for one in page.items} if await _is_gone(work, listing.seer, name)}
    return Listed([one for one in page.items if one.record not in gone], page.next_token)


async def delete_attachment(work: Work, caller: Caller, name: str) -> None:
    """Takes a file off a draft.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ALREADY_SENT.
    """
    attachment, record = await _found(work, caller, name, for_change=True)
    require_acting(caller, record)
    record.require_draft()
    await work.attachments.discard([attachment])


async def _found(
    work: Work, caller: Caller, name: str, *, act: str = FIND, for_change: bool = False
) -> tuple[Attachment, Record]:
    request = request_of(name)
    try:
        # Whoever may not know of the request may know of none of its files; and a file that is not there is looked for like a reply's.
        await see_request(work, caller, request)
        attachment = await work.attachments.find(name)
        of = attachment.record if attachment else f"{request}/replies/"
        record = await see_record(work, caller, of, act=act, for_change=for_change)
    except Refused as refused:
        if refused.reason == "HANDLING_FORBIDS":
            raise
        # The refusal must not tell which record it is.
        raise Refused("NOT_FOUND", name=name) from None
    if attachment is None or record.state == PURGED:
        raise Refused("NOT_FOUND", name=name)
    return attachment, record


async def _is_gone(work: Work, caller: Caller, record: str) -> bool:
    found = await find_seen(work, caller, record)
    return found is None or found.state == PURGED


async def _open_draft(work: Work, caller: Caller, name: str) -> None:
    record = await see_record(work, caller, name, for_change=True)
    require_acting(caller, record)
    record.require_draft()
    counts = await work.attachments.counts([name])
    if counts.get(name, 0) >= work.rules.attachment_count:
        raise Refused("FILE_LIMIT_REACHED", limit=work.rules.attachment_count)
