"""What administrators do with OAuth clients, and what a service client's token says."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bp_identity.domain import unit as units
from bp_identity.domain.client import ACTIVE, INACTIVE, SERVICE, Client, ClientDraft
from bp_identity.domain.grant import role_claim
from bp_identity.domain.names import OPERATOR, last_of
from bp_identity.usecases.boundaries import require_own
from bp_identity.usecases.ending import end_sessions_through, void_tokens
from bp_identity.usecases.grants import require_unit
from bp_identity.usecases.proving import TokenSubject
from bp_identity.usecases.sessions import digest_of
from bp_identity.usecases.work import Work
from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.etags import check_etag, etag_of
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of

_SECRET_BYTES = 32


def client_etag(client: Client) -> str:
    """Returns the client's etag."""
    return etag_of(client.name, client.version)


async def get_client(work: Work, principal: Principal, name: str) -> Client:
    """Returns a client of the caller's country.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED.
    """
    return await _client(work, principal, name)


async def list_clients(work: Work, principal: Principal, listing: Listing) -> Listed[Client]:
    """Returns a page of the caller's country's clients.

    Raises:
        Refused: PERMISSION_DENIED, INVALID_FILTER, INVALID_PAGE_TOKEN.
    """
    require_own(work, principal, listing.parent)
    return await work.clients.page(listing)


async def create_client(work: Work, principal: Principal, *, name: str, draft: ClientDraft) -> Client:
    """Creates a client.

    Raises:
        Refused: ALREADY_EXISTS, INVALID_FIELD, CLIENT_KIND_MISMATCH, REDIRECT_URI_INVALID, UNIT_NOT_IN_SERVICE, PERMISSION_DENIED.
    """
    require_own(work, principal, name)
    return await add_client(work, name=name, draft=draft)


async def add_client(work: Work, *, name: str, draft: ClientDraft, secret: str = "") -> Client:
    """Creates a client, whoever asks; also how a node is first set up.

    Raises:
        Refused: ALREADY_EXISTS, INVALID_FIELD, CLIENT_KIND_MISMATCH, REDIRECT_URI_INVALID, UNIT_NOT_IN_SERVICE.
    """
    await _check(work, name, draft)
    if last_of(name) == OPERATOR:
        raise Refused("ALREADY_EXISTS", name=name)
    now = work.clock()
    client = Client(
        name=name,
        draft=draft,
        state=ACTIVE,
        version=1,
        create_time=now,
        update_time=now,
        secret_digest=digest_of(secret) if secret else "",
    )
    await work.clients.add(client)
    return client


async def update_client(
    work: Work, principal: Principal, name: str, *, changes: Mapping[str, Any], etag: str
) -> Client:
    """Changes what is said about a client; its kind stays.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ETAG_MISMATCH, and as `create_client`.
    """
    client = await _client(work, principal, name, for_change=True)
    check_etag(etag, client_etag(client))
    draft = replace(client.draft, **changes)
    await _check(work, name, draft)
    changed = client.changed(work.clock(), draft=draft)
    await work.clients.save(changed)
    if changed is not client and draft.kind == SERVICE:
        await void_tokens(work, name)
    return changed


async def deactivate_client(work: Work, principal: Principal, name: str, *, etag: str) -> Client:
    """Refuses a client from now on and ends the sessions it opened.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, ETAG_MISMATCH.
    """
    client = await _client(work, principal, name, for_change=True)
    check_etag(etag, client_etag(client))
    changed = client.changed(work.clock(), state=INACTIVE)
    await work.clients.save(changed)
    await end_sessions_through(work, name)
    return changed


async def rotate_secret(work: Work, principal: Principal, name: str, *, overlap: timedelta) -> str:
    """Makes a new secret for a SERVICE client.

    The old one stops working after the overlap. Without any, whoever has it may be the wrong one, so the client's tokens are void, too.

    Raises:
        Refused: NOT_FOUND, PERMISSION_DENIED, CLIENT_KIND_MISMATCH.
    """
    client = await _client(work, principal, name, for_change=True)
    if client.draft.kind != SERVICE:
        raise Refused("CLIENT_KIND_MISMATCH", field="client_secret")
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    await work.clients.save(client.with_secret(digest_of(secret), work.clock(), overlap))
    if not overlap:
        await void_tokens(work, name)
    return secret


def knows_secret(client: Client, secret: str) -> bool:
    """Tells whether it is the client's secret, or a former one that still works, in constant time."""
    digest = digest_of(secret)
    fits = [hmac.compare_digest(known, digest) for known in (client.secret_digest, client.previous_digest) if known]
    return any(fits)


async def client_subject(
    work: Work, client: Client, scopes: Collection[str] = (), thumbprint: str = ""
) -> TokenSubject:
    """Returns what a service client's token says: its roles at units in service, and its scopes, of which it may want some only."""
    roles = []
    for role, unit in client.draft.grants:
        found = await work.units.find(unit)
        if found is not None and found.state == units.ACTIVE:
            roles.append(role_claim(role, unit))
    scope = " ".join(one for one in client.draft.scopes if not scopes or one in scopes)
    return TokenSubject(
        client.name, sorted(roles), client.draft.expire_time, client=client.name, scope=scope, thumbprint=thumbprint
    )


async def _check(work: Work, name: str, draft: ClientDraft) -> None:
    draft.check()
    for index, (_, unit) in enumerate(draft.grants):
        await require_unit(work, unit, country=country_of(name), field=f"client.grants[{index}].unit")


async def _client(work: Work, principal: Principal, name: str, *, for_change: bool = False) -> Client:
    require_own(work, principal, name)
    client = await work.clients.find(name, for_change=for_change)
    if client is None:
        raise Refused("NOT_FOUND", name=name)
    return client
