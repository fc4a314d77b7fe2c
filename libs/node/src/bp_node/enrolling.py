"""`node invite` and `node enrol`: letting a node into the network, and the words that two people compare."""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bp_node import folder
from bp_node.failure import CommandError, told_plainly
from bp_node.recording import Record, check_language, text_record, write_record
from bp_node.screen import say, say_json, working
from bp_node.settings import NodeSettings, load

if TYPE_CHECKING:
    from bp_exchange.adapters.joining import Joined
    from bp_exchange.settings import ExchangeSettings

RECORD_FILE = "enrolment.txt"
_MAX_TOKEN_LETTERS = 4096
_FROM_INPUT = "-"
_CODE = re.compile(r"[A-Z]{3}")
_NODE_ID = re.compile(r"[a-z][a-z0-9-]{1,30}")


def make_keys(settings: NodeSettings) -> str:
    """Makes a node's keys; for a centre it also founds the network. Returns the keys' fingerprint in words.

    Raises:
        CommandError: The key folder cannot be written.
    """
    from bp_exchange.adapters.authority import Authority  # noqa: PLC0415 - slow, and only here
    from bp_exchange.adapters.key_folder import KeyFolder  # noqa: PLC0415
    from bp_exchange.protocol.words import fingerprint  # noqa: PLC0415
    from bp_kit.ports import system_clock  # noqa: PLC0415

    exchange = exchange_settings(settings)
    with told_plainly("write the keys of", settings.folder):
        keys = KeyFolder(exchange.key_dir, exchange.node_id)
        if settings.centre:
            Authority(keys, exchange, system_clock).found()
        return fingerprint(keys.node(exchange.countries, centre=exchange.centre))


def invite(directory: Path, node_id: str, countries: tuple[str, ...], *, by: str = "", as_json: bool) -> None:
    """At the centre: makes the one-time token that lets a node in; the centre may run meanwhile.

    Raises:
        CommandError: This is not the centre, a name cannot be, or a country is served by another node.
    """
    settings = load(directory)
    if not settings.centre:
        raise CommandError(f"{settings.node_id} is not the centre: only the centre invites")
    if not _NODE_ID.fullmatch(node_id):
        raise CommandError(f"{node_id} cannot be a node's name: small letters, digits and -, at most 31")
    for country in countries:
        if not _CODE.fullmatch(country):
            raise CommandError(f"{country} is not an ISO 3166-1 alpha-3 code such as FJI")
    exchange = exchange_settings(settings)
    token = asyncio.run(_invite(settings, exchange, node_id, countries, by))
    if as_json:
        say_json({"node": node_id, "countries": list(countries), "token": token})
        return
    say(
        f"one-time token for {node_id} ({', '.join(countries)}), open for {_period(exchange)}; hand it over like a key:"
    )
    sys.stdout.write(token + "\n")
    if by:
        say(f"when it has enrolled, another person than {by} confirms it: bluepacific node confirm {node_id}")


@dataclass(frozen=True)
class Papers:
    """The printable record of an enrolment.

    Attributes:
        file: Where to write it, beside the node's own; HTML where it is named so. None for the node's own only.
        language: en, fr, es or ar.
        read_by: Who reads the words aloud at the node; empty for a line to write on.
    """

    file: Path | None = None
    language: str = "en"
    read_by: str = ""


def enrol(directory: Path, token: str, papers: Papers | None = None, *, as_json: bool) -> None:
    """Lets the node of a folder into the network, and prints the words that two people compare.

    Raises:
        CommandError: The token is none, the centre cannot be reached, it refuses, or the record cannot be written.
    """
    papers = papers or Papers()
    check_language(papers.language)
    from bp_node.resending import make_due  # noqa: PLC0415 - with the database, and only here

    settings = load(directory)
    given = sys.stdin.readline(_MAX_TOKEN_LETTERS) if token == _FROM_INPUT else token
    with working("enrolling at the centre", quiet=as_json):
        joined = asyncio.run(_enrol(settings, given.strip()))
        # Before it was a member, nothing could be sent to the others.
        asyncio.run(make_due(settings))
    record = _record(joined, papers.read_by)
    own = settings.place(RECORD_FILE)
    folder.write_secret(own, text_record(record, papers.language))
    file = papers.file or own
    if papers.file:
        write_record(papers.file, record, papers.language)
    if as_json:
        say_json(_document(joined, file))
        return
    say(text_record(record, papers.language))
    say(f"this record is in {file}: print it, sign it, keep it with the country's papers")


def exchange_settings(settings: NodeSettings) -> ExchangeSettings:
    """Returns the settings of a node's exchange."""
    from bp_exchange.settings import ExchangeSettings  # noqa: PLC0415 - slow, and only here
    from bp_node.services import settings_of  # noqa: PLC0415

    found = settings_of("exchange", settings)
    assert isinstance(found, ExchangeSettings)
    return found


