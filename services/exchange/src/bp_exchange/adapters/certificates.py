"""X.509 for the link: the network's authority, a certificate a node, and the door that an invitation opens."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bp_exchange.adapters.key_folder import key_digest

# Clocks lie: a node that is behind must be able to believe a certificate made just now.
_BEFORE = timedelta(days=2)
_AUTHORITY_LIFETIME = timedelta(days=3650)
_DOOR = b"bluepacific/1 door\0"
# The order of P-256 (SEC 2, 2.4.2).
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def host_of(node_id: str) -> str:
    """Returns the name in a node's certificate; it is never looked up."""
    return f"{node_id}.node.bluepacific.internal"


def make_authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    """Returns the network's authority, signed by itself."""
    name = _name("Blue Pacific network")
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = _builder(name, name, key.public_key(), now, _AUTHORITY_LIFETIME)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())


def issue(
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    node_id: str,
    key: ec.EllipticCurvePublicKey,
    *,
    now: datetime,
    lifetime: timedelta,
) -> x509.Certificate:
    """Returns a node's certificate, for both ends of a link."""
    builder = _builder(_name(node_id), authority.subject, key, now, lifetime)
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host_of(node_id))]), critical=False)
    )
    return builder.sign(authority_key, hashes.SHA256())


def issue_renewal(
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    node_id: str,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
) -> x509.Certificate:
    """Returns a certificate with which a node can ask for another one, and nothing else, when its own has expired.

    It is for the same key, so it is worth nothing once the node is revoked or has another key.
    """
    builder = _builder(_name(renewal_name(node_id)), authority.subject, key, now, _AUTHORITY_LIFETIME)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return builder.add_extension(usage, critical=False).sign(authority_key, hashes.SHA256())


def renewal_name(node_id: str) -> str:
    """Returns the name in a renewal certificate; no node can have it."""
    return f"renewal.{node_id}"


def expiry_of(certificate_pem: bytes) -> datetime:
    """Returns until when a certificate holds."""
    return x509.load_pem_x509_certificate(certificate_pem).not_valid_after_utc


def is_due(certificate_pem: bytes, now: datetime) -> bool:
    """Tells whether two thirds of a certificate's time are over."""
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return now > begins + (ends - begins) * 2 / 3


def door_key(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """Returns the key that an invitation's secret stands for."""
    number = int.from_bytes(hashlib.sha512(_DOOR + secret).digest()) % (_P256_ORDER - 1) + 1
    return ec.derive_private_key(number, ec.SECP256R1())


def make_door(key: ec.EllipticCurvePrivateKey, now: datetime, lifetime: timedelta) -> x509.Certificate:
    """Returns what the listener believes while the invitation is open: an authority over nothing but its own key's certificates."""
    name = _name(f"door {key_digest(key.public_key()).hex()[:16]}")
    builder = _builder(name, name, key.public_key(), now, lifetime)
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(
        key, hashes.SHA256()
    )


def knock(key: ec.EllipticCurvePrivateKey, now: datetime, lifetime: timedelta) -> x509.Certificate:
    """Returns the certificate with which whoever holds the secret comes to the door."""
    door = make_door(key, now, lifetime)
    builder = _builder(_name("guest"), door.subject, key.public_key(), now, lifetime)
    return builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True).sign(
        key, hashes.SHA256()
    )


def make_request(key: ec.EllipticCurvePrivateKey, node_id: str) -> bytes:
    """Returns a certificate signing request, DER."""
    request = x509.CertificateSigningRequestBuilder().subject_name(_name(node_id)).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.DER)


def requested_key(request: bytes) -> ec.EllipticCurvePublicKey:
    """Returns the key of a signing request that is signed by it.

    Raises:
        ValueError: It is not one, or not for a P-256 key.
    """
    parsed = x509.load_der_x509_csr(request)
    try:
        key, is_signed = parsed.public_key(), parsed.is_signature_valid
    except (UnsupportedAlgorithm, InvalidSignature) as error:
        raise ValueError("not a signing request") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1) or not is_signed:
        raise ValueError("not for a P-256 key, or not signed by it")
    return key


def pem(certificate: x509.Certificate) -> bytes:
    """Returns a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def der(certificate: x509.Certificate) -> bytes:
    """Returns a certificate as DER."""
    return certificate.public_bytes(serialization.Encoding.DER)


def peer_key_digest(certificate_pem: bytes) -> bytes:
    """Returns what the register says of a certificate's key; empty for a key of another kind."""
    key = x509.load_pem_x509_certificate(certificate_pem).public_key()
    return key_digest(key) if isinstance(key, ec.EllipticCurvePublicKey) else b""


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + lifetime)
    )
