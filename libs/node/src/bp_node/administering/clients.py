"""`client ...`: OAuth clients of the own country, as `ClientService` keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask

from bluepacific.identity.v1 import client_pb2, role_pb2
from bluepacific.identity.v1 import client_service_pb2 as pb
from bp_node.administering.calling import Administration, administer, every, moment_of, value_of
from bp_node.administering.showing import document, show_all, show_one
from bp_node.failure import CommandError
from bp_node.screen import say, say_json

_COLUMNS = ("name", "displayName", "kind", "state", "grants", "scopes", "expireTime")


@dataclass(frozen=True)
class Wish:
    """What is said about a client, as it was typed; None where nothing is.

    Attributes:
        display_name: What people call it.
        kind: `browser`, `terminal` or `service`.
        redirects: Where codes may be sent.
        grants: What a service may be, and where: `analyst@tcu`.
        expires: From when on a service gets no tokens: a day or a moment.
        scopes: What a service's tokens are narrowed to.
    """

    display_name: str | None = None
    kind: str | None = None
    redirects: list[str] | None = field(default=None)
    grants: list[str] | None = field(default=None)
    expires: str | None = None
    scopes: list[str] | None = field(default=None)


def list_clients(directory: Path, filter_: str, *, as_json: bool) -> None:
    """Shows the country's clients."""

    async def act(at: Administration) -> list[Any]:
        request = pb.ListClientsRequest(parent=at.country, filter=filter_)
        return await every(at.identity.clients.ListClients, request, "clients")

    show_all("clients", administer(directory, act), _COLUMNS, as_json=as_json)


def show_client(directory: Path, client: str, *, as_json: bool) -> None:
    """Shows a client; nobody can show its secret."""

    async def act(at: Administration) -> client_pb2.Client:
        request = pb.GetClientRequest(name=at.name_of("clients", client))
        return await at.identity.clients.GetClient(request)  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def create_client(directory: Path, client: str, wish: Wish, *, as_json: bool) -> None:
    """Creates a client."""

    async def act(at: Administration) -> client_pb2.Client:
        said, _ = _said(at, wish)
        request = pb.CreateClientRequest(parent=at.country, client_id=client, client=said)
        return await at.identity.clients.CreateClient(request)  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def change_client(directory: Path, client: str, wish: Wish, *, as_json: bool) -> None:
    """Changes a client; what is not given stays."""

    async def act(at: Administration) -> client_pb2.Client:
        name = at.name_of("clients", client)
        now = await at.identity.clients.GetClient(pb.GetClientRequest(name=name))
        changed, paths = _said(at, wish)
        if not paths:
            return now  # type: ignore[no-any-return]
        changed.name, changed.etag = name, now.etag
        request = pb.UpdateClientRequest(client=changed, update_mask=FieldMask(paths=paths))
        return await at.identity.clients.UpdateClient(request)  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def end_client(directory: Path, client: str, *, as_json: bool) -> None:
    """Refuses a client from now on, and ends the sessions that it opened."""

    async def act(at: Administration) -> client_pb2.Client:
        request = pb.DeactivateClientRequest(name=at.name_of("clients", client))
        return await at.identity.clients.DeactivateClient(request)  # type: ignore[no-any-return]

    show_one(administer(directory, act), as_json=as_json)


def rotate_secret(directory: Path, client: str, overlap_hours: int, *, as_json: bool) -> None:
    """Makes a new secret for a service, shown this once."""
    overlap = Duration()
    overlap.FromTimedelta(timedelta(hours=overlap_hours))

    async def act(at: Administration) -> pb.RotateClientSecretResponse:
        request = pb.RotateClientSecretRequest(name=at.name_of("clients", client), overlap=overlap)
        return await at.identity.clients.RotateClientSecret(request)  # type: ignore[no-any-return]

    made = administer(directory, act)
    if as_json:
        say_json(document(made))
        return
    say(made.client_secret)
    say(f"the old secret works for {overlap_hours} more hours" if overlap_hours else "the old secret works no more")


def _said(at: Administration, wish: Wish) -> tuple[client_pb2.Client, list[str]]:
    """Returns a client with what was typed, and which fields that are."""
    said: dict[str, Any] = {}
    if wish.display_name is not None:
        said["display_name"] = wish.display_name
    if wish.kind is not None:
        said["kind"] = value_of(client_pb2.ClientKind, "CLIENT_KIND_", wish.kind, "--kind")
    if wish.redirects is not None:
        said["redirect_uris"] = wish.redirects
    if wish.grants is not None:
        said["grants"] = [_grant(at, typed) for typed in wish.grants]
    if wish.expires is not None:
        said["expire_time"] = moment_of(wish.expires, "--expires")
    if wish.scopes is not None:
        said["scopes"] = wish.scopes
    return client_pb2.Client(**said), list(said)


def _grant(at: Administration, typed: str) -> client_pb2.ClientGrant:
    role, _, unit = typed.partition("@")
    if not unit:
        raise CommandError(f"--grant: {typed} is no role at a unit, such as analyst@tcu")
    return client_pb2.ClientGrant(
        role=value_of(role_pb2.Role, "ROLE_", role, "--grant"), unit=at.name_of("units", unit)
    )
