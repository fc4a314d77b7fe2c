"""The composition root of identity."""

from __future__ import annotations

from dataclasses import dataclass

from bluepacific.identity.v1 import (
    access_review_service_pb2_grpc,
    client_service_pb2_grpc,
    country_service_pb2_grpc,
    emergency_service_pb2_grpc,
    grant_service_pb2_grpc,
    key_service_pb2_grpc,
    oauth_service_pb2_grpc,
    officer_import_service_pb2_grpc,
    officer_read_service_pb2_grpc,
    officer_service_pb2_grpc,
    passkey_service_pb2_grpc,
    proposal_service_pb2_grpc,
    recovery_service_pb2_grpc,
    scim_service_pb2_grpc,
    session_service_pb2_grpc,
    subject_service_pb2_grpc,
    unit_service_pb2_grpc,
    upstream_service_pb2_grpc,
)
from bp_identity.adapters.authenticators import WebAuthn
from bp_identity.adapters.countries import load_countries
from bp_identity.adapters.directory import DIRECTORY_REQUESTED
from bp_identity.adapters.holdings import IdentityHoldings
from bp_identity.adapters.keys import KeyFolder
from bp_identity.adapters.oauth.account_desk import AccountDesk
from bp_identity.adapters.oauth.cookies import Cookies
from bp_identity.adapters.oauth.device_desk import DeviceDesk
from bp_identity.adapters.oauth.exchanging import RemoteCertifying
from bp_identity.adapters.oauth.inspection import Inspector, OwnKeys
from bp_identity.adapters.oauth.pages import Pages
from bp_identity.adapters.oauth.possession import Possession
from bp_identity.adapters.oauth.recovery_desk import RecoveryDesk
from bp_identity.adapters.oauth.sign_in_desk import SignInDesk
from bp_identity.adapters.oauth.sign_in_form import SignInForm
from bp_identity.adapters.oauth.sign_out_desk import SignOutDesk
from bp_identity.adapters.oauth.tickets import Tickets
from bp_identity.adapters.oauth.token_desk import TokenDesk
from bp_identity.adapters.oauth.upstream import Upstream
from bp_identity.adapters.oauth.upstream_desk import PATH as UPSTREAM_PATH
from bp_identity.adapters.oauth.upstream_desk import UpstreamDesk
from bp_identity.adapters.oauth.user_info import UserInfoDesk
from bp_identity.adapters.one_time_codes import TotpCodes
from bp_identity.adapters.passwords import Argon2Passwords
from bp_identity.adapters.proposals import SecondPersonRule
from bp_identity.adapters.tokens import SigningMinter
from bp_identity.adapters.unit_of_work import Workshop
from bp_identity.api.access_reviews import AccessReviewServicer
from bp_identity.api.clients import ClientServicer
from bp_identity.api.countries import CountryServicer
from bp_identity.api.emergencies import EmergencyServicer
from bp_identity.api.grants import GrantServicer
from bp_identity.api.keys import KeyServicer
from bp_identity.api.oauth import OAuthServicer, Provider
from bp_identity.api.officer_imports import OfficerImportServicer
from bp_identity.api.officers import OfficerServicer
from bp_identity.api.passkeys import PasskeyServicer
from bp_identity.api.proposals import ProposalServicer
from bp_identity.api.reads import OfficerReadServicer
from bp_identity.api.recoveries import RecoveryServicer
from bp_identity.api.scim import ScimServicer
from bp_identity.api.sessions import SessionServicer
from bp_identity.api.subjects import SubjectServicer
from bp_identity.api.units import UnitServicer
from bp_identity.api.upstream import UpstreamServicer
from bp_identity.settings import IdentitySettings
from bp_identity.usecases.bootstrap import Seed, plant
from bp_identity.usecases.work import Desk, Lifetimes
from bp_identity.workers.access_reviews import Reviewer
from bp_identity.workers.directory import Announcer, TurnedGrants
from bp_identity.workers.housekeeping import Housekeeper
from bp_kit.database import Database
from bp_kit.inbox import Subscriber
from bp_kit.outbox import OutboxRelay
from bp_kit.ports import Seams
from bp_kit.readers import Readers
from bp_kit.sealing import Sealer
from bp_kit.service import Service, Servicer
from bp_kit.subjects.desk import SubjectDesk
from bp_kit.taken import taken_in