async def _invite(
    settings: NodeSettings, exchange: ExchangeSettings, node_id: str, countries: tuple[str, ...], by: str
) -> str:
    from bluepacific.exchange.v1 import register_pb2  # noqa: PLC0415 - slow, and only here
    from bp_exchange.adapters.authority import Authority  # noqa: PLC0415
    from bp_exchange.adapters.bells import Bells  # noqa: PLC0415
    from bp_exchange.adapters.inviting import invite as make_token  # noqa: PLC0415
    from bp_exchange.adapters.key_folder import KeyFolder  # noqa: PLC0415
    from bp_exchange.adapters.register_keeper import RegisterKeeper  # noqa: PLC0415
    from bp_exchange.usecases.enrolling import is_served  # noqa: PLC0415
    from bp_kit.database import Database  # noqa: PLC0415
    from bp_kit.migrations import migrate  # noqa: PLC0415
    from bp_kit.ports import system_clock  # noqa: PLC0415

    keys = KeyFolder(exchange.key_dir, exchange.node_id)
    database = Database(exchange.database_url)
    with told_plainly("use", settings.folder):
        # Harmless where it is up to date; needed where the centre has never run.
        await migrate("bp_exchange", exchange.database_url)
    try:
        register = RegisterKeeper(database, keys, keys.node(exchange.countries, centre=True), Bells())
        await register.load()
        wanted = register_pb2.Node(node_id=node_id, countries=countries)
        if register.current and is_served(register.current.register, wanted):
            raise CommandError(f"another node serves {' or '.join(countries)} already")
        if node_id == exchange.node_id:
            raise CommandError(f"{node_id} is the centre itself")
        async with database.write() as session:
            return await make_token(
                session,
                Authority(keys, exchange, system_clock),
                exchange,
                node_id=node_id,
                countries=countries,
                clock=system_clock,
                invited_by=by,
            )
    finally:
        await database.aclose()


async def _enrol(settings: NodeSettings, token: str) -> Joined:
    import grpc  # noqa: PLC0415 - slow, and only here

    from bp_exchange.adapters.inviting import read_token  # noqa: PLC0415
    from bp_exchange.adapters.joining import JoinRefusedError, join  # noqa: PLC0415
    from bp_exchange.adapters.key_folder import KeyFolder  # noqa: PLC0415
    from bp_kit.ports import system_clock  # noqa: PLC0415
    from bp_verify.trust import RegisterNotTrustedError  # noqa: PLC0415

    try:
        invitation = read_token(token)
    except ValueError:
        raise CommandError("this is not a token, or a part of it is missing; copy the whole line") from None
    if invitation.node_id != settings.node_id:
        raise CommandError(f"this token is for {invitation.node_id}, not for {settings.node_id}")
    exchange = exchange_settings(settings)
    try:
        return await join(
            KeyFolder(exchange.key_dir, exchange.node_id, exchange.wire_version), invitation, system_clock()
        )
    except grpc.RpcError as error:
        raise CommandError(_why(error, invitation.link)) from error
    except (JoinRefusedError, RegisterNotTrustedError) as error:
        raise CommandError(f"the centre's answer cannot be trusted: {error}") from error


def _why(error: Any, link: str) -> str:
    import grpc  # noqa: PLC0415 - slow, and only here

    if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        return f"the centre cannot be reached at {link}, or the token has expired, or a clock is days off"
    return str(error.details())


def _period(exchange: ExchangeSettings) -> str:
    hours = int(exchange.invitation_lifetime.total_seconds() // 3600)
    return f"{hours} hours"


def _document(joined: Joined, file: Path) -> dict[str, Any]:
    from bp_exchange.protocol.words import fingerprint  # noqa: PLC0415 - slow, and only here

    return {
        "node": joined.node.node_id,
        "fingerprint": fingerprint(joined.node),
        "centre": joined.centre.node_id,
        "centreFingerprint": fingerprint(joined.centre),
        "registerVersion": joined.trusted.version,
        "confirmed": bool(joined.node.countries),
        "record": str(file),
    }


def _record(joined: Joined, read_by: str) -> Record:
    from bp_exchange.protocol.words import fingerprint  # noqa: PLC0415 - slow, and only here
    from bp_kit.ports import system_clock  # noqa: PLC0415

    return Record(
        node=joined.node.node_id,
        countries=tuple(joined.node.countries),
        fingerprint=fingerprint(joined.node),
        centre=joined.centre.node_id,
        centre_fingerprint=fingerprint(joined.centre),
        register=joined.trusted.version,
        sign_key=joined.node.sign_key,
        seal_key=joined.node.hpke_key,
        tls_key_sha256=joined.node.tls_key_sha256,
        time=system_clock(),
        read_by=read_by,
    )
