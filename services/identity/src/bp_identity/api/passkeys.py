"""PasskeyService."""

from __future__ import annotations

from typing import Any

from google.protobuf.empty_pb2 import Empty

from bluepacific.identity.v1 import passkey_pb2
from bluepacific.identity.v1 import passkey_service_pb2 as pb
from bluepacific.identity.v1 import passkey_service_pb2_grpc as grpc_
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.domain.passkey import Passkey
from bp_identity.usecases import passkeys
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_kit.times import timestamp


class PasskeyServicer(grpc_.PasskeyServiceServicer):
    """Passkeys of officers.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def ListPasskeys(self, request: pb.ListPasskeysRequest, context: Any) -> pb.ListPasskeysResponse:
        """Lists passkeys, oldest first."""
        work = self._workshop.on(current_session())
        listed = await passkeys.list_passkeys(work, current_call().principal, listing_of(request))
        return pb.ListPasskeysResponse(
            passkeys=[_message(passkey) for passkey in listed.items], next_page_token=listed.next_token
        )

    async def DeletePasskey(self, request: pb.DeletePasskeyRequest, context: Any) -> Empty:
        """Forgets a passkey."""
        await passkeys.delete_passkey(self._workshop.on(current_session()), current_call().principal, request.name)
        return Empty()


def _message(passkey: Passkey) -> passkey_pb2.Passkey:
    return passkey_pb2.Passkey(
        name=passkey.name,
        display_name=passkey.display_name,
        synced=passkey.synced,
        create_time=timestamp(passkey.create_time),
        last_use_time=timestamp(passkey.last_use_time) if passkey.last_use_time else None,
    )
