"""CredentialService."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from google.api import httpbody_pb2

from bluepacific.training.v1 import credential_pb2
from bluepacific.training.v1 import credential_service_pb2 as pb
from bluepacific.training.v1 import credential_service_pb2_grpc as grpc_
from bp_kit.call import current_call
from bp_kit.database import current_session
from bp_kit.listing import listing_of
from bp_kit.times import timestamp
from bp_training.adapters.messages import issuer_key_message
from bp_training.adapters.signatures import signature_fits
from bp_training.adapters.unit_of_work import Workshop
from bp_training.domain.enrolment import Credential
from bp_training.domain.verification import VerificationError
from bp_training.usecases import credentials

_JWT = "application/vc+jwt"


class CredentialServicer(grpc_.CredentialServiceServicer):
    """Credentials: the learner's to keep, anybody's to check.

    Args:
        workshop: Makes the parts of a transaction.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    async def GetCredential(self, request: pb.GetCredentialRequest, context: Any) -> credential_pb2.Credential:
        """Gets one of the caller's own credentials."""
        work = self._workshop.on(current_session())
        return _message(await credentials.get_credential(work, current_call().principal, request.name))

    async def ListCredentials(self, request: pb.ListCredentialsRequest, context: Any) -> pb.ListCredentialsResponse:
        """Lists the caller's own credentials, oldest first."""
        work = self._workshop.on(current_session())
        listed = await credentials.list_credentials(work, listing_of(request))
        return pb.ListCredentialsResponse(
            credentials=[_message(credential) for credential in listed.items], next_page_token=listed.next_token
        )

    async def DownloadCredential(
        self, request: pb.DownloadCredentialRequest, context: Any
    ) -> AsyncIterator[httpbody_pb2.HttpBody]:
        """Downloads one of the caller's own credentials."""
        principal = current_call().principal
        async with self._workshop.reading() as work:
            credential = await credentials.get_credential(work, principal, request.name)
        data = credential.jwt.encode()
        name = f"{credential.course.rpartition('/')[2]}-credential.jwt"
        await context.send_initial_metadata((("file-name", name), ("file-size", str(len(data)))))
        yield httpbody_pb2.HttpBody(content_type=_JWT, data=data)

    async def VerifyCredential(self, request: pb.VerifyCredentialRequest, context: Any) -> pb.VerifyCredentialResponse:
        """Checks a credential against the keys known here."""
        work = self._workshop.on(current_session())
        try:
            verified = await credentials.verify_credential(work, signature_fits, request.jwt, request.recipient)
        except VerificationError as error:
            return pb.VerifyCredentialResponse(
                problem=pb.VerificationProblem.Value(f"VERIFICATION_PROBLEM_{error.problem}")
            )
        return pb.VerifyCredentialResponse(
            valid=True,
            country=verified.country,
            course=verified.course,
            title=verified.title,
            issue_time=timestamp(verified.issue_time),
        )

    async def ListIssuerKeys(self, request: pb.ListIssuerKeysRequest, context: Any) -> pb.ListIssuerKeysResponse:
        """Lists the keys known here."""
        work = self._workshop.on(current_session())
        listed = await credentials.list_issuer_keys(work, listing_of(request))
        return pb.ListIssuerKeysResponse(
            issuer_keys=[issuer_key_message(key) for key in listed.items], next_page_token=listed.next_token
        )


def _message(credential: Credential) -> credential_pb2.Credential:
    return credential_pb2.Credential(
        name=credential.name,
        enrolment=credential.enrolment,
        course=credential.course,
        title=credential.title,
        jwt=credential.jwt,
        issue_time=timestamp(credential.issue_time),
    )
