"""ClientService."""

from __future__ import annotations

from typing import Any

from bluepacific.identity.v1 import client_pb2
from bluepacific.identity.v1 import client_service_pb2 as pb
from bluepacific.identity.v1 import client_service_pb2_grpc as grpc_
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.api.messages import client_message, masked, role_word
from bp_identity.domain.client import ClientDraft
from bp_identity.domain.names import client_name
from bp_identity.usecases import clients
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_kit.names import country_of
from bp_kit.times import moment


class ClientServicer(grpc_.ClientServiceServicer):
    """OAuth clients of the own country.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def GetClient(self, request: pb.GetClientRequest, context: Any) -> client_pb2.Client:
        """Gets a client."""
        work = self._workshop.on(current_session())
        return client_message(await clients.get_client(work, current_call().principal, request.name))

    async def ListClients(self, request: pb.ListClientsRequest, context: Any) -> pb.ListClientsResponse:
        """Lists clients by name."""
        work = self._workshop.on(current_session())
        listed = await clients.list_clients(work, current_call().principal, listing_of(request))
        return pb.ListClientsResponse(
            clients=[client_message(client) for client in listed.items], next_page_token=listed.next_token
        )

    async def CreateClient(self, request: pb.CreateClientRequest, context: Any) -> client_pb2.Client:
        """Creates a client."""
        client = await clients.create_client(
            self._workshop.on(current_session()),
            current_call().principal,
            name=client_name(country_of(request.parent), request.client_id),
            draft=_draft(request.client),
        )
        return client_message(client)

    async def UpdateClient(self, request: pb.UpdateClientRequest, context: Any) -> client_pb2.Client:
        """Changes a client's display name, redirect addresses, grants, scopes or expiry."""
        draft = _draft(request.client)
        fields = masked(
            request.update_mask,
            "client",
            ("display_name", "redirect_uris", "grants", "post_logout_redirect_uris", "expire_time", "scopes"),
        )
        client = await clients.update_client(
            self._workshop.on(current_session()),
            current_call().principal,
            request.client.name,
            changes={field: getattr(draft, field) for field in fields},
            etag=request.client.etag,
        )
        return client_message(client)

    async def DeactivateClient(self, request: pb.DeactivateClientRequest, context: Any) -> client_pb2.Client:
        """Refuses the client from now on."""
        work = self._workshop.on(current_session())
        return client_message(
            await clients.deactivate_client(work, current_call().principal, request.name, etag=request.etag)
        )

    async def RotateClientSecret(
        self, request: pb.RotateClientSecretRequest, context: Any
    ) -> pb.RotateClientSecretResponse:
        """Makes a new secret for a SERVICE client."""
        work = self._workshop.on(current_session())
        secret = await clients.rotate_secret(
            work, current_call().principal, request.name, overlap=request.overlap.ToTimedelta()
        )
        return pb.RotateClientSecretResponse(client_secret=secret)


def _draft(client: client_pb2.Client) -> ClientDraft:
    return ClientDraft(
        display_name=client.display_name,
        kind=client_pb2.ClientKind.Name(client.kind).removeprefix("CLIENT_KIND_"),
        redirect_uris=tuple(client.redirect_uris),
        post_logout_redirect_uris=tuple(client.post_logout_redirect_uris),
        grants=tuple((role_word(grant.role), grant.unit) for grant in client.grants),
        expire_time=moment(client.expire_time, "client.expire_time") if client.HasField("expire_time") else None,
        scopes=tuple(client.scopes),
    )
