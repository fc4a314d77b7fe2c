"""`node people`: a country's units and first people, before anybody is there who may call."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

from bp_node import folder
from bp_node.failure import CommandError, told_plainly
from bp_node.screen import say, say_json, working
from bp_node.settings import NodeSettings, load

_PASSWORD_BYTES = 15


def plant(directory: Path, file: Path, passwords_file: Path, *, as_json: bool) -> None:
    """Sets up what the file names and is not there yet.

    Args:
        directory: The node's folder.
        file: JSON: `{"units": [{"id", "displayName", "kind"}], "officers": [{"id", "givenName", "familyName", "email", "gender",
            "language", "roles": ["officer@ncb"]}]}`.
        passwords_file: JSON of passwords by officer's name; those not in it are generated and added.
        as_json: Write JSON.

    Raises:
        CommandError: The node runs, the file cannot be read, or identity refuses it.
    """
    settings = load(directory)
    with told_plainly("read", file):
        text = file.read_text(encoding="utf-8")
    try:
        document = json.loads(text)
        passwords = _passwords(settings.country, document, passwords_file)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommandError(f"{file} is not a list of units and officers: {error!r}") from error
    folder.write_secret(passwords_file, json.dumps(passwords, indent=1))
    with working(f"setting up people of {settings.country}", quiet=as_json):
        asyncio.run(_plant(settings, document, passwords))
    names = [officer_name(settings.country, one["id"]) for one in document.get("officers", ())]
    if as_json:
        say_json({"node": settings.node_id, "officers": names})
    else:
        say(f"{settings.node_id}: {len(names)} people can sign in; their passwords are in {passwords_file}")


def officer_name(country: str, officer_id: str) -> str:
    """Returns `countries/FJI/officers/ana`."""
    return f"countries/{country}/officers/{officer_id}"


def _passwords(country: str, document: dict[str, Any], file: Path) -> dict[str, str]:
    held: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    for officer in document.get("officers", ()):
        held.setdefault(officer_name(country, officer["id"]), secrets.token_urlsafe(_PASSWORD_BYTES))
    return held


async def _plant(settings: NodeSettings, document: dict[str, Any], passwords: dict[str, str]) -> None:
    from bp_identity.app import bootstrap, build  # noqa: PLC0415 - slow, and only here
    from bp_kit.errors import Refused  # noqa: PLC0415
    from bp_kit.rpc.inprocess import InProcessChannel  # noqa: PLC0415
    from bp_node.embedded import seams_of  # noqa: PLC0415
    from bp_node.migrating import bring_up_to_date  # noqa: PLC0415
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
            await bootstrap(identity, seams, _seed(settings.country, document, passwords))
        except Refused as refused:
            raise CommandError(f"identity refuses these people: {refused}") from refused


def _seed(country: str, document: dict[str, Any], passwords: dict[str, str]) -> Any:
    from bp_identity.domain.officer import Person  # noqa: PLC0415
    from bp_identity.usecases.bootstrap import Seed, SeedClient, SeedOfficer, SeedUnit  # noqa: PLC0415

    def grants(one: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        pairs = (role.split("@", 1) for role in one.get("roles", ()))
        return tuple((role.upper(), unit) for role, unit in pairs)

    return Seed(
        country=country,
        units=tuple(SeedUnit(one["id"], one["displayName"], one["kind"]) for one in document.get("units", ())),
        officers=tuple(
            SeedOfficer(
                officer_id=one["id"],
                person=Person(
                    one["givenName"],
                    one["familyName"],
                    one["email"],
                    one.get("gender", "UNDISCLOSED"),
                    one.get("language", ""),
                ),
                password=passwords[officer_name(country, one["id"])],
                grants=grants(one),
            )
            for one in document.get("officers", ())
        ),
        clients=tuple(
            SeedClient(one["id"], one["displayName"], redirect_uris=tuple(one.get("redirectUris", ())))
            for one in document.get("clients", ())
        ),
    )
