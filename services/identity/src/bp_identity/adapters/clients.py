"""OAuth clients in the database."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bp_identity.adapters.tables import ClientRow
from bp_identity.domain.client import Client, ClientDraft
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_kit.paging import read_page
from bp_kit.sealing import Sealer


class SqlClients:
    """OAuth clients of all countries served here."""

    def __init__(self, session: AsyncSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def find(self, name: str, *, for_change: bool = False) -> Client | None:
        """Returns the client, locked when to be changed."""
        row = await self._session.get(ClientRow, name, with_for_update=for_change or None)
        return _client(row) if row else None

    async def add(self, client: Client) -> None:
        """Keeps a new client.

        Raises:
            Refused: ALREADY_EXISTS.
        """
        if await self._session.get(ClientRow, client.name):
            raise Refused("ALREADY_EXISTS", name=client.name)
        self._session.add(_row(client))
        await self._session.flush()

    async def save(self, client: Client) -> None:
        """Keeps a changed client."""
        await self._session.merge(_row(client))
        await self._session.flush()

    async def page(self, listing: Listing) -> Listed[Client]:
        """Returns a page of one country's clients, by name.

        Raises:
            Refused: INVALID_FILTER, INVALID_PAGE_TOKEN, INVALID_FIELD.
        """
        page = await read_page(
            self._session,
            self._sealer,
            select(ClientRow).where(ClientRow.country == country_of(listing.parent)),
            listing=listing,
            keys=(ClientRow.name,),
            columns={"kind": ClientRow.kind, "state": ClientRow.state},
        )
        return Listed([_client(row) for row in page.rows], page.next_token)


def _client(row: ClientRow) -> Client:
    return Client(
        name=row.name,
        draft=ClientDraft(
            display_name=row.display_name,
            kind=row.kind,
            redirect_uris=tuple(row.redirect_uris),
            post_logout_redirect_uris=tuple(row.post_logout_redirect_uris),
            grants=tuple((role, unit) for role, unit in row.grants),
            expire_time=row.expire_time,
            scopes=tuple(row.scopes),
        ),
        state=row.state,
        version=row.version,
        create_time=row.create_time,
        update_time=row.update_time,
        secret_digest=row.secret_digest,
        previous_digest=row.previous_digest,
        previous_expire_time=row.previous_expire_time,
    )


def _row(client: Client) -> ClientRow:
    return ClientRow(
        name=client.name,
        country=country_of(client.name),
        display_name=client.draft.display_name,
        kind=client.draft.kind,
        redirect_uris=list(client.draft.redirect_uris),
        post_logout_redirect_uris=list(client.draft.post_logout_redirect_uris),
        grants=[list(grant) for grant in client.draft.grants],
        expire_time=client.draft.expire_time,
        scopes=list(client.draft.scopes),
        state=client.state,
        version=client.version,
        create_time=client.create_time,
        update_time=client.update_time,
        secret_digest=client.secret_digest,
        previous_digest=client.previous_digest,
        previous_expire_time=client.previous_expire_time,
    )
