"""A node's files: its own, ciphertexts that are whole, and those that are arriving. Sealed and opened by the real cipher."""

import hashlib

from bp_exchange.protocol.filecipher import decrypt, encrypt
from bp_exchange.protocol.refusal import RefusedItemError
from bp_exchange.protocol.session.effects import Wanted
from bp_exchange.usecases import bells
from bp_exchange.usecases.drafting import FileKey
from bp_exchange.usecases.records import SealedFile
from tests.simulation.world import run


class Disk:
    """What stands beside the database.

    Attributes:
        own: The node's files, by digest.
        sealed: Ciphertexts that are whole.
        parts: Those that arrive.
    """

    def __init__(self, own=None, sealed=None, parts=None):
        self.own = own or {}
        self.sealed = sealed or {}
        self.parts = parts or {}

    def copy(self):
        return Disk(dict(self.own), dict(self.sealed), dict(self.parts))

    def lose_unsynced(self, chance):
        for digest, part in self.parts.items():
            self.parts[digest] = part[: chance.randrange(len(part) + 1)]


async def _pieces(data):
    yield data


async def _gather(pieces):
    return b"".join([piece async for piece in pieces])


def put(node, content):
    """Puts a file among a node's own, and seals it; returns its digest and key."""
    digest = hashlib.sha256(content).hexdigest()
    node.disk.own[digest] = content
    key = node.world.chance.randbytes(32)
    sealed = run(_gather(encrypt(_pieces(content), key)))
    sealed_digest = hashlib.sha256(sealed).hexdigest()
    node.disk.sealed[sealed_digest] = sealed
    return digest, FileKey(SealedFile(sealed_digest, len(sealed)), key)


def wanted(node, peer, asked, limit):
    """Returns what is awaited of a peer and was not asked for yet."""
    state = node.state
    of_peer = [one for one in state.wanted.values() if one.peer == peer and one.sealed.digest not in state.wanted_aside]
    of_peer.sort(key=lambda one: one.urgency)
    found = []
    for file in of_peer[:limit]:
        if file.sealed.digest in asked:
            continue
        if file.plain_digest and file.plain_digest in node.disk.own and not node.register.is_centre:
            got(node, file, kept=False)
            continue
        have = len(node.disk.parts.get(file.sealed.digest, b""))
        found.append(Wanted(file.sealed.digest, file.sealed.size, file.urgency, have))
    return found


def write(node, digest, offset, data):
    part = node.disk.parts.get(digest, b"")
    node.disk.parts[digest] = part[:offset].ljust(offset, b"\0") + data + part[offset + len(data) :]


def finish(node, digest):
    """Verifies a ciphertext that is whole and opens it; False when its bytes are another's."""
    file = node.state.wanted[digest]
    part = node.disk.parts.pop(digest, None)
    if part is None:
        if digest not in node.disk.sealed:
            return False
        part = node.disk.sealed[digest]
    if hashlib.sha256(part).hexdigest() != digest:
        return False
    node.disk.sealed[digest] = part
    try:
        if file.key:
            node.disk.own[file.plain_digest] = run(_gather(decrypt(_pieces(part), file.key)))
    except RefusedItemError as refused:
        with node.transaction() as work:
            node.state_of(work).wanted_aside[digest] = refused.ground
        return True
    got(node, file, kept=node.register.is_centre)
    return True


def got(node, file, *, kept):
    with node.transaction() as work:
        state = node.state_of(work)
        state.wanted.pop(file.sealed.digest, None)
        if kept:
            state.sealed.setdefault(file.sealed.digest, file.sealed.size)
            work.ring(bells.FILES)
    if not kept:
        node.disk.sealed.pop(file.sealed.digest, None)