@dataclass(frozen=True)
class _Parts:
    database: Database
    keys: KeyFolder
    workshop: Workshop
    minter: SigningMinter
    authenticators: WebAuthn
    desk: Desk


def build(settings: IdentitySettings, seams: Seams) -> Service:
    """Puts identity together."""
    parts = _parts(settings, seams)
    announcer = Announcer(parts.workshop, settings.announce_interval)
    holdings = IdentityHoldings(parts.workshop)
    subjects = SubjectServicer(seams, settings.countries)
    handlers = {DIRECTORY_REQUESTED: announcer.answer, **subjects.by_topic()}
    handlers |= SubjectDesk(holdings, seams, "identity").by_topic()
    subscriber = Subscriber(parts.database, seams, "identity", handlers)
    servicers = [
        *_servicers(settings, seams, parts),
        (subject_service_pb2_grpc.add_SubjectServiceServicer_to_server, subjects),
    ]
    proposals = (proposal_service_pb2_grpc.add_ProposalServiceServicer_to_server, ProposalServicer(seams, servicers))
    return Service(
        name="identity",
        package="bp_identity",
        database=parts.database,
        servicers=[*servicers, proposals],
        second_person=SecondPersonRule(parts.database, seams),
        holdings=holdings,
        workers=[
            OutboxRelay(parts.database, seams, "identity").run,
            subscriber.run,
            announcer.run,
            TurnedGrants(parts.workshop).run,
            Reviewer(parts.workshop).run,
            Housekeeper(parts.workshop, parts.keys, settings.key_lifetime).run,
        ],
    )


async def bootstrap(settings: IdentitySettings, seams: Seams, seed: Seed) -> None:
    """Sets a country up on a migrated database, before anybody is there who may call. Repeating it changes nothing.

    Args:
        settings: As for `build`.
        seams: Only its clock, ids and sealer are used.
        seed: Units, officers and clients to be there.

    Raises:
        Refused: PASSWORD_LENGTH, PASSWORD_COMMON, UNIT_NOT_IN_SERVICE, EMAIL_TAKEN, NOT_FOUND; then nothing was made.
    """
    parts = _parts(settings, seams)
    try:
        async with parts.workshop.transaction() as work:
            await plant(work, parts.desk.passwords, seed)
    finally:
        await parts.database.aclose()


def _parts(settings: IdentitySettings, seams: Seams) -> _Parts:
    database = Database(settings.database_url)
    keys = KeyFolder(settings.key_dir, seams.ids)
    workshop = Workshop(database, seams, keys.secret("throttle"), settings.countries)
    minter = SigningMinter(keys, settings.public_url, settings.access_token_lifetime, seams.ids)
    authenticators = WebAuthn(settings.public_url, keys.secret("passkeys"))
    desk = Desk(
        transactions=workshop.transaction,
        passwords=Argon2Passwords(),
        one_time_codes=TotpCodes(Sealer(keys.secret("totp"))),
        authenticators=authenticators,
        minter=minter,
        lifetimes=Lifetimes(session=settings.session_lifetime, temporary_password=settings.temporary_password_lifetime),
    )
    return _Parts(database, keys, workshop, minter, authenticators, desk)


