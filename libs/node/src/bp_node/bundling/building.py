"""`bundle build`: makes a bundle, signed with the key of whoever releases."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bp_exchange.adapters.root_keys import RootKeyError, read_key
from bp_kit.disk import write_private
from bp_kit.ports import system_clock
from bp_node.backup.passphrase import known_passphrase
from bp_node.bundling.gathering import Gathering
from bp_node.bundling.manifest import MANIFEST, SIGNATURE, BundleError, Manifest, require_release, sign
from bp_node.bundling.reading import of_file, read
from bp_node.failure import CommandError, told_plainly
from bp_node.screen import errors, say, say_json, working

_MIB = 1024 * 1024


@dataclass(frozen=True)
class Wanted:
    """What a bundle is made of.

    Attributes:
        images: Archives as `docker save` writes them.
        folders: NAME=PATH, each.
        release: Its name; this program's own version when empty.
        since: A bundle, or its manifest: what is in that one is left out.
    """

    images: Sequence[Path]
    folders: Sequence[str]
    release: str
    since: Path | None


def build(to: Path, wanted: Wanted, key: Path, passphrase_file: Path | None, *, as_json: bool) -> None:
    """Makes a bundle, and signs it with a key that `register keys new` made.

    Raises:
        CommandError: Something cannot be read, written or signed; nothing is left behind.
    """
    if to.exists():
        raise CommandError(f"{to} is there already")
    part = to.with_name(f".{to.name}.part")
    try:
        secret = read_key(read(key), known_passphrase(passphrase_file))
        with told_plainly("write the bundle", to), working(f"making {to}", quiet=as_json):
            shutil.rmtree(part, ignore_errors=True)
            manifest, carried = _gathered(part, wanted, quiet=as_json)
            content = manifest.to_bytes()
            write_private(part / MANIFEST, content, replace=True)
            write_private(part / SIGNATURE, sign(content, secret), replace=True)
            part.replace(to)
    except (BundleError, RootKeyError) as error:
        raise CommandError(str(error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _say(to, manifest, carried, as_json=as_json)


def _gathered(part: Path, wanted: Wanted, *, quiet: bool) -> tuple[Manifest, int]:
    release = wanted.release or version("bluepacific-node")
    require_release(release)
    before = of_file(wanted.since) if wanted.since else None
    known = {one.digest for one in before.items} if before else set()
    gathering = Gathering(part, known, lambda path: _tell(path, quiet=quiet))
    for name, folder in map(_named, wanted.folders):
        gathering.add_folder(name, folder)
    for image in wanted.images:
        gathering.add_archive(f"images/{image.name}", image)
    if not gathering.items:
        raise CommandError("nothing was given that could go into a bundle: --image FILE, --add NAME=PATH")
    since = before.release if before else ""
    archives, items = tuple(gathering.archives), tuple(sorted(gathering.items))
    return Manifest(release, since, system_clock(), archives, items), gathering.carried


def _tell(path: str, *, quiet: bool) -> None:
    if not quiet and not errors.is_terminal:
        errors.print(f"  {path}", soft_wrap=True)


def _say(to: Path, manifest: Manifest, carried: int, *, as_json: bool) -> None:
    if as_json:
        told = {"release": manifest.release, "since": manifest.since, "files": len(manifest.items), "bytes": carried}
        say_json({"bundle": str(to), **told})
        return
    only = f", with only what changed since {manifest.since}" if manifest.since else ""
    say(f"{to}: release {manifest.release}{only}; {len(manifest.items)} files, {carried / _MIB:.1f} MiB")


def _named(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise CommandError(f"{text!r} is not NAME=PATH, as in --add charts=build/charts")
    if not Path(path).exists():
        raise CommandError(f"{path} is not there")
    return name, Path(path)
