"""`bundle install` and `bundle verify`: take a release from a stick, or say why not and change nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

from bp_node.bundling.manifest import BundleError, Item, Manifest
from bp_node.bundling.reading import content, fingerprint, has, public_key, read, verified
from bp_node.bundling.store import Store
from bp_node.failure import CommandError, told_plainly
from bp_node.screen import say, say_json, working

_MIB = 1024 * 1024
# Beside what is written: a disk must never be filled by an installation.
_SPARE = 200 * _MIB


def verify(bundle: Path, trust: Path, *, as_json: bool) -> None:
    """Says whether a bundle is whole and signed with a key.

    Raises:
        CommandError: It is not.
    """
    try:
        key = public_key(read(trust))
        manifest = verified(bundle, key)
        with working(f"reading {bundle}", quiet=as_json):
            carried = [one for one in _distinct(manifest) if has(bundle, one)]
            for item in carried:
                for _ in content(bundle, item):
                    continue
    except BundleError as error:
        raise CommandError(f"{bundle}: {error}") from error
    told = {"release": manifest.release, "since": manifest.since, "key": fingerprint(key)}
    if as_json:
        say_json({"bundle": str(bundle), **told, "contents": len(_distinct(manifest)), "carried": len(carried)})
        return
    say(f"{bundle}: release {manifest.release}, whole, signed with the key {told['key']}")
    if manifest.since:
        say(f"it has only what changed since {manifest.since}")


def install(bundle: Path, folder: Path, trust: Path | None, *, older: bool, as_json: bool) -> None:
    """Takes a bundle into a folder of releases.

    Args:
        bundle: The stick.
        folder: Of releases, on this machine.
        trust: The key's public half, the first time.
        older: Also a release that was made before the newest one here.
        as_json: For a script.

    Raises:
        CommandError: It cannot be taken; nothing has changed.
    """
    try:
        with told_plainly("use the folder of releases", folder):
            store = Store(folder)
            trusted = _trusted(store, trust)
            manifest = verified(bundle, public_key(trusted))
            _refuse_older(store, manifest, older=older)
            new = _needed(store, bundle, manifest)
            _refuse_full(folder, manifest, new)
            with working(f"taking release {manifest.release}", quiet=as_json):
                for item in new:
                    store.take(item, content(bundle, item))
                place = store.lay_out(manifest)
                store.trust(trusted)
                store.forget()
    except BundleError as error:
        raise CommandError(f"{bundle}: {error}") from error
    _say(place, manifest, len(new), as_json=as_json)


def _trusted(store: Store, trust: Path | None) -> bytes:
    known, given = store.key(), read(trust) if trust else None
    if known is None and given is None:
        raise CommandError(
            "whose releases are trusted here? give --trust FILE.pub, once, and compare its words by voice"
        )
    if known is not None and given is not None and known != given:
        raise CommandError(f"another key is trusted here already ({store.folder}); nothing was taken")
    found = known or given
    assert found is not None
    return found


def _refuse_older(store: Store, manifest: Manifest, *, older: bool) -> None:
    for one in store.releases():
        if one.create_time > manifest.create_time and not older:
            raise CommandError(
                f"release {one.release} is here and newer than {manifest.release}; to go back all the same: --older"
            )


def _needed(store: Store, bundle: Path, manifest: Manifest) -> list[Item]:
    missing = [one for one in _distinct(manifest) if not store.has(one)]
    lost = [one for one in missing if not has(bundle, one)]
    if lost and manifest.since:
        raise BundleError(f"it has only what changed since {manifest.since}, which is not here: take the whole bundle")
    if lost:
        raise BundleError(f"{lost[0].path} is missing from it")
    return missing


def _refuse_full(folder: Path, manifest: Manifest, new: list[Item]) -> None:
    # Contents, and the release's folder made of all of them.
    wanted = sum(one.size for one in new) + sum(one.size for one in manifest.items) + _SPARE
    free = shutil.disk_usage(folder).free
    if free < wanted:
        raise CommandError(f"{folder} has {free // _MIB} MiB left and {wanted // _MIB} are needed; nothing was taken")


def _distinct(manifest: Manifest) -> list[Item]:
    return list({one.digest: one for one in manifest.items}.values())


def _say(place: Path, manifest: Manifest, taken: int, *, as_json: bool) -> None:
    images = [str(place / archive) for archive in manifest.archives]
    if as_json:
        say_json({"release": manifest.release, "folder": str(place), "taken": taken, "images": images})
        return
    say(f"release {manifest.release} is in {place}; {taken} contents were new")
    for image in images:
        say(f"to give the cluster its image: ctr --namespace k8s.io images import {image}")
