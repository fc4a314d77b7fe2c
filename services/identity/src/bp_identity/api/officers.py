"""OfficerService."""

from __future__ import annotations

from typing import Any

from bluepacific.identity.v1 import officer_pb2
from bluepacific.identity.v1 import officer_service_pb2 as pb
from bluepacific.identity.v1 import officer_service_pb2_grpc as grpc_
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.api.messages import grant_message, masked, officer_message, person_said
from bp_identity.domain.names import officer_name
from bp_identity.domain.officer import ACTIVE, INACTIVE, Person
from bp_identity.usecases import officers, one_time_codes, second_factors
from bp_identity.usecases.work import Desk
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_kit.names import country_of
from bp_kit.times import timestamp


class OfficerServicer(grpc_.OfficerServiceServicer):
    """Officers of the own country.

    Args:
        workshop: Makes the parts of a transaction.
        desk: What signing in needs.
    """

    def __init__(self, workshop: Workshop, desk: Desk) -> None:
        self._workshop = workshop
        self._desk = desk

    async def GetMe(self, request: pb.GetMeRequest, context: Any) -> officer_pb2.Me:
        """Gets the signed-in person with the grants in force."""
        work = self._workshop.on(current_session())
        officer, grants = await officers.get_me(work, current_call().principal)
        return officer_pb2.Me(officer=officer_message(officer), grants=[grant_message(grant) for grant in grants])

    async def GetOfficer(self, request: pb.GetOfficerRequest, context: Any) -> officer_pb2.Officer:
        """Gets an officer."""
        work = self._workshop.on(current_session())
        return officer_message(await officers.get_officer(work, current_call().principal, request.name))

    async def ListOfficers(self, request: pb.ListOfficersRequest, context: Any) -> pb.ListOfficersResponse:
        """Lists officers by name."""
        work = self._workshop.on(current_session())
        listed = await officers.list_officers(work, current_call().principal, listing_of(request))
        return pb.ListOfficersResponse(
            officers=[officer_message(officer) for officer in listed.items], next_page_token=listed.next_token
        )

    async def CreateOfficer(self, request: pb.CreateOfficerRequest, context: Any) -> officer_pb2.Officer:
        """Creates an officer."""
        given = request.officer
        officer = await officers.create_officer(
            self._workshop.on(current_session()),
            current_call().principal,
            name=officer_name(country_of(request.parent), request.officer_id),
            person=Person(**person_said(given)),
        )
        return officer_message(officer)

    async def UpdateOfficer(self, request: pb.UpdateOfficerRequest, context: Any) -> officer_pb2.Officer:
        """Changes an officer's names, e-mail address, gender, language or clearance."""
        given = request.officer
        values = person_said(given)
        officer = await officers.update_officer(
            self._workshop.on(current_session()),
            current_call().principal,
            given.name,
            changes={field: values[field] for field in masked(request.update_mask, "officer", values)},
            etag=given.etag,
        )
        return officer_message(officer)

    async def DeactivateOfficer(self, request: pb.DeactivateOfficerRequest, context: Any) -> officer_pb2.Officer:
        """Ends all sessions and refuses sign-in."""
        return await self._set_state(request.name, INACTIVE, request.etag)

    async def ActivateOfficer(self, request: pb.ActivateOfficerRequest, context: Any) -> officer_pb2.Officer:
        """Lets an officer sign in again."""
        return await self._set_state(request.name, ACTIVE, request.etag)

    async def ResetPassword(self, request: pb.ResetPasswordRequest, context: Any) -> pb.ResetPasswordResponse:
        """Gives a temporary password."""
        work = self._workshop.on(current_session())
        password, expires = await officers.reset_password(work, self._desk, current_call().principal, request.name)
        return pb.ResetPasswordResponse(temporary_password=password, expire_time=timestamp(expires))

    async def ResetSecondFactor(self, request: pb.ResetSecondFactorRequest, context: Any) -> officer_pb2.Officer:
        """Forgets what an officer proves themselves with besides the password."""
        work = self._workshop.on(current_session())
        return officer_message(await second_factors.reset_second_factor(work, current_call().principal, request.name))

    async def EnrolTotp(self, request: pb.EnrolTotpRequest, context: Any) -> pb.EnrolTotpResponse:
        """Makes a one-time code secret for the signed-in person."""
        work = self._workshop.on(current_session())
        secret, uri = await one_time_codes.enrol_totp(work, self._desk, current_call().principal)
        return pb.EnrolTotpResponse(secret=secret, uri=uri)

    async def ConfirmTotp(self, request: pb.ConfirmTotpRequest, context: Any) -> officer_pb2.Officer:
        """Puts the new one-time code secret in force."""
        work = self._workshop.on(current_session())
        return officer_message(
            await one_time_codes.confirm_totp(work, self._desk, current_call().principal, request.totp)
        )

    async def _set_state(self, name: str, state: str, etag: str) -> officer_pb2.Officer:
        work = self._workshop.on(current_session())
        return officer_message(
            await officers.set_officer_state(work, current_call().principal, name, state=state, etag=etag)
        )
