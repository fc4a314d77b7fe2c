"""The network's authority, at the centre: issues certificates and signs the register."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from bluepacific.exchange.v1 import register_pb2
from bp_exchange.adapters.certificates import (
    is_due,
    issue,
    issue_renewal,
    make_authority,
    pem,
    requested_key,
)
from bp_exchange.adapters.key_folder import AUTHORITY, CERTIFICATE, REGISTER, KeyFolder, key_digest
from bp_exchange.adapters.register_signing import RegisterSigner
from bp_exchange.settings import ExchangeSettings
from bp_kit.ports import Clock
from bp_verify.trust import RegisterNotTrustedError, Trusted, trust


class Authority:
    """Decides nothing; makes what was decided.

    Args:
        folder: The centre's keys.
        settings: How long things hold.
        clock: The time now.
    """

    def __init__(self, folder: KeyFolder, settings: ExchangeSettings, clock: Clock) -> None:
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._signer = RegisterSigner(folder)
        self._key = folder.p256("authority-key")

    def found(self) -> None:
        """Founds the network, with this node as its centre, unless it is founded. Done before the exchange runs."""
        if self._folder.read(REGISTER):
            return
        now, settings = self._clock(), self._settings
        self._folder.write(AUTHORITY, pem(make_authority(self._key, now)))
        own = self._folder.node(settings.countries, centre=True)
        tls = self._folder.tls().public_key()
        certificate = issue(
            self.certificate, self._key, settings.node_id, tls, now=now, lifetime=settings.certificate_lifetime
        )
        self._folder.write(CERTIFICATE, pem(certificate))
        register = register_pb2.Register(version=1, nodes=[own])
        bundle = self._signer.found(register, now, settings.register_fresh)
        # Last: where it is, the network is founded.
        self._folder.write(REGISTER, bundle.SerializeToString())

    @property
    def certificate(self) -> x509.Certificate:
        """The authority's own certificate."""
        return x509.load_pem_x509_certificate(self._folder.read(AUTHORITY))

    def certify(self, node_id: str, request: bytes) -> tuple[bytes, bytes, bytes]:
        """Returns a node's certificate and its renewal certificate (PEM), and the digest of its key.

        Raises:
            ValueError: The signing request is not one.
        """
        key, now = requested_key(request), self._clock()
        lifetime = self._settings.certificate_lifetime
        certificate = issue(self.certificate, self._key, node_id, key, now=now, lifetime=lifetime)
        renewal = issue_renewal(self.certificate, self._key, node_id, key, now)
        return pem(certificate), pem(renewal), key_digest(key)

    def renewal_of(self, node_id: str, certificate: bytes) -> bytes:
        """Returns a renewal certificate (PEM) for the key of a node's certificate."""
        key = x509.load_pem_x509_certificate(certificate).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        return pem(issue_renewal(self.certificate, self._key, node_id, key, self._clock()))

    @property
    def certificate_pem(self) -> bytes:
        """The authority's own certificate, PEM; made anew with the same key once two thirds of its time are over."""
        held, now = self._folder.read(AUTHORITY), self._clock()
        if is_due(held, now):
            held = pem(make_authority(self._key, now))
            self._folder.write(AUTHORITY, held)
        return held

    def publish(self, known: Trusted, register: register_pb2.Register) -> Trusted:
        """Returns a newer register with its proofs."""
        bundle = self._signer.publish(known.bundle, register, self._clock(), self._settings.register_fresh)
        return trust(bundle, known)

    def follow(self, known: Trusted, root: bytes) -> Trusted:
        """Returns the same register under a newer root.

        Raises:
            RegisterNotTrustedError: Too few have signed the root, or it does not follow the newest one.
        """
        bundle = self._signer.follow(known.bundle, root, self._clock(), self._settings.register_fresh)
        trusted = trust(bundle, known)
        if trusted.root.version != known.root.version + 1:
            raise RegisterNotTrustedError("not the next root")
        return trusted

    def refresh(self, known: Trusted) -> Trusted:
        """Returns the same register with a newer timestamp."""
        return trust(self._signer.refresh(known.bundle, self._clock(), self._settings.register_fresh), known)
