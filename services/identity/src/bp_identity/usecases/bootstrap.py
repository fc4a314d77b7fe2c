"""Setting a country up before anybody is there who may call: units, first people, clients. Repeating it changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from bp_identity.domain.client import BROWSER, ClientDraft
from bp_identity.domain.credential import Credential
from bp_identity.domain.names import client_name, country_name, officer_name, unit_name
from bp_identity.domain.officer import Person
from bp_identity.domain.password import check_password
from bp_identity.usecases.clients import add_client
from bp_identity.usecases.grants import give
from bp_identity.usecases.officers import add_officer
from bp_identity.usecases.proving import PasswordHasher
from bp_identity.usecases.units import add_unit
from bp_identity.usecases.work import Work
from bp_kit.errors import Refused


@dataclass(frozen=True)
class SeedUnit:
    """A unit to be there.

    Attributes:
        unit_id: `ncb`.
        display_name: What people call it.
        kind: A `UnitKind` without prefix: `NCB`.
    """

    unit_id: str
    display_name: str
    kind: str


@dataclass(frozen=True)
class SeedOfficer:
    """An officer to be there.

    Attributes:
        officer_id: `ana`.
        person: Who it is.
        password: To sign in with.
        grants: (role, unit id) pairs: `("ADMINISTRATOR", "ncb")`.
    """

    officer_id: str
    person: Person
    password: str
    grants: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SeedClient:
    """An OAuth client to be there.

    Attributes:
        client_id: `portal`.
        display_name: Shown on the sign-in page.
        kind: `BROWSER`, `TERMINAL` or `SERVICE`.
        redirect_uris: For BROWSER.
        post_logout_redirect_uris: For BROWSER.
        grants: (role, unit id) pairs, for SERVICE.
        secret: For SERVICE.
        scopes: What its tokens are narrowed to, for SERVICE.
    """

    client_id: str
    display_name: str
    kind: str = BROWSER
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    grants: tuple[tuple[str, str], ...] = ()
    secret: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seed:
    """What a country starts with.

    Attributes:
        country: ISO 3166-1 alpha-3 code.
        units: Its units.
        officers: Its first officers; one should be an administrator.
        clients: Its OAuth clients.
    """

    country: str
    units: tuple[SeedUnit, ...] = ()
    officers: tuple[SeedOfficer, ...] = ()
    clients: tuple[SeedClient, ...] = ()


async def plant(work: Work, passwords: PasswordHasher, seed: Seed) -> None:
    """Makes what the seed names and is not there yet; leaves what is there as it is.

    Raises:
        Refused: PASSWORD_LENGTH, PASSWORD_COMMON, UNIT_NOT_IN_SERVICE, EMAIL_TAKEN, INVALID_FIELD, TOO_MANY_GRANTS;
            NOT_FOUND for a country not served here.
    """
    if seed.country not in work.countries:
        raise Refused("NOT_FOUND", name=country_name(seed.country))
    for unit in seed.units:
        name = unit_name(seed.country, unit.unit_id)
        if await work.units.find(name) is None:
            await add_unit(work, name=name, display_name=unit.display_name, kind=unit.kind)
    for officer in seed.officers:
        await _plant_officer(work, passwords, seed.country, officer)
    for client in seed.clients:
        await _plant_client(work, seed.country, client)


async def _plant_officer(work: Work, passwords: PasswordHasher, country: str, seed: SeedOfficer) -> None:
    name = officer_name(country, seed.officer_id)
    if await work.officers.find(name) is None:
        check_password(seed.password)
        await add_officer(work, name=name, person=seed.person)
        await work.credentials.save(Credential(name, await passwords.hash(seed.password)))
    held = {(grant.role, grant.unit) for grant in await work.grants.of_officer(name)}
    for role, unit_id in seed.grants:
        unit = unit_name(country, unit_id)
        # One that ended stays ended: repeating must not give back what was taken.
        if (role, unit) not in held:
            creator = country_name(country)
            await give(work, name, role=role, unit=unit, start_time=None, end_time=None, creator=creator)


async def _plant_client(work: Work, country: str, seed: SeedClient) -> None:
    name = client_name(country, seed.client_id)
    if await work.clients.find(name) is None:
        draft = ClientDraft(
            display_name=seed.display_name,
            kind=seed.kind,
            redirect_uris=seed.redirect_uris,
            post_logout_redirect_uris=seed.post_logout_redirect_uris,
            grants=tuple((role, unit_name(country, unit_id)) for role, unit_id in seed.grants),
            scopes=seed.scopes,
        )
        await add_client(work, name=name, draft=draft, secret=seed.secret)
