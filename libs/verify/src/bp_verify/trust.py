"""Believes a register only with its proofs: The Update Framework's client workflow (theupdateframework.io, specification 5.3 to 5.6).

The root is known from enrolment, over TLS that the invitation pinned; newer roots are believed when the one before signed them. Nothing
ever goes back to an older version. A timestamp that has expired makes the register stale and nothing else: traffic goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from google.protobuf.message import DecodeError
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from bluepacific.exchange.v1 import register_pb2

TARGET = "register.binpb"


class RegisterNotTrustedError(Exception):
    """A register that proves nothing, or an older one than is known."""


@dataclass(frozen=True)
class Trusted:
    """A register that was verified.

    Attributes:
        bundle: With all its proofs.
        register: The list.
        root: The newest root.
        timestamp_version: Of its timestamp.
        expires: When it turns stale.
    """

    bundle: register_pb2.RegisterBundle
    register: register_pb2.Register
    root: Root
    timestamp_version: int
    expires: datetime

    @property
    def version(self) -> int:
        """The register's version."""
        return self.register.version


def trust(bundle: register_pb2.RegisterBundle, known: Trusted | None) -> Trusted:
    """Verifies a register.

    Args:
        bundle: As it came; what equals what is known may be left out of it.
        known: What is trusted so far; None for the first, whose first root is believed.

    Raises:
        RegisterNotTrustedError: It is not signed as it must be, is incomplete, or older than what is known.
    """
    whole = register_pb2.RegisterBundle()
    if known:
        whole.CopyFrom(known.bundle)
    for field in ("timestamp", "snapshot", "targets", "register"):
        if getattr(bundle, field):
            setattr(whole, field, getattr(bundle, field))
    try:
        root = _follow(list(bundle.roots), whole, known)
        return _verified(whole, root, known)
    except (RepositoryError, DecodeError, KeyError, ValueError) as error:
        raise RegisterNotTrustedError(type(error).__name__) from error


def _follow(roots: list[bytes], whole: register_pb2.RegisterBundle, known: Trusted | None) -> Root:
    if known:
        root = known.root
    else:
        if not roots:
            raise ValueError("there is no root")
        whole.roots.append(roots.pop(0))
        first = Metadata[Root].from_bytes(whole.roots[0])
        root = first.signed
        root.verify_delegate("root", first.signed_bytes, first.signatures)
    for raw in roots:
        newer = Metadata[Root].from_bytes(raw)
        if newer.signed.version <= root.version:
            continue
        if newer.signed.version != root.version + 1:
            raise ValueError("a root is missing")
        root.verify_delegate("root", newer.signed_bytes, newer.signatures)
        newer.signed.verify_delegate("root", newer.signed_bytes, newer.signatures)
        root = newer.signed
        whole.roots.append(raw)
    return root


def _verified(whole: register_pb2.RegisterBundle, root: Root, known: Trusted | None) -> Trusted:
    timestamp = Metadata[Timestamp].from_bytes(whole.timestamp)
    root.verify_delegate("timestamp", timestamp.signed_bytes, timestamp.signatures)
    wanted = timestamp.signed.snapshot_meta
    wanted.verify_length_and_hashes(whole.snapshot)
    snapshot = Metadata[Snapshot].from_bytes(whole.snapshot)
    root.verify_delegate("snapshot", snapshot.signed_bytes, snapshot.signatures)
    meta = snapshot.signed.meta["targets.json"]
    meta.verify_length_and_hashes(whole.targets)
    targets = Metadata[Targets].from_bytes(whole.targets)
    root.verify_delegate("targets", targets.signed_bytes, targets.signatures)
    targets.signed.targets[TARGET].verify_length_and_hashes(whole.register)
    register = register_pb2.Register.FromString(whole.register)
    versions = (wanted.version, snapshot.signed.version, meta.version, targets.signed.version, register.version)
    if len(set(versions)) != 1:
        raise ValueError("the versions differ")
    if known and (register.version < known.version or timestamp.signed.version < known.timestamp_version):
        raise ValueError("older than what is known")
    return Trusted(whole, register, root, timestamp.signed.version, timestamp.signed.expires.astimezone(UTC))
