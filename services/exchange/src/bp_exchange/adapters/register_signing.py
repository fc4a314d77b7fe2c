"""Signs the network's register at the centre, as TUF metadata: root, targets, snapshot and timestamp, each with a key of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from bluepacific.exchange.v1 import register_pb2
from bp_exchange.adapters.key_folder import KeyFolder
from bp_verify.trust import TARGET

ROLES = ("root", "targets", "snapshot", "timestamp")
# Only the timestamp tells how fresh a register is; the rest is replaced by newer versions, never by time.
_LONG = timedelta(days=3650)


class RegisterSigner:
    """Makes new versions of the register.

    Args:
        folder: Holds the keys of the roles; made when missing. The root's is used once, to found the network: afterwards it may be
            replaced by keys that are kept elsewhere (root_keys), and its file removed.
    """

    def __init__(self, folder: KeyFolder) -> None:
        self._folder = folder
        self._signers = {role: CryptoSigner(_key(folder, role)) for role in ROLES if role != "root"}

    def found(self, register: register_pb2.Register, now: datetime, fresh: timedelta) -> register_pb2.RegisterBundle:
        """Returns the first register with its proofs."""
        self._signers["root"] = CryptoSigner(_key(self._folder, "root"))
        root = Root(expires=_expires(now, _LONG), consistent_snapshot=False)
        for role in ROLES:
            root.add_key(self._signers[role].public_key, role)
        bundle = register_pb2.RegisterBundle(roots=[self._sign("root", root)])
        return self._publish(bundle, register, 0, now, fresh)

    def publish(
        self,
        known: register_pb2.RegisterBundle,
        register: register_pb2.Register,
        now: datetime,
        fresh: timedelta,
    ) -> register_pb2.RegisterBundle:
        """Returns a newer register with its proofs."""
        version = Metadata[Timestamp].from_bytes(known.timestamp).signed.version
        return self._publish(register_pb2.RegisterBundle(roots=known.roots), register, version, now, fresh)

    def refresh(
        self, known: register_pb2.RegisterBundle, now: datetime, fresh: timedelta
    ) -> register_pb2.RegisterBundle:
        """Returns the same register with a newer timestamp."""
        bundle = register_pb2.RegisterBundle()
        bundle.CopyFrom(known)
        timestamp = Metadata[Timestamp].from_bytes(known.timestamp).signed
        timestamp.version += 1
        timestamp.expires = _expires(now, fresh)
        bundle.timestamp = self._sign("timestamp", timestamp)
        return bundle

    def follow(
        self, known: register_pb2.RegisterBundle, root: bytes, now: datetime, fresh: timedelta
    ) -> register_pb2.RegisterBundle:
        """Returns the same register with a newer root behind its others, and a newer timestamp, so that everybody hears of it."""
        bundle = self.refresh(known, now, fresh)
        bundle.roots.append(root)
        return bundle

    def _publish(
        self,
        bundle: register_pb2.RegisterBundle,
        register: register_pb2.Register,
        last_timestamp: int,
        now: datetime,
        fresh: timedelta,
    ) -> register_pb2.RegisterBundle:
        version = register.version
        bundle.register = register.SerializeToString(deterministic=True)
        target = TargetFile.from_data(TARGET, bundle.register, ["sha256"])
        bundle.targets = self._sign("targets", Targets(version, expires=_expires(now, _LONG), targets={TARGET: target}))
        meta = {"targets.json": MetaFile.from_data(version, bundle.targets, ["sha256"])}
        bundle.snapshot = self._sign("snapshot", Snapshot(version, expires=_expires(now, _LONG), meta=meta))
        stamped = MetaFile.from_data(version, bundle.snapshot, ["sha256"])
        timestamp = Timestamp(last_timestamp + 1, expires=_expires(now, fresh), snapshot_meta=stamped)
        bundle.timestamp = self._sign("timestamp", timestamp)
        return bundle

    def _sign(self, role: str, signed: Any) -> bytes:
        metadata: Metadata[Any] = Metadata(signed)
        metadata.sign(self._signers[role])
        return metadata.to_bytes()


def _key(folder: KeyFolder, role: str) -> Ed25519PrivateKey:
    return folder.ed25519(f"register-{role}")


def _expires(now: datetime, after: timedelta) -> datetime:
    return (now + after).replace(microsecond=0)
