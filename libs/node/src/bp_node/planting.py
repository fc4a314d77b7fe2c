"""`node people`: a country's units and first people, before anybody is there who may call."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bp_node import folder
from bp_node.failure import CommandError, told_plainly
from bp_node.screen import say, say_json, working
from bp_node.settings import NodeSettings, load

if TYPE_CHECKING:
    from bp_node.people import People

_PASSWORD_BYTES = 15


def plant(directory: Path, file: Path, passwords_file: Path, *, as_json: bool) -> None:
    """Sets up what the file names and is not there yet.

    Args:
        directory: The node's folder.
        file: As `read_people` takes it.
        passwords_file: JSON of passwords by officer's name; those not in it are generated and added.
        as_json: Write JSON.

    Raises:
        CommandError: The node runs, the file cannot be read, or identity refuses it.
    """
    from bp_node.people import read_people  # noqa: PLC0415 - slow, and only here

    settings = load(directory)
    with told_plainly("read", file):
        text = file.read_text(encoding="utf-8", errors="replace")
    people = read_people(settings.country, text)
    names = [officer_name(settings.country, one.officer_id) for one in people.officers]
    passwords = _passwords(names, passwords_file)
    folder.write_secret(passwords_file, json.dumps(passwords, indent=1))
    with working(f"setting up people of {settings.country}", quiet=as_json):
        asyncio.run(_plant(settings, people, passwords))
    if as_json:
        say_json({"node": settings.node_id, "officers": names})
    else:
        say(f"{settings.node_id}: {len(names)} people can sign in; their passwords are in {passwords_file}")


def officer_name(country: str, officer_id: str) -> str:
    """Returns `countries/FJI/officers/ana`."""
    return f"countries/{country}/officers/{officer_id}"


def _passwords(names: list[str], file: Path) -> dict[str, str]:
    try:
        held: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        for name in names:
            held.setdefault(name, secrets.token_urlsafe(_PASSWORD_BYTES))
    except (OSError, ValueError, AttributeError) as error:
        raise CommandError(f"{file} is not a file of passwords: {error}") from error
    return held


async def _plant(settings: NodeSettings, people: People, passwords: dict[str, str]) -> None:
    from bp_identity.app import bootstrap, build  # noqa: PLC0415 - slow, and only here
    from bp_kit.errors import Refused  # noqa: PLC0415
    from bp_kit.rpc.inprocess import InProcessChannel  # noqa: PLC0415
    from bp_node.migrating import bring_up_to_date  # noqa: PLC0415
    from bp_node.seams import seams_of  # noqa: PLC0415
    from bp_node.services import settings_of  # noqa: PLC0415

    identity: Any = settings_of("identity", settings)
    with folder.held(settings.folder):
        seams = seams_of(settings, InProcessChannel({}))
        service = build(identity, seams)
        try:
            await bring_up_to_date(service, settings.place("backups"))
        finally:
            await service.aclose()
        try:
            await bootstrap(identity, seams, _seed(settings.country, people, passwords))
        except Refused as refused:
            raise CommandError(f"identity refuses these people: {refused}") from refused


def _seed(country: str, people: People, passwords: dict[str, str]) -> Any:
    from bp_identity.domain.officer import Person  # noqa: PLC0415
    from bp_identity.usecases.bootstrap import Seed, SeedClient, SeedOfficer, SeedUnit  # noqa: PLC0415

    return Seed(
        country=country,
        units=tuple(SeedUnit(one.unit_id, one.display_name, one.kind) for one in people.units),
        officers=tuple(
            SeedOfficer(
                officer_id=one.officer_id,
                person=Person(one.given_name, one.family_name, one.email, one.gender, one.language),
                password=passwords[officer_name(country, one.officer_id)],
                grants=one.grants,
            )
            for one in people.officers
        ),
        clients=tuple(
            SeedClient(one.client_id, one.display_name, redirect_uris=one.redirect_uris) for one in people.clients
        ),
    )
