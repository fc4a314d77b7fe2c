"""Attachments in the database; their bytes are `adapters.sealed_files`'."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_cooperation.adapters.listing import seen_through
from bp_cooperation.adapters.tables import AttachmentRow, DiscardedBlobRow
from bp_cooperation.domain.attachment import Attachment, SealedContent
from bp_cooperation.domain.names import request_of
from bp_cooperation.usecases.asking import Listing
from bp_kit.listing import Listed
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer


class SqlAttachments:
    """Files of requests and replies."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str) -> Attachment | None:
        """Returns the attachment."""
        row = await self._session.get(AttachmentRow, name)
        return _attachment(row) if row else None

    async def of(self, record: str) -> list[Attachment]:
        """Returns a request's or a reply's files, oldest first."""
        statement = select(AttachmentRow).where(AttachmentRow.record == record)
        rows = await self._session.scalars(statement.order_by(AttachmentRow.create_time, AttachmentRow.name))
        return [_attachment(row) for row in rows]

    async def counts(self, records: Collection[str]) -> dict[str, int]:
        """Returns how many files each request or reply has; those without are missing."""
        statement = select(AttachmentRow.record, func.count()).where(AttachmentRow.record.in_(records))
        found = await self._session.execute(statement.group_by(AttachmentRow.record))
        return dict(found.all())

    async def add(self, attachment: Attachment) -> None:
        """Keeps a new attachment."""
        content = attachment.content
        row = AttachmentRow(
            name=attachment.name,
            request=request_of(attachment.name),
            record=attachment.record,
            file_name=attachment.file_name,
            media_type=attachment.media_type,
            size_bytes=content.size_bytes,
            sha256=content.sha256,
            blob=content.blob,
            key=content.key,
            create_time=attachment.create_time,
        )
        self._session.add(row)
        await self._session.flush()

    async def page(self, listing: Listing) -> Listed[Attachment]:
        """Returns a page of the files of a request and its replies that the caller's units may see, oldest first.

        Raises:
            Refused: INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        seen = seen_through(AttachmentRow.record, listing.seer)
        page = await read_page(
            self._session,
            self._sealer,
            select(AttachmentRow).where(AttachmentRow.request == listing.parent, seen),
            listing=listing,
            keys=(AttachmentRow.create_time, AttachmentRow.name),
        )
        return Listed([_attachment(row) for row in page.rows], page.next_token)

    async def discard(self, attachments: Iterable[Attachment]) -> None:
        """Forgets attachments and their keys; their bytes follow."""
        for attachment in attachments:
            await self._session.execute(delete(AttachmentRow).where(AttachmentRow.name == attachment.name))
            await self._session.merge(DiscardedBlobRow(blob=attachment.content.blob))
        await self._session.flush()

    async def discarded(self, limit: int) -> list[str]:
        """Returns digests of encrypted bytes that nothing needs any more."""
        kept = select(AttachmentRow.blob)
        statement = select(DiscardedBlobRow.blob).where(DiscardedBlobRow.blob.not_in(kept))
        return list(await self._session.scalars(statement.limit(limit)))

    async def forget_discarded(self, blobs: Collection[str]) -> None:
        """Takes digests off that list, once the bytes are gone."""
        await self._session.execute(delete(DiscardedBlobRow).where(DiscardedBlobRow.blob.in_(blobs)))


def _attachment(row: AttachmentRow) -> Attachment:
    return Attachment(
        name=row.name,
        record=row.record,
        file_name=row.file_name,
        media_type=row.media_type,
        content=SealedContent(row.size_bytes, row.sha256, row.blob, row.key),
        create_time=row.create_time,
    )
