"""`register ...`: making keys of the register's root, a new root with them, its signatures, and making it the network's."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bp_node.backup.passphrase import known_passphrase, new_passphrase
from bp_node.enrolling import exchange_settings
from bp_node.failure import CommandError, told_plainly
from bp_node.screen import say, say_json
from bp_node.settings import NodeSettings, load

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from bp_exchange.adapters.key_folder import KeyFolder
    from bp_exchange.adapters.register_keeper import RegisterKeeper
    from bp_kit.database import Database

_MAX_BYTES = 1024 * 1024


def new_key(to: Path, passphrase_file: Path | None, *, as_json: bool) -> None:
    """Makes a key of the root: `to` is encrypted, `to`.pub its public half.

    Raises:
        CommandError: The passphrase is too short, or a file is there or cannot be written.
    """
    from bp_exchange.adapters.root_keys import make_key  # noqa: PLC0415 - slow, and only here

    pem, public = make_key(new_passphrase(passphrase_file))
    half = to.with_name(to.name + ".pub")
    _write(half, json.dumps(public).encode() + b"\n")
    _write(to, pem)
    if as_json:
        say_json({"file": str(to), "public": str(half), "keyId": public["keyid"]})
        return
    say(f"{to}: the key, for its holder only; without the passphrase it is worth nothing")
    say(f"{half}: its public half, for the centre; key id {public['keyid']}, which the holder reads out there")


def rotate_root(directory: Path, keys: tuple[Path, ...], threshold: int, to: Path, *, as_json: bool) -> None:
    """Writes a new root with other keys, to be signed.

    Raises:
        CommandError: This is not the centre, a key is none, or the file is there.
    """
    from bp_exchange.adapters.root_keys import RootKeyError, next_root, state_of  # noqa: PLC0415 - slow
    from bp_kit.ports import system_clock  # noqa: PLC0415

    settings = _centre(directory)
    public = [_public(file) for file in keys]
    newest = asyncio.run(_newest(settings))
    try:
        root = next_root(newest, public, threshold, system_clock())
    except RootKeyError as error:
        raise CommandError(str(error)) from error
    _write(to, root)
    before, state = state_of(newest), state_of(root)
    if as_json:
        say_json({"file": str(to), "version": state.version, "threshold": threshold, "keyIds": list(state.key_ids)})
        return
    say(f"{to}: root {state.version}, by {threshold} of {len(state.key_ids)} keys")
    say(f"to be signed by {before.threshold} of the keys of root {before.version}, and {threshold} of its own")


def sign(file: Path, key: Path | None, directory: Path | None, passphrase_file: Path | None, *, as_json: bool) -> None:
    """Adds a signature to a root.

    Raises:
        CommandError: It is no root, the passphrase is another, or there is no such key.
    """
    from bp_exchange.adapters.root_keys import RootKeyError, sign_root, state_of  # noqa: PLC0415 - slow

    if (key is None) == (directory is None):
        raise CommandError("give either --key, a holder's key, or --dir, the centre's folder")
    root = _read(file)
    try:
        signed = sign_root(root, _key(key, directory, passphrase_file))
    except RootKeyError as error:
        raise CommandError(str(error)) from error
    state = state_of(signed)
    unfinished = file.with_name(f".{file.name}.new")
    unfinished.unlink(missing_ok=True)
    _write(unfinished, signed)
    unfinished.replace(file)
    if as_json:
        say_json({"file": str(file), "version": state.version, "signedBy": list(state.signed_by)})
        return
    say(f"{file}: root {state.version} has {len(state.signed_by)} signatures now")


def publish(directory: Path, file: Path, *, as_json: bool) -> None:
    """Makes a signed root the network's; the centre may run meanwhile.

    Raises:
        CommandError: This is not the centre, or too few have signed it.
    """
    from bp_verify.trust import RegisterNotTrustedError  # noqa: PLC0415 - slow

    settings = _centre(directory)
    try:
        version = asyncio.run(_publish(settings, _read(file)))
    except RegisterNotTrustedError as error:
        raise CommandError(
            f"{file} is not the next root, or too few of the old or the new keys have signed it"
        ) from error
    founding = settings.place("keys", "exchange", "register-root.key")
    if as_json:
        say_json({"rootVersion": version})
        return
    say(f"root {version} is the network's; every node follows at its next contact")
    if founding.exists():
        say(
            f"the key that the network was founded with counts no longer, if the new root does not name it: remove {founding}"
        )


def _centre(directory: Path) -> NodeSettings:
    settings = load(directory)
    if not settings.centre:
        raise CommandError(f"{settings.node_id} is not the centre: only there is the register made")
    return settings


@asynccontextmanager
async def _register(settings: NodeSettings) -> AsyncIterator[tuple[Database, KeyFolder, RegisterKeeper]]:
    from bp_exchange.adapters.bells import Bells  # noqa: PLC0415 - slow, and only here
    from bp_exchange.adapters.key_folder import KeyFolder  # noqa: PLC0415
    from bp_exchange.adapters.register_keeper import RegisterKeeper  # noqa: PLC0415
    from bp_kit.database import Database  # noqa: PLC0415
    from bp_kit.migrations import migrate  # noqa: PLC0415

    exchange = exchange_settings(settings)
    folder, database = KeyFolder(exchange.key_dir, exchange.node_id), Database(exchange.database_url)
    with told_plainly("use", settings.folder):
        await migrate("bp_exchange", exchange.database_url)
    try:
        yield database, folder, RegisterKeeper(database, folder, folder.node(exchange.countries, centre=True), Bells())
    finally:
        await database.aclose()


async def _newest(settings: NodeSettings) -> bytes:
    async with _register(settings) as (database, _, keeper), database.read() as session:
        held = await keeper.held(session)
        if held is None:
            raise CommandError("there is no register yet")
        return held.bundle.roots[-1]


async def _publish(settings: NodeSettings, root: bytes) -> int:
    from bp_exchange.adapters.authority import Authority  # noqa: PLC0415 - slow, and only here
    from bp_kit.ports import system_clock  # noqa: PLC0415

    async with _register(settings) as (database, folder, keeper), database.write() as session:
        held = await keeper.held(session)
        if held is None:
            raise CommandError("there is no register yet")
        trusted = Authority(folder, exchange_settings(settings), system_clock).follow(held, root)
        await keeper.keep(session, trusted)
        return trusted.root.version


def _key(key: Path | None, directory: Path | None, passphrase_file: Path | None) -> Ed25519PrivateKey:
    from bp_exchange.adapters.root_keys import read_key  # noqa: PLC0415 - slow, and only here

    if key:
        return read_key(_read(key), known_passphrase(passphrase_file))
    return _founding_key(_centre(directory or Path()))


def _founding_key(settings: NodeSettings) -> Ed25519PrivateKey:
    from bp_exchange.adapters.key_folder import KeyFolder  # noqa: PLC0415 - slow, and only here

    exchange = exchange_settings(settings)
    folder = KeyFolder(exchange.key_dir, exchange.node_id)
    if not folder.read("register-root.key"):
        raise CommandError("the key that the network was founded with is not here any more")
    return folder.ed25519("register-root")


def _public(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(_read(file))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CommandError(f"{file} is no public key as `register keys new` writes it")
    return found


def _read(file: Path) -> bytes:
    with told_plainly("read", file), file.open("rb") as opened:
        content = opened.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise CommandError(f"{file} is too large")
    return content


def _write(file: Path, content: bytes) -> None:
    """Never over a file that is there: it may be a key."""
    with told_plainly("write", file):
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