def _servicers(settings: IdentitySettings, seams: Seams, parts: _Parts) -> list[Servicer]:
    workshop, desk = parts.workshop, parts.desk
    provider = _provider(settings, seams, parts)
    return [
        (
            country_service_pb2_grpc.add_CountryServiceServicer_to_server,
            CountryServicer(settings.countries, seams.sealer),
        ),
        (unit_service_pb2_grpc.add_UnitServiceServicer_to_server, UnitServicer(workshop)),
        (officer_service_pb2_grpc.add_OfficerServiceServicer_to_server, OfficerServicer(workshop, desk)),
        (
            officer_import_service_pb2_grpc.add_OfficerImportServiceServicer_to_server,
            OfficerImportServicer(workshop),
        ),
        (emergency_service_pb2_grpc.add_EmergencyServiceServicer_to_server, EmergencyServicer(workshop)),
        (access_review_service_pb2_grpc.add_AccessReviewServiceServicer_to_server, AccessReviewServicer(workshop)),
        (grant_service_pb2_grpc.add_GrantServiceServicer_to_server, GrantServicer(workshop)),
        (client_service_pb2_grpc.add_ClientServiceServicer_to_server, ClientServicer(workshop)),
        (session_service_pb2_grpc.add_SessionServiceServicer_to_server, SessionServicer(workshop, desk)),
        (passkey_service_pb2_grpc.add_PasskeyServiceServicer_to_server, PasskeyServicer(workshop)),
        (recovery_service_pb2_grpc.add_RecoveryServiceServicer_to_server, RecoveryServicer(workshop)),
        (officer_read_service_pb2_grpc.add_OfficerReadServiceServicer_to_server, OfficerReadServicer(Readers(seams))),
        (
            upstream_service_pb2_grpc.add_UpstreamServiceServicer_to_server,
            UpstreamServicer(workshop, settings.upstream_issuer),
        ),
        (scim_service_pb2_grpc.add_ScimServiceServicer_to_server, ScimServicer(workshop, settings.public_url)),
        (key_service_pb2_grpc.add_KeyServiceServicer_to_server, KeyServicer(parts.keys, workshop)),
        (oauth_service_pb2_grpc.add_OAuthServiceServicer_to_server, OAuthServicer(provider)),
    ]


def _provider(settings: IdentitySettings, seams: Seams, parts: _Parts) -> Provider:
    issuer, desk = settings.public_url, parts.desk
    pages = Pages(load_countries()[seams.country].display_names)
    cookies = Cookies(issuer, parts.keys.secret("cookies"), seams.clock)
    tickets = Tickets(parts.keys.secret("tickets"), seams.clock)
    provider = Upstream(
        settings.upstream_issuer,
        client_id=settings.upstream_client_id,
        secret_file=settings.upstream_secret_file,
        claim=settings.upstream_claim,
        callback=f"{issuer}{UPSTREAM_PATH}",
        now=seams.clock,
    )
    upstream = UpstreamDesk(provider, desk, pages, cookies, seams.ids)
    form = SignInForm(
        desk,
        pages,
        cookies=cookies,
        tickets=tickets,
        authenticators=parts.authenticators,
        upstream=upstream,
        new_id=seams.ids,
    )
    inspector = Inspector(OwnKeys(parts.keys, issuer, desk.transactions), desk.transactions, seams.clock)
    possession = Possession(issuer, seams.clock, taken_in(parts.database, seams.clock))
    return Provider(
        issuer=issuer,
        keys=parts.keys,
        sign_in=SignInDesk(issuer, desk, pages, form),
        devices=DeviceDesk(issuer, desk, pages, form),
        account=AccountDesk(desk, pages, form, cookies=cookies, tickets=tickets, authenticators=parts.authenticators),
        recovery=RecoveryDesk(desk, pages, cookies),
        upstream=upstream,
        sign_out=SignOutDesk(issuer, desk, parts.keys, pages),
        tokens=TokenDesk(
            issuer, desk, parts.minter, inspector, certifying=RemoteCertifying(seams.channel), possession=possession
        ),
        user_info=UserInfoDesk(desk, inspector, possession),
    )
