"""Issuing credentials, handing them to their owners, and checking them for anybody."""

from __future__ import annotations

from bp_kit.call import Principal
from bp_kit.errors import Refused
from bp_kit.listing import Listed, Listing
from bp_kit.names import country_of
from bp_training.domain.credential import Award
from bp_training.domain.enrolment import Credential, Enrolment
from bp_training.domain.verification import SignatureCheck, TrustedKey, Verified, verify
from bp_training.usecases.work import Work


async def issue_credential(work: Work, enrolment: Enrolment) -> Credential:
    """Issues and keeps the credential of a completed enrolment, and tells the learner."""
    country = country_of(enrolment.name)
    course = await work.courses.find(enrolment.course)
    if course is None:
        raise Refused("NOT_FOUND", name=enrolment.course)
    credential_id = work.ids()
    # Whole seconds: that is what the JWT keeps.
    issue_time = work.clock().replace(microsecond=0)
    await work.trusted_keys.save(own_key(work, country))
    award = Award(
        credential_id=credential_id,
        course=course.name,
        title=course.text.title["en"],
        description=course.text.description.get("en", ""),
        recipient=enrolment.learner,
        salt=work.ids(),
        issuer=work.issuer.issuer(country),
        issuer_name=f"{work.rules.issuer_name}, {country}",
        issue_time=issue_time,
        tags=course.text.tags,
    )
    credential = Credential(
        name=f"countries/{country}/credentials/{credential_id}",
        enrolment=enrolment.name,
        learner=enrolment.learner,
        course=course.name,
        title=award.title,
        jwt=work.issuer.sign(country, award),
        issue_time=issue_time,
    )
    await work.credentials.add(credential)
    await work.outlet.tell_of_credential(credential)
    return credential


def own_key(work: Work, country: str) -> TrustedKey:
    """Returns the key with which a country issues here."""
    return TrustedKey(f"countries/{country}", work.issuer.issuer(country), work.issuer.public_key(country))


async def get_credential(work: Work, principal: Principal, name: str) -> Credential:
    """Returns one of the caller's own credentials.

    Raises:
        Refused: NOT_FOUND.
    """
    credential = await work.credentials.find(name)
    if credential is None or credential.learner != principal.name:
        raise Refused("NOT_FOUND", name=name)
    return credential


async def list_credentials(work: Work, listing: Listing) -> Listed[Credential]:
    """Returns a page of the caller's own credentials.

    Raises:
        Refused: INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    return await work.credentials.page(listing)


async def verify_credential(work: Work, fits: SignatureCheck, jwt: str, recipient: str) -> Verified:
    """Returns what a credential says, if a key known here signed it.

    Raises:
        VerificationError: It is not genuine, or another's.
    """
    return verify(jwt, await work.trusted_keys.all(), fits, now=work.clock(), recipient=recipient)


async def list_issuer_keys(work: Work, listing: Listing) -> Listed[TrustedKey]:
    """Returns a page of the keys known here.

    Raises:
        Refused: INVALID_PAGE_TOKEN, INVALID_FIELD.
    """
    return await work.trusted_keys.page(listing)
